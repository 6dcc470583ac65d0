#pragma once
/// UCF101's groups: clips of one class and group are cut from one recording, so they look alike, and a group on both
/// sides of a split makes the score on the second side too good.

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dataset.hpp"
#include "name_list.hpp"

namespace rcar {

/// The group in a UCF101 file name: `v_Punch_g03_c02.avi` -> `g03`; empty for a name of another form. Folders before
/// the name are allowed.
inline std::string ucf_group(std::string_view video_name) {
  std::string_view stem = video_name.substr(video_name.find_last_of('/') + 1);
  stem = stem.substr(0, stem.find_last_of('.'));
  const auto take_back = [&stem](std::string_view letter) {  // removes "_c02" from the end and gives "c02"
    const std::size_t at = stem.find_last_of('_');
    if (at == std::string_view::npos) return std::string_view{};
    const std::string_view part = stem.substr(at + 1);
    const bool fits = part.size() > 1 && part.substr(0, 1) == letter &&
                      part.find_first_not_of("0123456789", 1) == std::string_view::npos;
    stem = stem.substr(0, at);
    return fits ? part : std::string_view{};
  };
  if (take_back("c").empty()) return {};
  return std::string(take_back("g"));
}

/// The groups that have clips in both lists, as `Punch g03`, in byte order; groups of different classes are different.
inline std::vector<std::string> group_overlap(const Dataset& train, const Dataset& test) {
  const auto groups = [](const Dataset& data) {
    std::set<std::string> names;
    for (const ClipEntry& entry : data.entries)
      if (const std::string group = ucf_group(entry.video_name); !group.empty()) names.insert(entry.tag + " " + group);
    return names;
  };
  const std::set<std::string> left = groups(train), right = groups(test);
  std::vector<std::string> both;
  std::set_intersection(left.begin(), left.end(), right.begin(), right.end(), std::back_inserter(both));
  return both;
}

/// What to tell a user about group_overlap(); empty when there is none.
inline std::string overlap_warning(const std::vector<std::string>& groups) {
  if (groups.empty()) return {};
  return counted(groups.size(), "group has", "groups have") + " clips in both training and test set (" +
         name_list(groups) + "), so the test accuracy is better than new recordings would give.";
}

}  // namespace rcar
