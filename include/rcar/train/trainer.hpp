#pragma once
/// One optimiser step after another. A batch is cut into fixed groups of clips; each group sums its gradients by itself
/// and the groups are summed in order, so that the bits do not depend on the number of threads. A group is one pass
/// where the back end takes several clips. Nothing is allocated after construction.

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "../backend/resident.hpp"
#include "../core/threads.hpp"
#include "../data/feature_set.hpp"
#include "../heads/input.hpp"
#include "adam.hpp"
#include "batch_result.hpp"
#include "evaluate.hpp"
#include "group_exchange.hpp"

namespace rcar {

/// Trains `head` in place.
template <class Head>
class Trainer {
  using Backend = typename Head::backend_type;
  static_assert(
      backend::computes_on_host<Backend>,
      "Training on a device is in a header of its own: include <rcar/cuda.hpp>, or train/device_trainer.hpp.");

 public:
  /// `batch_size` is the largest batch there will be. With an `exchange` other processes take part.
  Trainer(Head& head, std::size_t batch_size, const AdamOptions& options = {}, GroupExchange* exchange = nullptr)
      : head_(head),
        exchange_(exchange),
        parameters_(head.parameter_count()),
        adam_(parameters_, options),
        stride_((parameters_ + 15) / 16 * 16),
        gradients_(stride_ * groups(batch_size)),
        losses_(batch_size),
        correct_(batch_size) {
    for (std::size_t i = 0; i < thread_count(); ++i) workers_.emplace_back(head);
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

  /// What the optimiser carries from step to step; a later Trainer of an equal head goes on from it.
  AdamState optimizer() const { return adam_.state(); }
  void restore_optimizer(const AdamState& state) { adam_.restore(state); }

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

  /// Clips of one pass. They lie anywhere in the set and are not copied; the first layer reads them there.
  static constexpr std::size_t pass_clips =
      Head::reads_apart ? std::min(group_clips, static_cast<std::size_t>(Backend::clips_per_pass)) : 1;

  /// What one thread works with: the memory of a pass, and what the pass reads of its clips, gathered.
  struct Worker {
    explicit Worker(const Head& head) : work(head, pass_clips), keep(pass_clips * Head::dropout_units) {}

    typename Head::Workspace work;
    std::array<const float*, pass_clips> clips_at{};
    std::array<bool, pass_clips * Head::sequence_length> mask{};
    std::array<int, pass_clips> labels{};
    std::vector<float> keep;
  };

  void run_groups(const FeatureSet& set, std::span<const std::size_t> rows, std::span<const float> keep) {
    const ItemRange mine = exchange_ ? exchange_->share(groups(rows.size())) : ItemRange{0, groups(rows.size())};
    parallel_for(mine.count(), [&](std::size_t item, std::size_t worker) {
      const std::size_t group = mine.first + item;
      float* gradients = gradients_.data() + group * stride_;
      Backend::zero(parameters_, gradients);
      const std::size_t end = std::min(rows.size(), (group + 1) * group_clips);
      for (std::size_t first = group * group_clips; first < end; first += pass_clips)
        run_pass(set, rows, keep, first, std::min(pass_clips, end - first), workers_[worker], gradients);
    });
    if (!exchange_) return;
    const auto add = [](std::size_t count, const float* x, float* sum) {
      Backend::column_sums(1, static_cast<int>(count), x, sum);
    };
    exchange_->meet(
        {gradients_.data(), losses_.data(), correct_.data(), rows.size(), group_clips, stride_, parameters_, add});
  }

  /// Clips first to first + count - 1 of the batch, forth and back.
  void run_pass(const FeatureSet& set, std::span<const std::size_t> rows, std::span<const float> keep,
                std::size_t first, std::size_t count, Worker& worker, float* gradients) {
    const int clips = static_cast<int>(count), classes = head_.classes();
    const HeadInput in = gather(set, rows.subspan(first, count), keep, first, worker);
    auto& work = worker.work;
    head_.forward(in, work);
    Backend::cross_entropy(clips, classes, work.logits, worker.labels.data(), work.losses);
    Backend::cross_entropy_backward(clips, classes, work.logits, worker.labels.data(),
                                    1.0f / static_cast<float>(rows.size()), work.logits_gradient);
    head_.backward(in, work, gradients);
    Backend::download(work.losses, count, &losses_[first]);
    for (std::size_t i = 0; i < count; ++i) {
      const float* logits = work.logits + i * static_cast<std::size_t>(classes);
      correct_[first + i] = most_likely(logits, static_cast<std::size_t>(classes)) == worker.labels[i];
    }
  }

  static HeadInput gather(const FeatureSet& set, std::span<const std::size_t> rows, std::span<const float> keep,
                          std::size_t first, Worker& worker) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const HeadInput one = Head::clips_of(set.features.data(), set.mask.data(), rows[i], 1);
      worker.clips_at[i] = one.features;
      worker.labels[i] = set.labels[rows[i]];
      std::copy_n(one.mask, Head::sequence_length, worker.mask.data() + i * Head::sequence_length);
    }
    HeadInput in{static_cast<int>(rows.size()), worker.clips_at[0], worker.mask.data(), nullptr, nullptr};
    if (pass_clips > 1) in.clips_at = worker.clips_at.data();
    if (!keep.empty()) {
      Head::arrange_dropout(in.clips, keep.data() + first * Head::dropout_units, worker.keep.data());
      in.keep = worker.keep.data();
    }
    return in;
  }

  struct Block {
    std::size_t first, count;
  };
  /// Adds the groups' gradients of one block of parameters to the first group's, in order; an exchange has done so.
  Block sum_groups(std::size_t block, std::size_t clips) {
    const std::size_t first = block * block_parameters, count = std::min(block_parameters, parameters_ - first);
    if (exchange_) return {first, count};
    for (std::size_t group = 1; group < groups(clips); ++group)
      Backend::column_sums(1, static_cast<int>(count), gradients_.data() + group * stride_ + first,
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
  GroupExchange* exchange_;
  std::size_t parameters_;
  Adam<Backend> adam_;
  std::size_t stride_;                  // from group to group: whole cache lines
  typename Backend::Memory gradients_;  // (groups, stride)
  std::vector<float> losses_;
  std::vector<unsigned char> correct_;
  std::vector<Worker> workers_;
};

}  // namespace rcar
