#pragma once
/// What a set of features must be before a head learns from it or is judged by it.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../core/error.hpp"
#include "../core/threads.hpp"
#include "../data/feature_set.hpp"
#include "../data/string_lookup.hpp"

namespace rcar {

namespace detail {

inline std::string clip_name(const FeatureSet& set, std::size_t row) {
  return row < set.clips.size() ? "clip " + quoted(set.clips[row]) : "row " + std::to_string(row);
}

/// The exponent of NaN and infinity is the largest, so that the largest magnitude tells; no branch for each value.
inline bool all_finite(const float* values, std::size_t count) {
  std::int32_t largest = 0;
  for (std::size_t i = 0; i < count; ++i)
    largest = std::max(largest, std::bit_cast<std::int32_t>(values[i]) & 0x7fffffff);
  return largest < 0x7f800000;
}

}  // namespace detail

/// Throws DataError, naming the first clip and frame, when a feature is NaN or infinite.
inline void require_finite(const FeatureSet& set) {
  const std::size_t steps = set.features.shape(1), width = set.features.shape(2);
  std::vector<std::size_t> bad(set.size(), steps);
  parallel_for(set.size(), [&](std::size_t row, std::size_t) {
    const float* features = set.features.data() + row * steps * width;
    for (std::size_t t = 0; t < steps && bad[row] == steps; ++t)
      if (!detail::all_finite(features + t * width, width)) bad[row] = t;
  });
  for (std::size_t row = 0; row < set.size(); ++row)
    if (bad[row] < steps)
      throw DataError("The features of " + detail::clip_name(set, row) + " are NaN or infinite at frame " +
                      std::to_string(bad[row]) +
                      "; extract them again without the cache, or take the clip out of the list.");
}

/// Throws DataError when `set` cannot serve for `purpose` ("training"): it is empty, its parts differ in length, a
/// label is not one of `classes`, or a feature is not finite.
inline void require_usable(const FeatureSet& set, int classes, const std::string& purpose) {
  if (set.size() == 0) throw DataError("There are no clips for " + purpose + "; give at least one.");
  if (set.features.shape(0) != set.size() || set.mask.shape(0) != set.size())
    throw DataError("The set for " + purpose + " has " + std::to_string(set.features.shape(0)) +
                    " clips of features, " + std::to_string(set.mask.shape(0)) + " of masks and " +
                    std::to_string(set.size()) + " labels; give one of each a clip.");
  for (std::size_t row = 0; row < set.size(); ++row)
    if (set.labels[row] < 0 || set.labels[row] >= classes)
      throw DataError("The label of " + detail::clip_name(set, row) + " is " + std::to_string(set.labels[row]) +
                      " but there are " + std::to_string(classes) + " classes; labels count from 0.");
  require_finite(set);
}

/// Throws DataError, naming them, when classes have no clip in `train`.
inline void require_every_class(const FeatureSet& train, const std::vector<std::string>& classes) {
  std::vector<bool> seen(classes.size(), false);
  for (int label : train.labels)
    if (label >= 0 && static_cast<std::size_t>(label) < seen.size()) seen[static_cast<std::size_t>(label)] = true;
  std::string missing;
  std::size_t count = 0;
  for (std::size_t k = 0; k < classes.size(); ++k)
    if (!seen[k]) missing += (count++ ? ", " : "") + quoted(classes[k]);
  if (count > 0)
    throw DataError((count == 1 ? "Class " + missing + " has" : "Classes " + missing + " have") +
                    " no training clip; add clips, or take " + (count == 1 ? "it" : "them") +
                    " out of the list of classes.");
}

/// All that a head needs of its training set: at least two classes, each with a clip, and usable features.
/// Throws DataError that says which is not so.
inline void require_trainable(const FeatureSet& train, const StringLookup& labels) {
  const auto& classes = labels.vocabulary();
  if (classes.size() < 2)
    throw DataError("There is only one class, " + quoted(classes.front()) +
                    "; a classifier needs at least two to tell apart.");
  require_every_class(train, classes);
  require_usable(train, static_cast<int>(classes.size()), "training");
}

}  // namespace rcar
