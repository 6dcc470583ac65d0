#pragma once
/// What clips share with one another where they should share nothing.

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "../data/name_list.hpp"
#include "case_file.hpp"
#include "finding.hpp"

namespace rcar::doctor {

/// Groups of which both lists have clips that can be read.
inline void find_group_leaks(const CaseFile& file, std::vector<Finding>& findings) {
  std::map<std::string, std::pair<std::size_t, std::size_t>> counts;  // training, test
  std::size_t grouped = 0;
  for (const Clip& clip : file.clips) {
    if (clip.group.empty()) continue;
    ++grouped;
    if (clip.part != Part::unreadable) ++(clip.in_test ? counts[clip.group].second : counts[clip.group].first);
  }
  Finding leak{Severity::error, "group-leak", {}, {}, {}};
  for (const auto& [group, count] : counts)
    if (count.first && count.second)
      leak.items.push_back(group + ": " + counted(count.first, "training clip", "training clips") + ", " +
                           counted(count.second, "test clip", "test clips"));
  if (!leak.items.empty()) {
    leak.what = counted(leak.items.size(), "group has", "groups have") +
                " clips in both training and test list, so the test accuracy is better than new recordings would give.";
    leak.advice = "Keep each group on one side (--fix leaves out its training clips).";
    findings.push_back(std::move(leak));
  }
  if (grouped < file.clips.size())
    findings.push_back(
        {Severity::note,
         "no-groups",
         counted(file.clips.size() - grouped, "clip has a name that tells", "clips have names that tell") +
             " no group, so clips of one recording can fall on both sides of a split.",
         "If clips are cut from longer recordings, name them as UCF101 does: v_<Class>_g<recording>_c<clip>.",
         {}});
}

namespace detail {

/// `a (train) = b (test)`, with the classes where they differ.
inline std::string set_text(const CaseFile& file, const std::vector<std::size_t>& set, const char* sign) {
  std::set<std::string> tags;
  for (const std::size_t clip : set) tags.insert(file.clips[clip].tag);
  std::string text;
  constexpr std::size_t most = 8;
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (i == most && set.size() > most + 1) {
      text += " and " + std::to_string(set.size() - most) + " more";
      break;
    }
    const Clip& clip = file.clips[set[i]];
    text += (i ? sign : "") + clip.label() + (tags.size() > 1 ? " as " + clip.tag : "");
  }
  return text;
}

/// What a set of clips that show the same does.
enum class Harm { none, validation, test, labels };

inline Harm harm_of(const CaseFile& file, const std::vector<std::size_t>& set) {
  std::set<std::string> tags;
  bool parts[4] = {};
  for (const std::size_t clip : set) {
    tags.insert(file.clips[clip].tag);
    parts[static_cast<std::size_t>(file.clips[clip].part)] = true;
  }
  if (tags.size() > 1) return Harm::labels;
  const bool train = parts[static_cast<std::size_t>(Part::train)],
             validation = parts[static_cast<std::size_t>(Part::validation)];
  if ((train || validation) && parts[static_cast<std::size_t>(Part::test)]) return Harm::test;
  return train && validation ? Harm::validation : Harm::none;
}

}  // namespace detail

/// Copies of clips: of one class, of several, and on both sides of a division.
inline void find_duplicates(const CaseFile& file, std::vector<Finding>& findings) {
  using detail::Harm;
  const auto report = [&](Harm harm, Severity severity, const char* kind, const char* what, const char* advice) {
    Finding found{severity, kind, {}, advice, {}};
    for (const auto& set : file.like.duplicates) {
      if (detail::harm_of(file, set) != harm) continue;
      const std::string& hash = file.facts[set.front()].sha256;
      bool equal = true;
      for (const std::size_t clip : set) equal &= file.facts[clip].sha256 == hash;
      found.items.push_back((equal ? "equal files: " : "encoded anew: ") + detail::set_text(file, set, " = "));
    }
    if (found.items.empty()) return;
    found.what =
        counted(found.items.size(), "set of clips with the same frames is", "sets of clips with the same frames are") +
        " " + what;
    findings.push_back(std::move(found));
  };
  report(Harm::labels, Severity::error, "label-conflict", "of different classes, so one label at least is wrong.",
         "Look at them and correct the labels (--fix leaves all of them out).");
  report(Harm::test, Severity::error, "duplicates-across-test",
         "in both training and test list: the test asks for what was learnt by heart.",
         "Leave out the training clips (--fix does).");
  report(Harm::validation, Severity::error, "duplicates-across-validation",
         "in both training and validation: early stopping is misled.", "Keep one of each set (--fix does).");
  report(Harm::none, Severity::warning, "duplicates", "in one list, where they count more than others.",
         "Keep one of each set (--fix does).");
}

/// Clips that look like one scene, though their names do not say so.
inline void find_look_alikes(const CaseFile& file, std::vector<Finding>& findings) {
  using detail::Harm;
  const auto report = [&](Harm harm, Severity severity, const char* kind, const char* what, const char* advice) {
    Finding found{severity, kind, {}, advice, {}};
    for (const auto& set : file.like.look_alikes)
      if (detail::harm_of(file, set) == harm) found.items.push_back(detail::set_text(file, set, " ~ "));
    if (found.items.empty()) return;
    found.what = counted(found.items.size(), "set of clips that look like one recording is",
                         "sets of clips that look like one recording are") +
                 " " + what;
    findings.push_back(std::move(found));
  };
  report(Harm::labels, Severity::warning, "look-alikes-across-classes", "of different classes.",
         "Look at them: the labels are right where only the scene is the same.");
  report(Harm::test, Severity::warning, "look-alikes-across-test",
         "in both training and test list: the test may be too easy.",
         "Look at them, and put recordings of one scene on one side.");
  report(Harm::validation, Severity::note, "look-alikes-across-validation",
         "in both training and validation: the validation loss may be too good.",
         "Name them as one group where they are of one recording.");
}

}  // namespace rcar::doctor
