#pragma once
/// Training of a head: epochs of shuffled batches, early stopping, the best weights kept.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../core/error.hpp"
#include "../core/hash.hpp"
#include "../core/random.hpp"
#include "../core/version.hpp"
#include "../data/feature_set.hpp"
#include "../weights/safetensors.hpp"
#include "../weights/store.hpp"
#include "early_stopping.hpp"
#include "evaluate.hpp"
#include "group_exchange.hpp"
#include "history.hpp"
#include "trainable.hpp"
#include "trainer.hpp"
#include "training_state.hpp"

namespace rcar {

/// How to train; the defaults are the Keras pipeline's. Epochs and batches count from 1.
struct FitOptions {
  int epochs = 60;
  int batch_size = 64;
  int patience = 15;  // epochs without a better validation loss
  float learning_rate = 1e-3f;
  std::uint64_t seed = 1;                 // of shuffling and dropout; the head has its own
  std::filesystem::path checkpoint = {};  // file of the best weights so far, replaced whole; empty: kept in memory only

  /// File that keeps the state between epochs. Where it holds one of this very training, fit goes on from it and ends
  /// with the same bits as an undisturbed run. It stays when fit ends, so that a run that is killed before it has
  /// written its results trains nothing again: remove it once they are written. Empty: none.
  std::filesystem::path training_state = {};
  double training_state_interval_s = 1;  // it is written no more often, but for the end
  /// Of several processes that train together one keeps the state, and the others only read it.
  StateAccess training_state_access = StateAccess::keep;
  /// Told that a training state is damaged or of another training.
  std::function<void(const std::string&)> warn = [](const std::string& text) {
    std::fprintf(stderr, "warning: %s\n", text.c_str());
  };

  /// With other processes that call fit() with the same sets and options; only one of them may have a checkpoint.
  GroupExchange* exchange = nullptr;

  /// Called after every epoch that this run trained.
  std::function<void(int epoch, const History&)> on_epoch = {};
  /// Replaces the shuffling: permutes `order`, the rows 0 to N - 1, which are then taken batch by batch.
  std::function<void(int epoch, std::span<std::size_t> order)> batch_order = {};
  /// Replaces the drawing of dropout decisions: fills keep (n, dropout_units) of the batch's n clips with 0 and 1.
  std::function<void(int epoch, int batch, std::span<float> keep)> dropout_mask = {};
  // With a training state, both must give the same for the same arguments in every run.
};

namespace detail {

/// Streams of random numbers that differ from one another and from those of the initial weights.
enum class Stream : std::uint64_t { shuffling = 1, dropout = 2 };
inline Random stream_of(std::uint64_t seed, Stream stream, int epoch) {
  return Random(seed, (static_cast<std::uint64_t>(stream) << 32) + static_cast<std::uint64_t>(epoch));
}

inline void require_sensible(const FitOptions& options) {
  const auto at_least = [](const char* name, int value, int least) {
    if (value < least)
      throw UsageError(std::string("Option ") + name + " is " + std::to_string(value) + "; give at least " +
                       std::to_string(least) + ".");
  };
  at_least("epochs", options.epochs, 1);
  at_least("batch_size", options.batch_size, 1);
  at_least("patience", options.patience, 0);
  if (!(options.learning_rate > 0) || !std::isfinite(options.learning_rate))
    throw UsageError("Option learning_rate is " + std::to_string(options.learning_rate) + "; give a positive number.");
}

inline void require_loss(double loss, std::string_view which, int epoch, const FitOptions& options) {
  if (!std::isfinite(loss))
    throw UsageError("The " + std::string(which) + " loss became NaN or infinite in epoch " + std::to_string(epoch) +
                     "; lower the learning rate (it is " + std::to_string(options.learning_rate) +
                     ") or scale the features down.");
}

/// All that decides what fit gives, but for the number of epochs, which changes none of those before.
template <class Head>
TrainingKey training_key(const Head& head, const FeatureSet& train, const FeatureSet& validation,
                         const FitOptions& options) {
  const std::vector<float> values = head.values();
  char rate[32];
  std::snprintf(rate, sizeof rate, "%.9g", static_cast<double>(options.learning_rate));
  return {{"rcar", std::string(version) + ", engine " + std::to_string(engine_version)},
          {"back end", Head::backend_type::engine()},
          {"head", std::to_string(Head::sequence_length) + " x " + std::to_string(Head::feature_dim) + " -> " +
                       Head::description() + " of " + std::to_string(head.classes())},
          {"initial weights", Sha256().add(std::as_bytes(std::span(values))).hex()},
          {"training clips", training_hash(train)},
          {"validation clips", training_hash(validation)},
          {"batch size", std::to_string(options.batch_size)},
          {"patience", std::to_string(options.patience)},
          {"learning rate", rate},
          {"order of sums", options.exchange ? options.exchange->order() : GroupExchange::in_order},
          {"seed", std::to_string(options.seed)}};
}

/// The best weights so far: in memory, and on disk when there is a path.
template <class Head>
class BestWeights {
 public:
  BestWeights(const Head& head, std::filesystem::path path) : path_(std::move(path)), values_(head.values()) {}

