#pragma once
/// The lists without what is wrong in them, and a prepared folder of them.

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/file.hpp"
#include "../data/csv.hpp"
#include "../data/dataset.hpp"
#include "../data/prepared_folder.hpp"
#include "case_file.hpp"
#include "diagnosis.hpp"

namespace rcar::doctor {

/// A clip that the fixed lists leave out, and why.
struct DroppedClip {
  Clip clip;
  std::string reason;
};

/// The lists without what is wrong.
struct FixedList {
  CaseFile file;  // of the clips that stay
  std::vector<DroppedClip> dropped;
};

namespace detail {

/// Says why each clip goes; an empty reason: it stays.
class Triage {
 public:
  explicit Triage(const CaseFile& file) : file_(file), reasons_(file.clips.size()) {}

  std::vector<std::string> reasons() {
    for (std::size_t i = 0; i < file_.clips.size(); ++i)
      if (!file_.facts[i].readable()) reasons_[i] = "cannot be read: " + file_.facts[i].fault;
    for (const auto& set : file_.like.duplicates)
      if (harm_of(file_, set) == Harm::labels)
        for (const std::size_t clip : set)
          drop(clip, "has the frames of a clip of another class: " + others(set, clip));
    keep_one_of_each();
    for (const auto& [tag, clips] : by_class()) separate(clips);
    for (const auto& [tag, clips] : by_class()) drop_unknown(clips);
    return reasons_;
  }

 private:
  bool stays(std::size_t clip) const { return reasons_[clip].empty(); }
  void drop(std::size_t clip, const std::string& reason) {
    if (stays(clip)) reasons_[clip] = reason;
  }
  std::string others(const std::vector<std::size_t>& set, std::size_t clip) const {
    std::vector<std::string> names;
    for (const std::size_t each : set)
      if (each != clip) names.push_back(file_.clips[each].label());
    std::sort(names.begin(), names.end());
    return name_list(names, 3);
  }
  std::map<std::string, std::vector<std::size_t>> by_class() const {
    std::map<std::string, std::vector<std::size_t>> classes;
    for (std::size_t i = 0; i < file_.clips.size(); ++i)
      if (stays(i)) classes[file_.clips[i].tag].push_back(i);
    return classes;
  }

  /// Of copies in one list one stays: the first by name of those whose names tell a group, else of all.
  void keep_one_of_each() {
    for (const auto& set : file_.like.duplicates)
      for (const bool in_test : {false, true}) {
        std::vector<std::size_t> here;
        for (const std::size_t clip : set)
          if (file_.clips[clip].in_test == in_test && stays(clip)) here.push_back(clip);
        std::sort(here.begin(), here.end(), [&](std::size_t a, std::size_t b) {
          const Clip &x = file_.clips[a], &y = file_.clips[b];
          return std::pair(x.group.empty(), x.name) < std::pair(y.group.empty(), y.name);
        });
        for (std::size_t i = 1; i < here.size(); ++i)
          drop(here[i], "has the frames of " + file_.clips[here[0]].label());
      }
  }

  /// What the training clips of one class share with its test clips goes from training; where training would then have
  /// none left, it goes from the test.
  void separate(const std::vector<std::size_t>& clips) {
    std::map<std::string, std::vector<std::size_t>> sharing;  // by what is shared
    for (const std::size_t clip : clips)
      if (!file_.clips[clip].group.empty()) sharing["group " + file_.clips[clip].group].push_back(clip);
    const std::set<std::size_t> of_class(clips.begin(), clips.end());
    for (std::size_t set = 0; set < file_.like.duplicates.size(); ++set)
      for (const std::size_t clip : file_.like.duplicates[set])
        if (of_class.contains(clip)) sharing["frames " + std::to_string(set)].push_back(clip);

    std::map<std::size_t, std::string> train, test;  // clips that share something, and what
    for (const auto& [what, members] : sharing) {
      const auto in_test = [&](std::size_t clip) { return file_.clips[clip].in_test; };
      const auto a_test = std::find_if(members.begin(), members.end(), in_test);
      const auto a_train = std::find_if_not(members.begin(), members.end(), in_test);
      if (a_test == members.end() || a_train == members.end()) continue;
      const bool group = what.starts_with("group ");
      for (const std::size_t clip : members) {
        const std::size_t other = in_test(clip) ? *a_train : *a_test;
        (in_test(clip) ? test : train)
            .emplace(clip, (group ? "is of the " + what + ", as " : "has the frames of ") + file_.clips[other].label());
      }
    }
    const auto trained = static_cast<std::size_t>(
        std::count_if(clips.begin(), clips.end(), [&](std::size_t clip) { return !file_.clips[clip].in_test; }));
    for (const auto& [clip, reason] : train.size() < trained ? train : test) drop(clip, reason);
  }

  /// Test clips of a class without training clips.
  void drop_unknown(const std::vector<std::size_t>& clips) {
    for (const std::size_t clip : clips)
      if (!file_.clips[clip].in_test) return;
    for (const std::size_t clip : clips) drop(clip, "is of a class that no training clip is left of");
  }

