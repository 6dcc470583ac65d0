#include <rcar/train/fit.hpp>

#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <rcar/heads/sequence_head.hpp>
#include <string>
#include <vector>

#include "tests/support/toy_features.hpp"

namespace {

using namespace rcar;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;
using Head = SequenceHead<10, 4, GRU>;

const FeatureSet train_set = test::random_features(23, 4, 10, 3, 1);
const FeatureSet validation_set = test::random_features(11, 4, 10, 3, 2);

fs::path scratch_file() { return fs::temp_directory_path() / ("rcar_fit_" + std::to_string(::getpid())); }

}  // namespace

TEST_CASE("fit restores the weights of the epoch with the lowest validation loss") {
  Head head(3, 1);
  std::vector<std::vector<float>> weights_of_epoch;
  FitOptions options{.epochs = 40, .batch_size = 8, .patience = 6, .learning_rate = 0.02f};
  options.on_epoch = [&](int, const History&) { weights_of_epoch.push_back(head.values()); };
  const History history = fit(head, train_set, validation_set, options);

  REQUIRE(history.stopped_early);  // noise does not generalise
  const auto lowest = std::min_element(history.val_loss.begin(), history.val_loss.end());
  CHECK(history.best_epoch == lowest - history.val_loss.begin() + 1);
  CHECK(static_cast<int>(history.val_loss.size()) == history.best_epoch + 6);
  CHECK(history.loss.size() == history.val_loss.size());
  CHECK(history.accuracy.size() == history.val_accuracy.size());
  CHECK(head.values() == weights_of_epoch[static_cast<std::size_t>(history.best_epoch - 1)]);
  CHECK(head.values() != weights_of_epoch.back());
  CHECK(evaluate(head, validation_set).loss == *lowest);
}

TEST_CASE("the checkpoint on disk holds the best weights") {
  const fs::path file = scratch_file();
  Head head(3, 1), loaded(3, 9);
  const History history = fit(head, train_set, validation_set, {.epochs = 5, .checkpoint = file});
  const weights::Store store = weights::read_safetensors(file);
  loaded.load(store);
  CHECK(loaded.values() == head.values());
  CHECK(store.metadata.at("epoch") == std::to_string(history.best_epoch));
  fs::remove(file);
}

TEST_CASE("a checkpoint that cannot be written is an error that names it") {
  Head head(3, 1);
  CHECK_THROWS_AS(fit(head, train_set, validation_set, {.epochs = 2, .checkpoint = "/nowhere/at/all"}), FileError);
}

TEST_CASE("without validation clips the training loss decides, and the history says so") {
  Head head(3, 1);
  const History history = fit(head, train_set, {}, {.epochs = 3});
  CHECK(history.monitor == "loss");
  CHECK(history.val_loss.empty());
  CHECK(history.loss.size() == 3);
  CHECK(history.best_epoch >= 1);
}

TEST_CASE("the batch order and the dropout decisions can be given") {
  std::vector<int> batches;
  FitOptions options{.epochs = 2, .batch_size = 10};
  options.batch_order = [](int epoch, std::span<std::size_t> order) {
    CHECK(order.size() == 23);
    CHECK(order[22] == 22);
    if (epoch == 2) std::reverse(order.begin(), order.end());
  };
  options.dropout_mask = [&](int, int batch, std::span<float> keep) {
    batches.push_back(batch);
    CHECK(keep.size() == (batch == 3 ? 3 : 10) * Head::dropout_units);
    std::fill(keep.begin(), keep.end(), 1.0f);
  };
  Head head(3, 1);
  fit(head, train_set, {}, options);
  CHECK(batches == std::vector<int>{1, 2, 3, 1, 2, 3});

  Head by_hand(3, 1);  // the same steps without fit
  Trainer<Head> trainer(by_hand, 10);
  std::vector<std::size_t> order(23);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::vector<float> keep(10 * Head::dropout_units, 1.0f);
  std::vector<std::vector<float>> values;
  for (int epoch = 0; epoch < 2; ++epoch, std::reverse(order.begin(), order.end())) {
    for (std::size_t first = 0; first < 23; first += 10) {
      const std::size_t count = std::min<std::size_t>(10, 23 - first);
      trainer.step(train_set, std::span(order).subspan(first, count),
                   std::span(keep).first(count * Head::dropout_units));
    }
    values.push_back(by_hand.values());
  }
  CHECK(std::count(values.begin(), values.end(), head.values()) == 1);
}

TEST_CASE("the mean loss does not depend on how clips are cut into batches") {
  FitOptions options{.epochs = 1, .learning_rate = 1e-12f};
  options.dropout_mask = [](int, int, std::span<float> keep) { std::fill(keep.begin(), keep.end(), 1.0f); };
  Head whole(3, 1), cut(3, 1);
  options.batch_size = 64;
  const double one_batch = fit(whole, train_set, {}, options).loss[0];
  options.batch_size = 5;
  CHECK(fit(cut, train_set, {}, options).loss[0] == Approx(one_batch).epsilon(1e-6));
}

TEST_CASE("a loss that becomes NaN is an error that says what to do, and the best weights stay") {
  const std::vector<float> initial = Head(3, 1).values();
  Head head(3, 1);
  FitOptions options{.epochs = 60, .batch_size = 8, .patience = 60, .learning_rate = 1e38f};
  CHECK_THROWS_AS(fit(head, train_set, validation_set, options), UsageError);
  CHECK(head.values() == initial);
  CHECK_THROWS_WITH(fit(head, train_set, validation_set, options), Contains("lower the learning rate"));

  std::vector<float> broken = initial;
  broken[0] = std::nanf("");  // in the first kernel: it must show through every layer
  head.assign(broken);
  options.learning_rate = 1e-3f;
  CHECK_THROWS_AS(fit(head, train_set, validation_set, options), UsageError);
}

TEST_CASE("options out of range are refused by name") {
  Head head(3, 1);
  CHECK_THROWS_WITH(fit(head, train_set, {}, {.epochs = 0}), Contains("epochs is 0"));
  CHECK_THROWS_WITH(fit(head, train_set, {}, {.batch_size = -1}), Contains("batch_size is -1"));
  CHECK_THROWS_WITH(fit(head, train_set, {}, {.patience = -1}), Contains("patience is -1"));
  CHECK_THROWS_WITH(fit(head, train_set, {}, {.learning_rate = -1}), Contains("learning_rate"));
}

TEST_CASE("evaluation counts the clips whose likeliest class is the true one") {
  const Head head(3, 1);
  const Evaluation result = evaluate(head, validation_set);
  double correct = 0, loss = 0;
  for (std::size_t i = 0; i < 11; ++i) {
    const float* p = result.probabilities.data() + i * 3;
    const int label = validation_set.labels[i];
    correct += p[label] > p[(label + 1) % 3] && p[label] > p[(label + 2) % 3];
    loss -= std::log(double(p[label]));
  }
  CHECK(result.accuracy == correct / 11);
  CHECK(result.loss == Approx(loss / 11).epsilon(1e-6));
}