  void keep(const Head& head, int epoch) {
    Head::backend_type::download(head.data(), values_.size(), values_.data());
    if (path_.empty()) return;
    weights::Store store;
    head.store(store);
    store.metadata = {{"format", "rcar-checkpoint"},
                      {"version", "1"},
                      {"epoch", std::to_string(epoch)},
                      {"head", Head::description()}};
    weights::write_safetensors(path_, store);
  }
  void restore(Head& head) const { head.assign(values_); }
  const std::vector<float>& values() const { return values_; }

 private:
  std::filesystem::path path_;
  std::vector<float> values_;
};

}  // namespace detail

/// Trains `head` on `train` until `epochs` have passed or the validation loss has not fallen for `patience` of them,
/// and restores the weights of the best epoch. Without validation clips the training loss decides instead, and
/// History::monitor says so. The same seed gives the same bits for any number of threads.
///
/// Throws DataError for sets that cannot be used (naming the clip), UsageError for options out of range and when the
/// loss becomes NaN, FileError when the checkpoint or the training state cannot be written; the head then has the best
/// weights so far (before the end of the first epoch: those it came with).
template <class Head>
History fit(Head& head, const FeatureSet& train, const FeatureSet& validation, const FitOptions& options = {}) {
  detail::require_sensible(options);
  require_usable(train, head.classes(), "training");
  Head::require_shapes(train.features, train.mask);
  const bool validates = validation.size() > 0;

  const std::size_t clips = train.size(), batch_size = std::min<std::size_t>(options.batch_size, clips);
  Trainer<Head> trainer(head, batch_size, AdamOptions{.learning_rate = options.learning_rate}, options.exchange);
  detail::BestWeights<Head> best(head, options.checkpoint);
  EarlyStopping early_stopping(options.patience);
  std::optional<TrainingStateFile> state_file;
  if (!options.training_state.empty())
    state_file.emplace(options.training_state, detail::training_key(head, train, validation, options),
                       head.parameter_count(), options.training_state_interval_s, options.warn);
  std::optional<Evaluator<Head>> evaluator;
  if (validates) evaluator.emplace(head, validation);
  std::vector<std::size_t> order(clips);
  std::vector<float> keep(batch_size * Head::dropout_units);
  History history;
  history.monitor = validates ? "val_loss" : "loss";
  for (auto* column : {&history.loss, &history.accuracy, &history.val_loss, &history.val_accuracy})
    column->reserve(static_cast<std::size_t>(std::min(options.epochs, 1000)));  // so that epochs allocate nothing

  const auto run_epoch = [&](int epoch) {
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (options.batch_order)
      options.batch_order(epoch, order);
    else
      detail::stream_of(options.seed, detail::Stream::shuffling, epoch).shuffle(std::span(order));
    Random dropout = detail::stream_of(options.seed, detail::Stream::dropout, epoch);
    BatchResult sums;
    for (std::size_t first = 0, batch = 1; first < clips; first += batch_size, ++batch) {
      const std::size_t count = std::min(batch_size, clips - first);
      const std::span<float> kept(keep.data(), count * Head::dropout_units);
      if (options.dropout_mask)
        options.dropout_mask(epoch, static_cast<int>(batch), kept);
      else
        for (std::size_t i = 0; i < count; ++i) Head::draw_dropout(dropout, kept.data() + i * Head::dropout_units);
      const BatchResult result = trainer.step(train, std::span(order).subspan(first, count), kept);
      detail::require_loss(result.loss, "training", epoch, options);
      sums.loss += result.loss;
      sums.correct += result.correct;
    }
    history.loss.push_back(sums.loss / static_cast<double>(clips));
    history.accuracy.push_back(static_cast<double>(sums.correct) / static_cast<double>(clips));
    if (!validates) return;
    const Evaluation& evaluation = evaluator->run();
    detail::require_loss(evaluation.loss, "validation", epoch, options);
    history.val_loss.push_back(evaluation.loss);
    history.val_accuracy.push_back(evaluation.accuracy);
  };

  // Follows from the losses alone, and so comes back from the history of a training state.
  const auto judge_epoch = [&](int epoch) {
    const auto& losses = validates ? history.val_loss : history.loss;
    const bool improved = early_stopping.improves(losses[static_cast<std::size_t>(epoch - 1)]);
    if (improved) history.best_epoch = epoch;
    history.stopped_early = early_stopping.stop();
    return improved;
  };
  const auto resume = [&](const TrainingState& state) {
    history = state.history;
    history.monitor = validates ? "val_loss" : "loss";
    history.resumed_after = state.epochs();
    for (int epoch = 1; epoch <= state.epochs(); ++epoch) judge_epoch(epoch);
    head.assign(state.best);
    best.keep(head, history.best_epoch);
    head.assign(state.values);
    trainer.restore_optimizer(state.adam);
  };

  try {
    if (state_file)
      if (const auto state = state_file->read(options.epochs, options.training_state_access)) resume(*state);
    for (int epoch = history.resumed_after + 1; epoch <= options.epochs && !history.stopped_early; ++epoch) {
      run_epoch(epoch);
      if (judge_epoch(epoch)) best.keep(head, epoch);
      if (state_file && options.training_state_access == StateAccess::keep &&
          (state_file->due() || epoch == options.epochs || history.stopped_early))
        state_file->write({head.values(), best.values(), trainer.optimizer(), history});
      if (options.on_epoch) options.on_epoch(epoch, history);
    }
  } catch (...) {
    best.restore(head);
    throw;
  }
  best.restore(head);
  return history;
}

}  // namespace rcar
