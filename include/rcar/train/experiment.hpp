#pragma once
/// The Keras pipeline's conduct_experiment: split, train with early stopping, keep the best weights.

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "../data/feature_set.hpp"
#include "../data/split.hpp"
#include "../data/string_lookup.hpp"
#include "fit.hpp"
#include "group_exchange.hpp"
#include "training_card.hpp"

namespace rcar {

/// What an experiment may be told; the defaults are the original's, but for the validation split.
struct ExperimentOptions {
  int epochs = 60;
  int batch_size = 64;
  int patience = 15;  // epochs without a better validation loss
  float learning_rate = 1e-3f;
  std::uint64_t seed = 1;
  Validation validation = Validation::stratified;
  double validation_split = 0.3;
  std::filesystem::path cache = {};       // folder of the feature cache; empty: none
  std::filesystem::path checkpoint = {};  // file of the best weights so far; empty: kept in memory only
  /// File from which an interrupted training goes on (FitOptions::training_state); empty: none.
  std::filesystem::path training_state = {};
  StateAccess training_state_access = StateAccess::keep;
  std::function<void(const std::string&)> warn = [](const std::string& text) {
    std::fprintf(stderr, "warning: %s\n", text.c_str());
  };
  GroupExchange* exchange = nullptr;  // with other processes: FitOptions tells
  std::function<void(int epoch, const History&)> on_epoch = {};
};

/// What conduct_experiment gives; the head that it was given is trained.
struct Experiment {
  History history;
  TrainingCard card;
  Split split;  // rows of the feature set that trained and validated
};

/// Splits `features`, trains `head` on the training part and restores the best epoch's weights into it.
/// Throws DataError when a class has no training clip (naming it), with fewer than two classes, and for NaN features.
template <class Head>
Experiment conduct_experiment(Head& head, const FeatureSet& features, const StringLookup& labels,
                              const ExperimentOptions& options) {
  require_trainable(features, labels);
  Experiment result;
  result.split = split_validation(features, labels, options.validation, options.validation_split, options.seed);
  for (const auto& warning : result.split.warnings)
    if (options.warn) options.warn(warning);
  const FeatureSet train = features.select(result.split.train);
  const FeatureSet validation = features.select(result.split.validation);
  FitOptions fit_options;
  fit_options.epochs = options.epochs;
  fit_options.batch_size = options.batch_size;
  fit_options.patience = options.patience;
  fit_options.learning_rate = options.learning_rate;
  fit_options.seed = options.seed;
  fit_options.checkpoint = options.checkpoint;
  fit_options.training_state = options.training_state;
  fit_options.training_state_access = options.training_state_access;
  fit_options.warn = options.warn;
  fit_options.exchange = options.exchange;
  fit_options.on_epoch = options.on_epoch;
  result.history = fit(head, train, validation, fit_options);

  TrainingCard& card = result.card;
  card.train_clips = static_cast<std::int64_t>(train.size());
  card.validation_clips = static_cast<std::int64_t>(validation.size());
  card.epochs = static_cast<std::int64_t>(result.history.loss.size());
  card.best_epoch = result.history.best_epoch;
  card.batch_size = options.batch_size;
  card.patience = options.patience;
  card.seed = options.seed;
  card.learning_rate = options.learning_rate;
  card.validation = to_string(options.validation);
  if (validation.size() > 0 && card.best_epoch > 0)
    card.validation_loss = result.history.val_loss[static_cast<std::size_t>(card.best_epoch - 1)];
  return result;
}

}  // namespace rcar
