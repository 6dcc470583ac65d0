#pragma once
/// All that is known of a data set before anything is said about it: facts of clips, what they share, where each goes.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../data/dataset.hpp"
#include "../data/split.hpp"
#include "../data/string_lookup.hpp"
#include "../data/ucf_group.hpp"
#include "examine.hpp"
#include "likeness.hpp"

namespace rcar::doctor {

/// How the clips will be trained on; the defaults are those of training.
struct Plan {
  Validation validation = Validation::stratified;
  double validation_split = 0.3;
  std::uint64_t seed = 1;
  std::size_t sequence_length = 20;  // frames
  std::size_t smallest_class = 10;   // readable training clips; fewer are warned of
};

/// Where a clip ends up.
enum class Part { train, validation, test, unreadable };

/// "train", "validation", ..., as messages say it.
constexpr std::string_view to_string(Part part) {
  return part == Part::train        ? "train"
         : part == Part::validation ? "validation"
         : part == Part::test       ? "test"
                                    : "unreadable";
}

/// A clip of the lists, and what was found out about it.
struct Clip {
  std::string name, tag;
  std::string group;     // `Punch g03`; empty where the name tells none
  bool in_test = false;  // of the test list
  Part part = Part::train;

  /// `Punch/v_Punch_g03_c01.avi (train)`: where it ends up, of an unreadable clip which list names it.
  std::string label() const {
    const Part shown = in_test ? Part::test : part == Part::unreadable ? Part::train : part;
    return name + " (" + std::string(to_string(shown)) + ")";
  }
};

/// Clips of one class: as listed, and where they go.
struct ClassCounts {
  std::string name;
  std::size_t listed_train = 0, listed_test = 0;
  std::size_t unreadable = 0;
  std::size_t train = 0, validation = 0, test = 0;  // of those that can be read
  std::size_t groups = 0;
};

/// All that the findings are drawn from.
struct CaseFile {
  Plan plan;
  TrainTest data;
  std::vector<Clip> clips;       // of the training list, then of the test list
  std::vector<ClipFacts> facts;  // of each
  LikeClips like;
  std::vector<std::string> split_warnings;  // of the division into training and validation
  std::string split_fault;                  // why there can be none
  std::vector<ClassCounts> classes;         // by name
};

namespace detail {

inline void divide(CaseFile& file) {
  std::vector<std::string> tags, names;
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < file.data.train.size(); ++i)
    if (file.facts[i].readable()) {
      rows.push_back(i);
      tags.push_back(file.clips[i].tag);
      names.push_back(file.clips[i].name);
    }
  if (rows.empty()) return;
  const auto labels = StringLookup::from_tags(tags);
  std::vector<int> indices;
  for (const std::string& tag : tags) indices.push_back(labels(tag));
  try {
    Split split = split_validation(indices, names, labels.vocabulary(), file.plan.validation,
                                   file.plan.validation_split, file.plan.seed);
    file.split_warnings = std::move(split.warnings);
    for (const std::size_t row : split.validation) file.clips[rows[row]].part = Part::validation;
  } catch (const DataError& error) {
    file.split_fault = error.what();
  }
}

inline void count_classes(CaseFile& file) {
  std::map<std::string, ClassCounts> classes;
  std::map<std::string, std::set<std::string>> groups;
  for (const Clip& clip : file.clips) {
    ClassCounts& counts = classes[clip.tag];
    ++(clip.in_test ? counts.listed_test : counts.listed_train);
    if (!clip.group.empty()) groups[clip.tag].insert(clip.group);
    if (clip.part == Part::unreadable) ++counts.unreadable;
    if (clip.part == Part::train) ++counts.train;
    if (clip.part == Part::validation) ++counts.validation;
    if (clip.part == Part::test) ++counts.test;
  }
  for (auto& [name, counts] : classes) {
    counts.name = name;
    counts.groups = groups[name].size();
    file.classes.push_back(counts);
  }
}

/// Tells of each clip which list it is of, its class and its group.
inline std::vector<Clip> clips_of(const TrainTest& data) {
  std::vector<Clip> clips;
  for (const Dataset* side : {&data.train, &data.test})
    for (const ClipEntry& entry : side->entries) {
      const std::string group = ucf_group(entry.video_name);
      const bool in_test = side == &data.test;
      clips.push_back({entry.video_name, entry.tag, group.empty() ? "" : entry.tag + " " + group, in_test,
                       in_test ? Part::test : Part::train});
    }
  return clips;
}

}  // namespace detail

/// Puts together what is known: facts and likeness of the clips of both lists, those of the training list first. The
/// training clips that can be read are divided as training divides them.
/// Throws UsageError for a plan that training would refuse.
inline CaseFile open_case(TrainTest data, std::vector<ClipFacts> facts, LikeClips like, const Plan& plan) {
  if (facts.size() != data.train.size() + data.test.size())
    throw UsageError("There are facts of " + std::to_string(facts.size()) + " clips, not of every clip of the lists.");
  if (plan.sequence_length == 0) throw UsageError("The sequence length is 0; a clip needs at least one frame.");
  CaseFile file;
  file.plan = plan;
  file.clips = detail::clips_of(data);
  file.data = std::move(data);
  file.facts = std::move(facts);
  file.like = std::move(like);
  for (std::size_t i = 0; i < file.clips.size(); ++i)
    if (!file.facts[i].readable()) file.clips[i].part = Part::unreadable;
  detail::divide(file);
  detail::count_classes(file);
  return file;
}

/// Decodes every clip, compares them, and puts together what is known.
///
///     const auto file = doctor::examine(read_data({.folder = "videos"}), {});
///     for (const doctor::Finding& finding : doctor::findings(file)) std::puts(finding.what.c_str());
inline CaseFile examine(TrainTest data, const Plan& plan, const std::filesystem::path& cache_folder = {},
                        ProgressDisplay display = ProgressDisplay::automatic) {
  const auto paths = clip_paths(data);
  auto facts = examine_clips(paths, cache_folder, display);
  const auto clips = detail::clips_of(data);
  const auto of_one_group = [&](std::size_t a, std::size_t b) {
    return !clips[a].group.empty() && clips[a].group == clips[b].group;
  };
  auto like = find_like_clips(paths, facts, of_one_group, display);
  return open_case(std::move(data), std::move(facts), std::move(like), plan);
}

}  // namespace rcar::doctor
