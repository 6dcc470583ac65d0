#pragma once
/// Training rows and validation rows; training clips and test clips.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/random.hpp"
#include "dataset.hpp"
#include "feature_set.hpp"
#include "name_list.hpp"
#include "string_lookup.hpp"
#include "ucf_group.hpp"

namespace rcar {

/// How validation rows are chosen.
enum class Validation {
  stratified,  // the same share of every class, every UCF101 group on one side
  last,        // the last rows, as Keras's validation_split takes them
  none,        // no validation
};

/// The name that files and options use.
constexpr std::string_view to_string(Validation validation) {
  return validation == Validation::stratified ? "stratified" : validation == Validation::last ? "last" : "none";
}

/// Throws UsageError for a name that is none of them.
inline Validation parse_validation(const std::string& name) {
  for (const Validation each : {Validation::stratified, Validation::last, Validation::none})
    if (name == to_string(each)) return each;
  throw UsageError("There is no validation split " + quoted(name) + "; choose stratified, last or none.");
}

/// Rows of a list, each in ascending order; no row is in both.
struct Split {
  std::vector<std::size_t> train, validation;
  std::vector<std::string> warnings;  // one sentence each
};

namespace detail {

/// Chooses groups whose sizes add up as near to `target` as any choice does that takes at least one group and leaves at
/// least one; of two equally near sums the smaller. Which groups make up the sum is drawn by `random`.
/// sizes: at least two, each at least 1. Exact for up to 256 groups; of more, those before the last 256 are taken
/// greedily in proportion first, so that time and memory stay bounded.
inline std::vector<bool> choose_groups(std::span<const std::size_t> sizes, double target, Random& random) {
  constexpr std::size_t exact = 256;
  std::vector<std::size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  random.shuffle(std::span(order));

  std::vector<bool> chosen(sizes.size(), false);
  const std::size_t greedy = order.size() > exact ? order.size() - exact : 0;
  const double share = target / static_cast<double>(std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}));
  double seen = 0, taken = 0;
  for (std::size_t i = 0; i < greedy; ++i) {
    const auto size = static_cast<double>(sizes[order[i]]);
    seen += size;
    if (taken + size > share * seen) continue;
    chosen[order[i]] = true;
    taken += size;
  }

  // reachable[i][s]: the first i of the remaining groups have a choice that adds up to s.
  const std::span<const std::size_t> rest = std::span(order).subspan(greedy);
  std::size_t sum = 0;
  for (const std::size_t group : rest) sum += sizes[group];
  std::vector<std::vector<bool>> reachable(rest.size() + 1, std::vector<bool>(sum + 1, false));
  reachable[0][0] = true;
  for (std::size_t i = 0; i < rest.size(); ++i)
    for (std::size_t s = 0; s <= sum; ++s)
      if (reachable[i][s]) reachable[i + 1][s] = reachable[i + 1][s + sizes[rest[i]]] = true;

  std::size_t best = 0;
  for (std::size_t s = 1; s < sum; ++s) {  // neither nothing nor everything
    const auto distance = [&](std::size_t value) { return std::abs(static_cast<double>(value) + taken - target); };
    if (reachable[rest.size()][s] && (best == 0 || distance(s) < distance(best))) best = s;
  }
  for (std::size_t i = rest.size(); i-- > 0;) {
    if (reachable[i][best]) continue;  // it can be made without this group
    chosen[rest[i]] = true;
    best -= sizes[rest[i]];
  }
  return chosen;
}

/// One side of every row: true for the held-out side. Each class gives `fraction` of its rows, whole UCF101 groups
/// (clips without one stand alone). labels, clips (N); classes (K).
inline std::vector<bool> hold_out(std::span<const int> labels, std::span<const std::string> clips,
                                  const std::vector<std::string>& classes, double fraction, std::uint64_t seed,
                                  const std::string& held_out, std::vector<std::string>& warnings) {
  std::vector<std::vector<std::size_t>> rows_of(classes.size());
  for (std::size_t row = 0; row < labels.size(); ++row)
    rows_of.at(static_cast<std::size_t>(labels[row])).push_back(row);

  std::vector<bool> out(labels.size(), false);
  std::vector<std::string> single_group, single_clip;
  for (std::size_t k = 0; k < classes.size(); ++k) {
    if (rows_of[k].empty()) continue;
    // Byte order of names, so that the order of the list changes nothing.
    std::map<std::string, std::vector<std::size_t>> groups;
    for (const std::size_t row : rows_of[k]) {
      const std::string group = ucf_group(clips[row]);
      groups[group.empty() ? "clip " + clips[row] : "group " + group].push_back(row);
    }
    if (groups.size() == 1 && rows_of[k].size() > 1) {
      single_group.push_back(classes[k]);
      groups.clear();
      for (const std::size_t row : rows_of[k]) groups[clips[row] + '\0' + std::to_string(row)].push_back(row);
    }
    if (groups.size() == 1) {
      single_clip.push_back(classes[k]);
      continue;
    }
    std::vector<std::size_t> sizes;
    sizes.reserve(groups.size());
    for (const auto& [name, rows] : groups) sizes.push_back(rows.size());
    Random random(seed, k);
    const auto chosen = choose_groups(sizes, fraction * static_cast<double>(rows_of[k].size()), random);
    std::size_t group = 0;
    for (const auto& [name, rows] : groups) {
      for (const std::size_t row : rows) out[row] = chosen[group];
      ++group;
    }
  }
  if (!single_group.empty())
    warnings.push_back("All clips of " + name_list(single_group) + " are of one group, so the " + held_out +
                       " set holds clips of recordings that are also trained on, and its accuracy there is too good.");
  if (!single_clip.empty())
    warnings.push_back("Only one clip each of " + name_list(single_clip) + ": it is trained on, and the " + held_out +
                       " set has none.");
  return out;
}

