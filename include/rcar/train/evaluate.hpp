#pragma once
/// Loss and accuracy of a head on a set of clips.

#include <algorithm>
#include <cstddef>
#include <vector>

#include "../backend/resident.hpp"
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

/// Evaluates one head on one set again and again, as training does; nothing is allocated after construction.
template <class Head>
class Evaluator {
  using Backend = typename Head::backend_type;
  static constexpr std::size_t pass_clips = static_cast<std::size_t>(Backend::clips_per_pass);

 public:
  /// Throws DataError for an empty set, a label that is no class, or features that are not finite, naming the clip; and
  /// DeviceMemoryError when the back end's memory cannot hold the set.
  Evaluator(const Head& head, const FeatureSet& set)
      : head_(head),
        set_(checked(head, set)),
        features_(set.features.data(), set.features.size()),
        mask_(set.mask.data(), set.mask.size()),
        labels_(set.labels.data(), set.size()),
        losses_(set.size()) {
    result_.probabilities = Probabilities({set.size(), static_cast<std::size_t>(head.classes())});
    for (std::size_t i = 0; i < backend::calling_threads<Backend>(); ++i)
      workspaces_.emplace_back(head, static_cast<int>(std::min(pass_clips, set.size())));
  }

  /// With the head's weights of now, on all threads; the bits do not depend on their number.
  const Evaluation& run() {
    const std::size_t clips = set_.size(), classes = static_cast<std::size_t>(head_.classes());
    backend::for_each_call<Backend>((clips + pass_clips - 1) / pass_clips, [&](std::size_t pass, std::size_t worker) {
      const std::size_t first = pass * pass_clips;
      run_pass(first, std::min(pass_clips, clips - first), workspaces_[worker]);
    });
    std::size_t correct = 0;
    result_.loss = 0;
    for (std::size_t i = 0; i < clips; ++i) {
      result_.loss += losses_[i];
      correct += most_likely(result_.probabilities.data() + i * classes, classes) == set_.labels[i];
    }
    result_.loss /= static_cast<double>(clips);
    result_.accuracy = static_cast<double>(correct) / static_cast<double>(clips);
    return result_;
  }

 private:
  static const FeatureSet& checked(const Head& head, const FeatureSet& set) {
    require_usable(set, head.classes(), "evaluation");
    Head::require_shapes(set.features, set.mask);
    return set;
  }

  void run_pass(std::size_t first, std::size_t count, typename Head::Workspace& work) {
    const int clips = static_cast<int>(count), classes = head_.classes();
    head_.forward(Head::clips_of(features_.data(), mask_.data(), first, clips), work);
    Backend::softmax(clips, classes, work.logits, work.probabilities);
    Backend::download(work.probabilities, count * static_cast<std::size_t>(classes),
                      result_.probabilities.data() + first * static_cast<std::size_t>(classes));
    Backend::cross_entropy(clips, classes, work.logits, labels_.data() + first, work.losses);
    Backend::download(work.losses, count, losses_.data() + first);
  }

  const Head& head_;
  const FeatureSet& set_;
  backend::Resident<Backend, float> features_;
  backend::Resident<Backend, bool> mask_;
  backend::Resident<Backend, int> labels_;
  Evaluation result_;
  std::vector<float> losses_;
  std::vector<typename Head::Workspace> workspaces_;  // one a thread
};

/// Evaluates `head` on `set`, on all threads; the bits do not depend on their number.
/// Throws DataError for an empty set, a label that is no class, or features that are not finite, naming the clip.
template <class Head>
Evaluation evaluate(const Head& head, const FeatureSet& set) {
  return Evaluator<Head>(head, set).run();
}

}  // namespace rcar
