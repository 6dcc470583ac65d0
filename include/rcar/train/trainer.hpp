#pragma once
/// One optimiser step after another. A batch is cut into fixed groups of clips; each group sums its gradients by itself
/// and the groups are summed in order, so that the bits do not depend on the number of threads. Nothing is allocated
/// after construction.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "../core/threads.hpp"
#include "../data/feature_set.hpp"
#include "adam.hpp"
#include "evaluate.hpp"

namespace rcar {

/// Sums over one batch.
struct BatchResult {
  double loss = 0;
  std::size_t correct = 0;
};

/// Trains `head` in place.
template <class Head>
class Trainer {
  using Backend = typename Head::backend_type;
  static_assert(Backend::clips_per_pass == 1,
                "Trainer passes clips one by one, where they lie: a back end that takes more needs its own trainer.");

 public:
  /// `batch_size` is the largest batch there will be.
  Trainer(Head& head, std::size_t batch_size, const AdamOptions& options = {})
      : head_(head),
        parameters_(head.parameter_count()),
        adam_(parameters_, options),
        gradients_(parameters_ * groups(batch_size)),
        losses_(batch_size),
        correct_(batch_size),
        workspaces_(thread_count()) {
    for (auto& workspace : workspaces_) workspace.emplace(head, 1);
  }

  /// The gradients of the mean loss of the clips `rows` of `set`, by every parameter; `keep` are their dropout
  /// decisions (n, dropout_units), or empty for none. They lie in gradient() afterwards.
  BatchResult differentiate(const FeatureSet& set, std::span<const std::size_t> rows, std::span<const float> keep) {
    run_groups(set, rows, keep);
    parallel_for(blocks(), [&](std::size_t block, std::size_t) { sum_groups(block, rows.size()); });
    return sum_results(rows.size());
  }

  /// The same, and one step of Adam.
  BatchResult step(const FeatureSet& set, std::span<const std::size_t> rows, std::span<const float> keep) {
    run_groups(set, rows, keep);
    adam_.begin_step();
    parallel_for(blocks(), [&](std::size_t block, std::size_t) {
      const auto [first, count] = sum_groups(block, rows.size());
      adam_.apply(first, count, gradients_.data(), head_.data());
    });
    return sum_results(rows.size());
  }

  /// The gradient of the last batch, as the head's values() lie.
  std::vector<float> gradient() const {
    std::vector<float> out(parameters_);
    Backend::download(gradients_.data(), parameters_, out.data());
    return out;
  }

 private:
  static constexpr std::size_t group_clips = 8;
  static constexpr std::size_t block_parameters = 4096;
  static std::size_t groups(std::size_t clips) { return (clips + group_clips - 1) / group_clips; }
  std::size_t blocks() const { return (parameters_ + block_parameters - 1) / block_parameters; }

  void run_groups(const FeatureSet& set, std::span<const std::size_t> rows, std::span<const float> keep) {
    parallel_for(groups(rows.size()), [&](std::size_t group, std::size_t worker) {
      float* gradients = gradients_.data() + group * parameters_;
      Backend::zero(parameters_, gradients);
      const std::size_t end = std::min(rows.size(), (group + 1) * group_clips);
      for (std::size_t i = group * group_clips; i < end; ++i) {
        const float* kept = keep.empty() ? nullptr : keep.data() + i * Head::dropout_units;
        run_clip(set, rows[i], kept, 1.0f / static_cast<float>(rows.size()), i, *workspaces_[worker], gradients);
      }
    });
  }

  void run_clip(const FeatureSet& set, std::size_t row, const float* keep, float weight, std::size_t place,
                typename Head::Workspace& work, float* gradients) {
    auto in = Head::clips_of(set.features, set.mask, row, 1);
    in.keep = keep;
    const int* label = &set.labels[row];
    head_.forward(in, work);
    Backend::cross_entropy(1, head_.classes(), work.logits, label, work.losses);
    Backend::cross_entropy_backward(1, head_.classes(), work.logits, label, weight, work.logits_gradient);
    head_.backward(in, work, gradients);
    Backend::download(work.losses, 1, &losses_[place]);
    correct_[place] = most_likely(work.logits, static_cast<std::size_t>(head_.classes())) == *label;
  }

  struct Block {
    std::size_t first, count;
  };
  /// Adds the groups' gradients of one block of parameters to the first group's, in order.
  Block sum_groups(std::size_t block, std::size_t clips) {
    const std::size_t first = block * block_parameters, count = std::min(block_parameters, parameters_ - first);
    for (std::size_t group = 1; group < groups(clips); ++group)
      Backend::column_sums(1, static_cast<int>(count), gradients_.data() + group * parameters_ + first,
                           gradients_.data() + first);
    return {first, count};
  }

  BatchResult sum_results(std::size_t clips) const {
    BatchResult result;
    for (std::size_t i = 0; i < clips; ++i) {
      result.loss += losses_[i];
      result.correct += correct_[i];
    }
    return result;
  }

  Head& head_;
  std::size_t parameters_;
  Adam<Backend> adam_;
  typename Backend::Memory gradients_;  // (groups, parameters)
  std::vector<float> losses_;
  std::vector<unsigned char> correct_;
  std::vector<std::optional<typename Head::Workspace>> workspaces_;
};

}  // namespace rcar
