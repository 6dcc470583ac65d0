#pragma once
/// UCF101's official lists, `trainlist01.txt` and `testlist01.txt`: lines of `<Class>/<file>`, after it the class's
/// number in the training lists.

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/file.hpp"
#include "csv.hpp"
#include "dataset.hpp"
#include "name_list.hpp"

namespace rcar {

/// One of the official splits, in the order of its files; video_name is `<Class>/<file>`.
struct UcfLists {
  std::vector<ClipEntry> train, test;
};

namespace detail {

/// Adds the clips of one list file, `path`, that holds `text`; `seen` says where each clip was listed before.
inline void parse_ucf_list(std::string_view text, const std::filesystem::path& path, std::vector<ClipEntry>& entries,
                           std::unordered_map<std::string, std::string>& seen) {
  std::string_view rest = text;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
    if (line.empty()) continue;
    const auto fail = [&](const std::string& what) { throw DataError(file_line(path.string(), number) + " " + what); };

    const std::size_t blank = line.find_first_of(" \t");
    const std::string name(line.substr(0, blank));
    const std::size_t slash = name.find('/');
    const bool numbered =
        blank == std::string_view::npos ||
        line.find_first_not_of("0123456789", line.find_first_not_of(" \t", blank)) == std::string_view::npos;
    if (slash == 0 || slash == std::string::npos || name.find('/', slash + 1) != std::string::npos ||
        slash + 1 == name.size() || !numbered)
      fail("is " + quoted(std::string(line)) + ", not `<Class>/<file>` with or without a number after it.");
    if (const std::string fault = name_fault(name); !fault.empty()) fail(fault);
    const auto [earlier, is_new] = seen.emplace(name, file_line(path.string(), number));
    if (!is_new) fail("lists the clip " + quoted(name) + " again, after " + earlier->second + ".");
    entries.push_back({name, name.substr(0, slash)});
  }
  if (entries.empty()) throw DataError(quoted(path.string()) + " lists no clip; give UCF101's own list files.");
}

}  // namespace detail

/// Reads `trainlist0<split>.txt` and `testlist0<split>.txt`; UCF101 has the splits 1, 2 and 3.
/// Throws DataError with file and line for what is no such list or a clip that stands twice, in one list or in both;
/// UsageError when the files are not there.
inline UcfLists read_ucf_lists(const std::filesystem::path& lists_directory, int split) {
  UcfLists lists;
  std::unordered_map<std::string, std::string> seen;
  for (const bool train : {true, false}) {
    char name[32];
    std::snprintf(name, sizeof name, "%slist%02d.txt", train ? "train" : "test", split);
    const auto path = lists_directory / name;
    std::error_code ignored;
    if (split < 1 || split > 99 || !std::filesystem::exists(path, ignored))
      throw UsageError("There is no " + quoted(path.string()) +
                       "; give the folder of UCF101's lists and a split that it has (1, 2 or 3).");
    detail::parse_ucf_list(MappedFile(path).text(), path, train ? lists.train : lists.test, seen);
  }
  return lists;
}

/// The `count` classes with the most clips, most first; of equal counts the alphabetically later name comes first, as
/// the Keras pipeline ranked them. Throws UsageError when there are not that many classes.
inline std::vector<std::string> top_classes(std::span<const ClipEntry> entries, std::size_t count) {
  std::map<std::string, std::size_t> clips_of;
  for (const ClipEntry& entry : entries) ++clips_of[entry.tag];
  if (count < 1 || count > clips_of.size())
    throw UsageError("The lists have " + counted(clips_of.size(), "class", "classes") + ", so the top " +
                     std::to_string(count) + " cannot be taken; ask for 1 to " + std::to_string(clips_of.size()) + ".");
  std::vector<std::pair<std::size_t, std::string>> ranked;
  ranked.reserve(clips_of.size());
  for (const auto& [name, clips] : clips_of) ranked.emplace_back(clips, name);
  std::sort(ranked.rbegin(), ranked.rend());
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(std::move(ranked[i].second));
  return names;
}

/// Keeps the clips of the given classes, in the order of the lists. Throws UsageError, naming them, for classes that
/// the training list lacks.
inline UcfLists select_classes(const UcfLists& lists, std::span<const std::string> classes) {
  std::set<std::string> known, wanted(classes.begin(), classes.end());
  for (const ClipEntry& entry : lists.train) known.insert(entry.tag);
  std::vector<std::string> missing;
  std::set_difference(wanted.begin(), wanted.end(), known.begin(), known.end(), std::back_inserter(missing));
  if (!missing.empty())
    throw UsageError("The lists have no class " + name_list(missing) + "; their " +
                     counted(known.size(), "class is ", "classes are ") +
                     name_list(std::vector<std::string>(known.begin(), known.end())) + ".");
  const auto keep = [&](const std::vector<ClipEntry>& entries) {
    std::vector<ClipEntry> kept;
    for (const ClipEntry& entry : entries)
      if (wanted.contains(entry.tag)) kept.push_back(entry);
    return kept;
  };
  return {keep(lists.train), keep(lists.test)};
}

/// The training and test clips of a UCF101 tree `root/<Class>/<file>` by one official split; the classes are the
/// folders there, which must be classes of the lists. The tree may hold a part of UCF101: listed clips that it lacks
/// are left out, with a warning. Throws as read_ucf_lists and select_classes; DataError when `root` is no folder, or
/// holds no class or no listed clip.
inline TrainTest read_ucf_tree(const std::filesystem::path& root, const std::filesystem::path& lists_directory,
                               int split) {
  const std::vector<std::string> classes = folders_in(root);
  if (classes.empty())
    throw DataError("Folder " + quoted(root.string()) + " has no class folders; give the root of the UCF101 clips.");
  UcfLists lists = select_classes(read_ucf_lists(lists_directory, split), classes);
  const std::size_t listed = lists.train.size() + lists.test.size();
  TrainTest data{{root, std::move(lists.train)}, {root, std::move(lists.test)}, {}};
  const std::size_t missing = remove_missing(data.train).size() + remove_missing(data.test).size();
  if (missing == listed)
    throw DataError("None of the clips that the lists name for " + name_list(classes) + " is in " +
                    quoted(root.string()) + "; give the root of the UCF101 clips.");
  if (missing > 0)
    data.warnings.push_back(std::to_string(missing) + " of the " + std::to_string(listed) +
                            " clips that the lists name for these classes are not in " + quoted(root.string()) +
                            " and are left out.");
  return data;
}

}  // namespace rcar