inline void require_fraction(double fraction, const std::string& name) {
  if (!(fraction > 0 && fraction < 1))
    throw UsageError("The " + name + " is " + std::to_string(fraction) + "; give a fraction between 0 and 1.");
}

}  // namespace detail

/// Divides rows into training and validation. labels, clips (N): class index and name of each row.
///
/// stratified: `fraction` of every class, whole UCF101 groups; the same seed gives the same rows. A class whose clips
/// are all of one group is divided by clip, and a class with one clip is only trained on: both are warned of.
/// last: training takes the first floor(N * (1 - fraction)) rows (Keras's validation_split); warns of classes that
/// training then never sees and of groups on both sides.
///
/// Throws UsageError unless 0 < fraction < 1, DataError when `last` leaves one side empty, as Keras refuses it.
inline Split split_validation(std::span<const int> labels, std::span<const std::string> clips,
                              const std::vector<std::string>& classes, Validation validation, double fraction,
                              std::uint64_t seed) {
  const std::size_t n = labels.size();
  Split split;
  std::vector<bool> validates(n, false);
  if (validation != Validation::none) detail::require_fraction(fraction, "validation split");
  if (validation == Validation::stratified) {
    validates = detail::hold_out(labels, clips, classes, fraction, seed, "validation", split.warnings);
  } else if (validation == Validation::last) {
    const auto train = static_cast<std::size_t>(std::floor(static_cast<double>(n) * (1.0 - fraction)));
    if (train == 0 || train == n)
      throw DataError(counted(n, "clip is", "clips are") +
                      " too few to split into training and validation; add clips or take no validation.");
    std::fill(validates.begin() + static_cast<std::ptrdiff_t>(train), validates.end(), true);
  }
  for (std::size_t row = 0; row < n; ++row) (validates[row] ? split.validation : split.train).push_back(row);

  if (validation == Validation::last) {
    std::vector<bool> occurs(classes.size(), false), trained(classes.size(), false);
    Dataset sides[2];
    for (std::size_t row = 0; row < n; ++row) {
      const auto k = static_cast<std::size_t>(labels[row]);
      occurs.at(k) = true;
      if (!validates[row]) trained[k] = true;
      sides[validates[row]].entries.push_back({clips[row], classes[k]});
    }
    std::vector<std::string> unseen;
    for (std::size_t k = 0; k < classes.size(); ++k)
      if (occurs[k] && !trained[k]) unseen.push_back(classes[k]);
    if (!unseen.empty())
      split.warnings.push_back("Taking the last rows for validation leaves no training clip of " + name_list(unseen) +
                               ", so the model cannot learn to name them; a stratified split avoids it.");
    if (const auto both = group_overlap(sides[0], sides[1]); !both.empty())
      split.warnings.push_back(counted(both.size(), "group has", "groups have") +
                               " clips in both training and validation rows (" + name_list(both) +
                               "), so the validation accuracy is too good; a stratified split avoids it.");
  }
  return split;
}

/// The same for the rows of a feature set.
inline Split split_validation(const FeatureSet& features, const StringLookup& classes, Validation validation,
                              double fraction, std::uint64_t seed) {
  return split_validation(features.labels, features.clips, classes.vocabulary(), validation, fraction, seed);
}

/// Divides a list into training and test: `test_fraction` of every class, whole UCF101 groups; the order of the list
/// is kept and the same seed gives the same clips. Throws UsageError unless 0 < test_fraction < 1.
inline TrainTest split_train_test(const Dataset& data, double test_fraction, std::uint64_t seed) {
  detail::require_fraction(test_fraction, "test fraction");
  const std::vector<std::string> tags = data.tags();
  const auto lookup = StringLookup::from_tags(tags);
  std::vector<int> labels;
  std::vector<std::string> clips;
  for (const ClipEntry& entry : data.entries) {
    labels.push_back(lookup(entry.tag));
    clips.push_back(entry.video_name);
  }
  TrainTest result{{data.directory, {}}, {data.directory, {}}, {}};
  const auto tests = detail::hold_out(labels, clips, lookup.vocabulary(), test_fraction, seed, "test", result.warnings);
  for (std::size_t i = 0; i < data.size(); ++i)
    (tests[i] ? result.test : result.train).entries.push_back(data.entries[i]);
  return result;
}

}  // namespace rcar
