#pragma once
/// Lists of labelled clips: from a CSV or from a tree with one folder a class.

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "csv.hpp"

namespace rcar {

/// One clip and its class.
struct ClipEntry {
  std::string video_name;  // path below the data set's directory, with '/'
  std::string tag;
};

/// A list of clips and the directory that holds them. Whether the files are there shows when they are decoded.
struct Dataset {
  std::filesystem::path directory;
  std::vector<ClipEntry> entries;

  std::size_t size() const { return entries.size(); }
  std::filesystem::path path(std::size_t entry) const { return directory / entries[entry].video_name; }
  std::vector<std::string> tags() const {
    std::vector<std::string> out;
    out.reserve(entries.size());
    for (const ClipEntry& entry : entries) out.push_back(entry.tag);
    return out;
  }
};

/// Two lists that share no clip.
struct TrainTest {
  Dataset train, test;
  std::vector<std::string> warnings;  // what a user should know about how they were divided
};

namespace detail {

inline bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

/// Says what is wrong with a clip's name as a path below the directory; empty when nothing is.
inline std::string name_fault(const std::string& name) {
  if (is_blank(name)) return "has a blank video_name; name the clip's file.";
  if (has_control_character(name))  // names are printed as they are
    return "has the video_name " + quoted(name) + " with a control character; rename the clip's file.";
  const std::filesystem::path path(name);
  if (path.is_absolute())
    return "has the absolute video_name " + quoted(name) + "; give it relative to the folder of the clips.";
  if (std::find(path.begin(), path.end(), "..") != path.end())
    return "has the video_name " + quoted(name) + ", which leaves the folder of the clips; leave out the '..'.";
  return {};
}

inline void require_folder(const std::filesystem::path& directory, const std::string& what) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(directory, ignored))
    throw DataError("There is no folder " + quoted(directory.string()) + " " + what + ".");
}

/// The clips of a table with the columns `video_name` and `tag`. Throws DataError with file and line.
inline std::vector<ClipEntry> listed_clips(const CsvTable& table) {
  const std::size_t name_column = table.column("video_name"), tag_column = table.column("tag");
  std::vector<ClipEntry> entries;
  std::unordered_map<std::string, std::size_t> lines;  // of the clips seen so far
  for (const CsvRow& row : table.rows) {
    const std::string &name = row.fields[name_column], &tag = row.fields[tag_column];
    const auto fail = [&](const std::string& what) { throw DataError(file_line(table.file, row.line) + " " + what); };
    if (const std::string fault = name_fault(name); !fault.empty()) fail(fault);
    if (is_blank(tag)) fail("has a blank tag; name the class of " + quoted(name) + ".");
    if (is_blank(tag.substr(0, 1)) || is_blank(tag.substr(tag.size() - 1)))
      fail("has blanks around the tag " + quoted(tag) + ", which would make it another class; remove them.");
    if (has_control_character(tag)) fail("has the tag " + quoted(tag) + " with a control character; rename it.");
    const auto [earlier, is_new] = lines.emplace(std::filesystem::path(name).lexically_normal().string(), row.line);
    if (!is_new)
      fail("lists the clip " + quoted(name) + " again, after line " + std::to_string(earlier->second) +
           "; remove one of the two rows.");
    entries.push_back({name, tag});
  }
  if (entries.empty()) throw DataError(quoted(table.file) + " lists no clip; add a line `video_name,tag` for each.");
  return entries;
}

}  // namespace detail

/// Reads a list with the columns `video_name,tag` (others are passed over) of clips below `directory`.
///
/// Throws DataError with file and line: a missing column, a blank name or tag, blanks around a tag, a clip that stands
/// twice, a name that is absolute or leaves the directory; and when the list is empty or the directory missing.
inline Dataset read_dataset(const std::filesystem::path& csv, const std::filesystem::path& directory) {
  Dataset data{directory, detail::listed_clips(read_csv(csv))};
  detail::require_folder(directory, "for the clips that " + quoted(csv.string()) + " lists");
  return data;
}

/// Takes the clips whose files are not there out of a list and returns their names.
inline std::vector<std::string> remove_missing(Dataset& data) {
  std::vector<ClipEntry> there;
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < data.size(); ++i) {
    std::error_code ignored;
    if (std::filesystem::is_regular_file(data.path(i), ignored))
      there.push_back(data.entries[i]);
    else
      missing.push_back(data.entries[i].video_name);
  }
  data.entries = std::move(there);
  return missing;
}

/// Whether a file's name says that it is a video.
inline bool has_video_extension(const std::filesystem::path& file) {
  constexpr std::array<std::string_view, 18> known{".3gp", ".asf", ".avi", ".flv", ".gif",  ".m2ts",
                                                   ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg",
                                                   ".mts", ".ogv", ".ts",  ".vob", ".webm", ".wmv"};
  std::string extension = file.extension().string();
  for (char& c : extension)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return std::find(known.begin(), known.end(), extension) != known.end();
}

/// The folders in a directory, by byte order; hidden ones are passed over. Throws DataError when there is no such
/// directory.
inline std::vector<std::string> folders_in(const std::filesystem::path& directory) {
  detail::require_folder(directory, "with a folder for each class");
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    std::error_code ignored;
    const std::string name = entry.path().filename().string();
    if (name.front() != '.' && entry.is_directory(ignored)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// Reads a tree with one folder a class: every video file in or below `directory/<Class>/`, whose video_name is
/// `<Class>/<file>`, in byte order. Hidden files and files without a video's extension are passed over.
/// Throws DataError when there is no such directory, no class in it, or a class without a video.
inline Dataset read_class_folders(const std::filesystem::path& directory) {
  namespace fs = std::filesystem;
  Dataset data{directory, {}};
  for (const std::string& tag : folders_in(directory)) {
    std::vector<std::string> names;
    for (auto file = fs::recursive_directory_iterator(directory / tag); file != fs::recursive_directory_iterator();
         ++file) {
      std::error_code ignored;
      if (file->path().filename().string().front() == '.')
        file.disable_recursion_pending();
      else if (!file->is_directory(ignored) && has_video_extension(file->path()))
        names.push_back(file->path().lexically_relative(directory).generic_string());
    }
    if (names.empty())
      throw DataError("Class folder " + quoted((directory / tag).string()) +
                      " holds no video file; add clips or remove the folder.");
    std::sort(names.begin(), names.end());
    for (std::string& name : names) data.entries.push_back({std::move(name), tag});
  }
  if (data.entries.empty())
    throw DataError("Folder " + quoted(directory.string()) +
                    " has no class folders; put the clips of each class into a folder of its name.");
  return data;
}

}  // namespace rcar
