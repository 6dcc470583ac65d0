#pragma once
/// Everything that is found in a data set before it is trained on.

#include <algorithm>
#include <cstddef>
#include <vector>

#include "case_file.hpp"
#include "class_findings.hpp"
#include "clip_findings.hpp"
#include "finding.hpp"
#include "leak_findings.hpp"

namespace rcar::doctor {

/// The findings, errors first, then warnings, then notes.
inline std::vector<Finding> findings(const CaseFile& file) {
  std::vector<Finding> found;
  find_unreadable(file, found);
  find_untrainable(file, found);
  find_group_leaks(file, found);
  find_duplicates(file, found);
  find_look_alikes(file, found);
  find_truncated(file, found);
  find_short(file, found);
  find_still(file, found);
  find_small_classes(file, found);
  find_tag_spellings(file, found);
  find_split_warnings(file, found);
  std::stable_sort(found.begin(), found.end(),
                   [](const Finding& a, const Finding& b) { return a.severity < b.severity; });
  return found;
}

/// How many findings have that severity.
inline std::size_t count(const std::vector<Finding>& found, Severity severity) {
  return static_cast<std::size_t>(
      std::count_if(found.begin(), found.end(), [&](const Finding& each) { return each.severity == severity; }));
}

}  // namespace rcar::doctor
