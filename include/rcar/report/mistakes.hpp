#pragma once
/// The mistakes that a model was surest of, with what it thought as it watched.

#include <algorithm>
#include <cstddef>
#include <exception>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "../core/tensor.hpp"
#include "../data/feature_set.hpp"
#include "../train/evaluate.hpp"
#include "../video/process_video.hpp"
#include "frame_sheet.hpp"

namespace rcar {

/// A head: features (N, T, F) and mask (N, T) to probabilities (N, K).
using Predict = std::function<Probabilities(const Features&, const Mask&)>;
/// The frames that the model was shown of a clip, by its name in the feature set.
using ReadClip = std::function<SampledClip(const std::string& clip)>;

/// The class probabilities of one clip after each of its frames: row t is what the head says of frames 0 to t, so the
/// last row is its answer.
///
/// row      of `set`, a clip with n real frames
/// returns  (n, K)
inline Probabilities probabilities_over_time(const Predict& predict, const FeatureSet& set, std::size_t row) {
  const std::vector<std::size_t> rows{row};
  const FeatureSet clip = set.select(rows);
  Mask seen(clip.mask.shape(), false);
  std::vector<Probabilities> answers;
  for (std::size_t t = 0; t < clip.mask.shape(1); ++t) {
    if (!clip.mask(0, t)) continue;
    seen(0, t) = true;
    answers.push_back(predict(clip.features, seen));
  }
  const std::size_t classes = answers.empty() ? 0 : answers.front().shape(1);
  Probabilities result(Probabilities::shape_type{answers.size(), classes});
  for (std::size_t t = 0; t < answers.size(); ++t) std::copy_n(answers[t].data(), classes, result.data() + t * classes);
  return result;
}

/// A clip that was given another class than its own.
struct Mistake {
  std::string clip;
  int truth = 0, predicted = 0;
  double confidence = 0;  // the probability of the predicted class
};

/// A mistake to look at.
struct ShownMistake : Mistake {
  Probabilities over_time;       // (n, K), after each frame
  FrameSheet sheet;              // without frames where the clip could not be read
  double frames_per_second = 0;  // at which the frames play at the clip's own speed
  std::string fault;             // why it could not be read; empty otherwise
};

/// Every clip whose most likely class is not its own, the surest first; of equally sure ones the earlier in the set.
inline std::vector<Mistake> find_mistakes(const FeatureSet& set, const Probabilities& probabilities) {
  std::vector<Mistake> mistakes;
  const std::size_t classes = probabilities.shape(1);
  for (std::size_t n = 0; n < set.size(); ++n) {
    const float* row = probabilities.data() + n * classes;
    const int predicted = most_likely(row, classes);
    if (predicted != set.labels[n])
      mistakes.push_back({set.clips[n], set.labels[n], predicted, static_cast<double>(row[predicted])});
  }
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const Mistake& a, const Mistake& b) { return a.confidence > b.confidence; });
  return mistakes;
}

/// The `most` surest of them, with frames and probabilities over time. A clip that can no longer be read is kept, with
/// the reason. Frames keep their own size up to `side` pixels' multiple of 16.
inline std::vector<ShownMistake> show_mistakes(const FeatureSet& set, const Probabilities& probabilities,
                                               const Predict& predict, const ReadClip& read_clip, std::size_t most = 12,
                                               std::size_t side = 192) {
  std::vector<ShownMistake> shown;
  for (const Mistake& mistake : find_mistakes(set, probabilities)) {
    if (shown.size() == most) break;
    ShownMistake next;
    static_cast<Mistake&>(next) = mistake;
    const auto row = std::find(set.clips.begin(), set.clips.end(), mistake.clip) - set.clips.begin();
    next.over_time = probabilities_over_time(predict, set, static_cast<std::size_t>(row));
    try {
      const SampledClip clip = read_clip(mistake.clip);
      next.sheet = make_frame_sheet(clip.frames, side);
      next.frames_per_second = clip.frames_per_second;
    } catch (const VideoError& error) {
      next.fault = error.what();
    }
    shown.push_back(std::move(next));
  }
  return shown;
}

}  // namespace rcar
