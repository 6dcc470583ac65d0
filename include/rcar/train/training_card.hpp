#pragma once
/// How a model came to be, as its file tells it.

#include <cstdint>
#include <string>

namespace rcar {

/// How a model was trained and what it reached: its accuracy card. Fractions, not percent; -1 where not measured.
struct TrainingCard {
  std::int64_t train_clips = 0, validation_clips = 0, test_clips = 0;
  std::int64_t epochs = 0, best_epoch = 0;  // epochs run, and the one (from 1) whose weights were kept
  std::int64_t batch_size = 0, patience = 0;
  std::uint64_t seed = 0;
  double learning_rate = 0;
  std::string validation;  // "stratified", "last", "none"; empty: converted, not trained here
  double validation_loss = -1, test_loss = -1, test_accuracy = -1;
};

}  // namespace rcar
