#pragma once
/// What is wrong with classes, and with how they are divided.

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "../data/name_list.hpp"
#include "case_file.hpp"
#include "finding.hpp"

namespace rcar::doctor {

namespace detail {

/// Classes for which `test` holds, each with what `text` says of it.
template <class Test, class Text>
std::vector<std::string> classes_where(const CaseFile& file, Test test, Text text) {
  std::vector<std::string> names;
  for (const ClassCounts& counts : file.classes)
    if (test(counts)) names.push_back(text(counts));
  return names;
}

inline std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

inline bool has_clips(const ClassCounts& c) { return c.train + c.validation + c.test > 0; }

}  // namespace detail

/// What training refuses.
inline void find_untrainable(const CaseFile& file, std::vector<Finding>& findings) {
  const auto name = [](const ClassCounts& c) { return c.name; };
  const auto add = [&](const char* kind, std::vector<std::string> classes, const std::string& what,
                       const char* advice) {
    if (!classes.empty()) findings.push_back({Severity::error, kind, what, advice, std::move(classes)});
  };
  const auto trained = detail::classes_where(
      file, [](const auto& c) { return c.train + c.validation > 0; }, name);
  std::size_t test = 0;
  for (const ClassCounts& c : file.classes) test += c.test;
  if (trained.size() < 2)
    findings.push_back({Severity::error,
                        "too-few-classes",
                        trained.empty() ? "No class has a training clip that can be read."
                                        : "Only one class has training clips that can be read, " + trained[0] + ".",
                        "Give clips of two classes at least.",
                        {}});
  if (test == 0)
    findings.push_back({Severity::error,
                        "no-test-clips",
                        "No test clip can be read, so nothing can be evaluated.",
                        "Give test clips, or a larger --test-part.",
                        {}});
  auto unknown = detail::classes_where(
      file, [](const auto& c) { return c.test > 0 && c.train + c.validation == 0; }, name);
  const std::string many = counted(unknown.size(), "class has", "classes have");
  add("class-only-in-test", std::move(unknown), many + " test clips and no training clip that can be read.",
      "Correct the tags, or give training clips (--fix leaves out the test clips).");
  auto lost = detail::classes_where(
      file, [](const auto& c) { return c.train == 0 && c.validation > 0; }, name);
  const std::string all = counted(lost.size(), "class has", "classes have");
  add("class-only-in-validation", std::move(lost),
      all + " all training clips in the validation part, so the model never sees it.",
      "Choose --validation stratified, or mix the rows of the training list.");
  if (!file.split_fault.empty())
    findings.push_back({Severity::error, "no-split", file.split_fault, "Choose --validation stratified or none.", {}});
}

/// Classes with too few clips to learn or to test.
inline void find_small_classes(const CaseFile& file, std::vector<Finding>& findings) {
  const std::size_t smallest = file.plan.smallest_class;
  const auto add = [&](const char* kind, std::vector<std::string> classes, const std::string& what,
                       const char* advice) {
    if (!classes.empty()) findings.push_back({Severity::warning, kind, what, advice, std::move(classes)});
  };
  const auto name = [](const ClassCounts& c) { return c.name; };
  auto few = detail::classes_where(
      file, [&](const auto& c) { return c.train + c.validation > 0 && c.train + c.validation < smallest; },
      [](const auto& c) { return c.name + ": " + counted(c.train + c.validation, "training clip", "training clips"); });
  const std::string small = counted(few.size(), "class has", "classes have");
  add("small-classes", std::move(few), small + " fewer than " + std::to_string(smallest) + " training clips.",
      "Add clips, or expect little of what is said about them.");
  auto untested = detail::classes_where(
      file, [](const auto& c) { return detail::has_clips(c) && c.test == 0; }, name);
  const std::string no_test = counted(untested.size(), "class has", "classes have");
  add("classes-without-test", std::move(untested), no_test + " no test clip that can be read.",
      "Give test clips, else nobody knows how well it is told.");
  if (file.plan.validation != Validation::none && file.split_fault.empty()) {
    auto unseen = detail::classes_where(
        file, [](const auto& c) { return c.train > 0 && c.validation == 0; }, name);
    const std::string none = counted(unseen.size(), "class has", "classes have");
    add("classes-without-validation", std::move(unseen),
        none + " no validation clip, so it has no say in when to stop.",
        "Add clips or groups, or choose --validation stratified.");
  }
  std::size_t least = 0, most = 0;
  for (const ClassCounts& c : file.classes) {
    const std::size_t count = c.train + c.validation;
    if (count == 0) continue;
    least = least == 0 ? count : std::min(least, count);
    most = std::max(most, count);
  }
  if (most > 10 * least)
    findings.push_back({Severity::warning,
                        "unbalanced-classes",
                        "The largest class has " + std::to_string(most) + " training clips and the smallest " +
                            std::to_string(least) + ", so a model that always says the largest looks good.",
                        "Judge it by the accuracy of each class.",
                        {}});
}

/// Tags that differ only in their case are one class that was written in two ways.
inline void find_tag_spellings(const CaseFile& file, std::vector<Finding>& findings) {
  std::map<std::string, std::vector<std::string>> spellings;
  for (const ClassCounts& c : file.classes) spellings[detail::lower_case(c.name)].push_back(c.name);
  Finding found{Severity::warning,
                "tag-spellings",
                "Tags differ in nothing but capital letters.",
                "If they are one class, write it in one way.",
                {}};
  for (const auto& [lower, names] : spellings)
    if (names.size() > 1) found.items.push_back(name_list(names));
  if (!found.items.empty()) findings.push_back(std::move(found));
}

/// What the division of the clips itself warned of.
inline void find_split_warnings(const CaseFile& file, std::vector<Finding>& findings) {
  for (const std::string& warning : file.data.warnings)
    findings.push_back({Severity::warning, "lists", warning, "Complete the data set if that is not meant.", {}});
  for (const std::string& warning : file.split_warnings)
    findings.push_back({Severity::warning, "validation-split", warning, "Look at the table of classes.", {}});
}

}  // namespace rcar::doctor
