#pragma once
/// Small feature sets for tests of heads and training.

#include <cstddef>
#include <cstdint>
#include <rcar/core/random.hpp>
#include <rcar/data/feature_set.hpp>
#include <string>

namespace rcar::test {

/// Clips of normal noise with scattered masks and labels in turn; clip names "clip0" ...
inline FeatureSet random_features(std::size_t clips, std::size_t steps, std::size_t features, int classes,
                                  std::uint64_t seed = 1) {
  FeatureSet set{Features(Features::shape_type{clips, steps, features}), Mask(Mask::shape_type{clips, steps}), {}, {}};
  Random random(seed);
  for (float& x : set.features) x = static_cast<float>(random.normal());
  for (bool& m : set.mask) m = random.uniform() < 0.7f;
  for (std::size_t i = 0; i < clips; ++i) {
    set.labels.push_back(static_cast<int>(i % static_cast<std::size_t>(classes)));
    set.clips.push_back("clip" + std::to_string(i));
  }
  return set;
}

/// Two classes that differ only in order: the same two patterns in the first and in the second half of a clip, or the
/// other way round. Their means over time are alike.
inline FeatureSet ordered_features(std::size_t clips, std::size_t steps, std::size_t features, std::uint64_t seed) {
  FeatureSet set = random_features(clips, steps, features, 2, seed);
  set.mask.fill(true);
  for (std::size_t i = 0; i < clips; ++i)
    for (std::size_t t = 0; t < steps; ++t)
      for (std::size_t f = 0; f < features; ++f) {
        const bool first_pattern = (t < steps / 2) == (set.labels[i] == 0);
        float& x = set.features(i, t, f);
        x = 0.3f * x + ((f % 2 == 0) == first_pattern ? 1.0f : 0.0f);
      }
  return set;
}

}  // namespace rcar::test
