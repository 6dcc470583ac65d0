#pragma once
/// Features to train heads on.

#include <rcar/core/random.hpp>
#include <rcar/core/threads.hpp>
#include <rcar/data/feature_set.hpp>

#include <cstddef>
#include <string>

namespace rcar::bench {

/// `clips` clips of `steps` x `feature_dim` features uniform in [0, 1), none of them padded; their classes in turn.
inline FeatureSet random_features(int clips, int classes, int steps, int feature_dim) {
  const auto n = static_cast<std::size_t>(clips), t = static_cast<std::size_t>(steps);
  const std::size_t clip_floats = t * static_cast<std::size_t>(feature_dim);
  FeatureSet set{Features(Features::shape_type{n, t, static_cast<std::size_t>(feature_dim)}),
                 Mask(Mask::shape_type{n, t}, true),
                 {},
                 {}};
  parallel_for(n, [&](std::size_t clip, std::size_t) {
    Random random(clip + 1);
    float* values = set.features.data() + clip * clip_floats;
    for (std::size_t i = 0; i < clip_floats; ++i) values[i] = random.uniform(0, 1);
  });
  for (int clip = 0; clip < clips; ++clip) {
    set.labels.push_back(clip % classes);
    set.clips.push_back("clip " + std::to_string(clip));
  }
  return set;
}

}  // namespace rcar::bench