  const CaseFile& file_;
  std::vector<std::string> reasons_;
};

}  // namespace detail

/// Leaves out what is wrong, by these rules, in this order:
/// 1. Clips that cannot be read go.
/// 2. Clips of the same frames and different classes all go.
/// 3. Of clips of the same frames in one list one stays: the first by name of those whose names tell a group, else of
///    all.
/// 4. Where training and test clips of a class share a group or frames, the training clips go; if no training clip of
///    the class were left, the test clips go instead.
/// 5. Test clips of a class without a training clip go.
/// The order of the list changes nothing, and the clips that stay keep theirs. Look-alikes stay: whether they are of
/// one recording is for people to say.
///
/// Throws DataError where an error remains that leaving clips out does not mend.
inline FixedList fixed_list(const CaseFile& file) {
  const std::vector<std::string> reasons = detail::Triage(file).reasons();
  FixedList fixed;
  TrainTest data{{file.data.train.directory, {}}, {file.data.test.directory, {}}, file.data.warnings};
  std::vector<ClipFacts> facts;
  std::vector<std::size_t> place(file.clips.size(), file.clips.size());
  for (std::size_t i = 0; i < file.clips.size(); ++i) {
    const Clip& clip = file.clips[i];
    if (!reasons[i].empty()) {
      fixed.dropped.push_back({clip, reasons[i]});
      continue;
    }
    place[i] = facts.size();
    facts.push_back(file.facts[i]);
    (clip.in_test ? data.test : data.train).entries.push_back({clip.name, clip.tag});
  }
  LikeClips like;
  const auto left = [&](const std::vector<std::vector<std::size_t>>& from, std::vector<std::vector<std::size_t>>& to) {
    for (const auto& set : from) {
      std::vector<std::size_t> kept;
      for (const std::size_t clip : set)
        if (place[clip] < file.clips.size()) kept.push_back(place[clip]);
      if (kept.size() > 1) to.push_back(std::move(kept));
    }
  };
  left(file.like.duplicates, like.duplicates);
  left(file.like.look_alikes, like.look_alikes);
  fixed.file = open_case(std::move(data), std::move(facts), std::move(like), file.plan);
  for (const Finding& finding : findings(fixed.file))
    if (finding.severity == Severity::error)
      throw DataError("Leaving clips out does not mend the data: " + finding.what + " " + finding.advice);
  return fixed;
}

/// Makes a prepared folder of the fixed lists: train.csv and test.csv, links to the clips in train/ and test/ under
/// their names, and dropped.csv with what was left out and why. It is made aside and renamed: whole, or not there.
///
/// Throws UsageError when `out` exists and holds something: nothing is ever replaced; FileError when writing fails.
inline void write_fixed_folder(const FixedList& fixed, const std::filesystem::path& out) {
  namespace fs = std::filesystem;
  std::error_code failure;
  if (fs::exists(fs::symlink_status(out, failure)) && !(fs::is_directory(out, failure) && fs::is_empty(out, failure)))
    throw UsageError("There is something at " + quoted(out.string()) +
                     " already; give a new folder for the fixed lists.");
  fs::path whole = fs::absolute(out).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();  // a slash at the end
  rcar::detail::Undo undo;
  rcar::detail::make_folders(whole.parent_path(), undo);
  std::string aside = whole.string() + ".XXXXXX";
  if (!::mkdtemp(aside.data())) rcar::detail::fail_to_place(whole, std::strerror(errno));
  undo.made(aside);
  fs::permissions(aside, fs::perms(0755), failure);

  for (const bool test : {false, true}) {
    const Dataset& side = test ? fixed.file.data.test : fixed.file.data.train;
    const fs::path folder = fs::path(aside) / (test ? "test" : "train"), root = fs::canonical(side.directory);
    rcar::detail::make_folders(folder, undo);
    std::string list = "video_name,tag\n";
    for (const ClipEntry& entry : side.entries) {
      const fs::path target = folder / fs::path(entry.video_name).lexically_normal();
      rcar::detail::make_folders(target.parent_path(), undo);
      rcar::detail::place_clip(root / entry.video_name, target, Placement::link, undo);
      list += csv_line(std::array{entry.video_name, entry.tag});
    }
    const fs::path csv = fs::path(aside) / (test ? "test.csv" : "train.csv");
    undo.made(csv);
    write_file(csv, list);
  }
  std::string dropped = "list,video_name,tag,reason\n";
  for (const DroppedClip& each : fixed.dropped)
    dropped += csv_line(
        std::array{std::string(each.clip.in_test ? "test" : "train"), each.clip.name, each.clip.tag, each.reason});
  undo.made(fs::path(aside) / "dropped.csv");
  write_file(fs::path(aside) / "dropped.csv", dropped);
  fs::rename(aside, whole, failure);
  if (failure) rcar::detail::fail_to_place(whole, failure.message());
  undo.keep();
}

}  // namespace rcar::doctor
