#pragma once
/// Training on a back end with memory of its own: the set is uploaded once, a batch is gathered there, and its passes
/// forth and back are one recording. Between batches only the rows and dropout decisions go to the device, and the
/// losses come back.

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../backend/concept.hpp"
#include "../core/error.hpp"
#include "../data/feature_set.hpp"
#include "../heads/input.hpp"
#include "adam.hpp"
#include "batch_result.hpp"
#include "group_exchange.hpp"
#include "trainer.hpp"

namespace rcar {

/// Trains `head` in place; used as any other Trainer. A set must stay as it is while the trainer lives.
template <class Head>
requires backend::DeviceBackend<typename Head::backend_type>
class Trainer<Head> {
  using Backend = typename Head::backend_type;
  template <class T>
  using Array = typename Backend::template Array<T>;
  template <class T>
  using Pinned = typename Backend::template Pinned<T>;

 public:
  /// `batch_size` is the largest batch there will be. Throws DeviceMemoryError when one does not fit, UsageError for an
  /// `exchange`: a device takes batches whole.
  Trainer(Head& head, std::size_t batch_size, const AdamOptions& options = {}, const GroupExchange* exchange = nullptr)
      : head_(head),
        adam_(head.parameter_count(), options),
        gradient_(head.parameter_count()),
        work_(head, static_cast<int>(batch_size)),
        features_(batch_size * clip_floats),
        mask_(batch_size * steps),
        labels_(batch_size),
        rows_(batch_size),
        keep_(batch_size * Head::dropout_units),
        outcome_(2 * batch_size),
        rows_here_(batch_size),
        keep_here_(batch_size * Head::dropout_units),
        outcome_here_(2 * batch_size) {
    if (exchange)
      throw UsageError("Training on a device with other processes is not supported; start one, or train on the CPU.");
  }
  Trainer(const Trainer&) = delete;  // recordings hold the address
  Trainer& operator=(const Trainer&) = delete;

  /// The gradients of the mean loss of the clips `rows` of `set`, by every parameter; `keep` are their dropout
  /// decisions (n, dropout_units), or empty for none. They lie in gradient() afterwards.
  BatchResult differentiate(const FeatureSet& set, std::span<const std::size_t> rows, std::span<const float> keep) {
    queue(set, rows, keep);
    return collect(rows.size());
  }

  /// The same, and one step of Adam.
  BatchResult step(const FeatureSet& set, std::span<const std::size_t> rows, std::span<const float> keep) {
    queue(set, rows, keep);
    adam_.begin_step();
    adam_.apply(0, head_.parameter_count(), gradient_.data(), head_.data());
    return collect(rows.size());
  }

  /// What the optimiser carries from step to step; a later Trainer of an equal head goes on from it.
  AdamState optimizer() const { return adam_.state(); }
  void restore_optimizer(const AdamState& state) { adam_.restore(state); }

  /// The gradient of the last batch, as the head's values() lie.
  std::vector<float> gradient() const {
    std::vector<float> out(head_.parameter_count());
    Backend::download(gradient_.data(), out.size(), out.data());
    return out;
  }

 private:
  static constexpr std::size_t steps = static_cast<std::size_t>(Head::sequence_length);
  static constexpr std::size_t clip_floats = steps * static_cast<std::size_t>(Head::feature_dim);

  /// A set in the device's memory.
  struct Uploaded {
    explicit Uploaded(const FeatureSet& set)
        : source(set.features.data()),
          clips(set.size()),
          features(set.features.data(), set.features.size()),
          mask(set.mask.data(), set.mask.size()),
          labels(set.labels.data(), set.size()) {}

    const float* source;
    std::size_t clips;
    Array<float> features;  // (N, T, F)
    Array<bool> mask;       // (N, T)
    Array<int> labels;      // (N)
  };

  void upload(const FeatureSet& set) {
    if (set_ && set_->source == set.features.data() && set_->clips == set.size()) return;
    recordings_.clear();
    set_.reset();  // given back before more is asked for
    try {
      set_.emplace(set);
    } catch (const DeviceMemoryError& error) {
      throw DeviceMemoryError(Backend::device_name(), set.features.size() * sizeof(float), error.free,
                              "that is for the features of " + std::to_string(set.size()) +
                                  " clips: free some, or train on backend::Default, whose files are the same");
    }
  }

  /// Has the device compute the gradients of a batch; returns before it has.
  void queue(const FeatureSet& set, std::span<const std::size_t> rows, std::span<const float> keep) {
    upload(set);
    const std::size_t count = rows.size();
    std::transform(rows.begin(), rows.end(), rows_here_.data(), [](std::size_t row) { return static_cast<int>(row); });
    Backend::queue_copy_in(rows_here_.data(), count * sizeof(int), rows_.data());
    if (!keep.empty()) {
      Head::arrange_dropout(static_cast<int>(count), keep.data(), keep_here_.data());
      Backend::queue_copy_in(keep_here_.data(), keep.size() * sizeof(float), keep_.data());
    }
    auto& recording = recordings_[{count, !keep.empty()}];
    if (!recording)
      recording = typename Backend::Recording(
          [this, clips = static_cast<int>(count), dropout = !keep.empty()] { compute(clips, dropout); });
    recording.run();
  }

  /// Forth and back over the clips that rows_ names.
  void compute(int clips, bool dropout) {
    const int classes = head_.classes();
    Backend::gather_rows(clips, static_cast<int>(clip_floats), set_->features.data(), rows_.data(), features_.data());
    Backend::gather_rows(clips, static_cast<int>(steps), set_->mask.data(), rows_.data(), mask_.data());
    Backend::gather_rows(clips, 1, set_->labels.data(), rows_.data(), labels_.data());
    Backend::zero(gradient_.size(), gradient_.data());
    HeadInput in = Head::clips_of(features_.data(), mask_.data(), 0, clips);
    if (dropout && Head::dropout_units > 0) in.keep = keep_.data();
    head_.forward(in, work_);
    Backend::cross_entropy(clips, classes, work_.logits, labels_.data(), outcome_.data());
    Backend::hits(clips, classes, work_.logits, labels_.data(), outcome_.data() + clips);
    Backend::cross_entropy_backward(clips, classes, work_.logits, labels_.data(), 1.0f / static_cast<float>(clips),
                                    work_.logits_gradient);
    head_.backward(in, work_, gradient_.data());
  }

  BatchResult collect(std::size_t clips) {
    Backend::queue_copy_out(outcome_.data(), 2 * clips * sizeof(float), outcome_here_.data());
    Backend::synchronize();
    BatchResult result;
    for (std::size_t i = 0; i < clips; ++i) {
      result.loss += outcome_here_.data()[i];
      result.correct += outcome_here_.data()[clips + i] > 0 ? 1 : 0;
    }
    return result;
  }

  Head& head_;
  Adam<Backend> adam_;
  Array<float> gradient_;
  typename Head::Workspace work_;
  std::optional<Uploaded> set_;
  Array<float> features_;  // of the batch
  Array<bool> mask_;
  Array<int> labels_, rows_;
  Array<float> keep_, outcome_;  // outcome: losses, then hits
  Pinned<int> rows_here_;
  Pinned<float> keep_here_, outcome_here_;
  std::map<std::pair<std::size_t, bool>, typename Backend::Recording> recordings_;  // by clips, and with dropout
};

}  // namespace rcar
