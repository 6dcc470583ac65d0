#pragma once
/// Loss and accuracy of a head on a set of clips.

#include <algorithm>
#include <cstddef>
#include <vector>

#include "../core/tensor.hpp"
#include "../data/feature_set.hpp"
#include "trainable.hpp"

namespace rcar {

/// What evaluate gives.
struct Evaluation {
  double loss = 0;              // mean sparse categorical cross-entropy a clip
  double accuracy = 0;          // fraction of clips whose most likely class is the true one
  Probabilities probabilities;  // (N, K)
};

/// The most likely class of one row; of equal ones the first.
inline int most_likely(const float* row, std::size_t classes) {
  return static_cast<int>(std::max_element(row, row + classes) - row);
}

/// Evaluates `head` on `set`, on all threads; the bits do not depend on their number.
/// Throws DataError for an empty set, a label that is no class, or features that are not finite, naming the clip.
template <class Head>
Evaluation evaluate(const Head& head, const FeatureSet& set) {
  using Backend = typename Head::backend_type;
  require_usable(set, head.classes(), "evaluation");
  Head::require_shapes(set.features, set.mask);
  const std::size_t clips = set.size(), classes = static_cast<std::size_t>(head.classes());
  Evaluation result;
  result.probabilities = Probabilities(Probabilities::shape_type{clips, classes});
  std::vector<float> losses(clips);
  head.for_each_pass(clips, [&](std::size_t first, int count, typename Head::Workspace& work) {
    head.forward(Head::clips_of(set.features, set.mask, first, count), work);
    Backend::softmax(count, head.classes(), work.logits, work.probabilities);
    Backend::download(work.probabilities, static_cast<std::size_t>(count) * classes,
                      result.probabilities.data() + first * classes);
    Backend::cross_entropy(count, head.classes(), work.logits, set.labels.data() + first, work.losses);
    Backend::download(work.losses, static_cast<std::size_t>(count), losses.data() + first);
  });
  std::size_t correct = 0;
  for (std::size_t i = 0; i < clips; ++i) {
    result.loss += losses[i];
    correct += most_likely(result.probabilities.data() + i * classes, classes) == set.labels[i];
  }
  result.loss /= static_cast<double>(clips);
  result.accuracy = static_cast<double>(correct) / static_cast<double>(clips);
  return result;
}

}  // namespace rcar
