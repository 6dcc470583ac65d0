/// Training on a device.

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <limits>
#include <rcar/backend/reference.hpp>
#include <rcar/heads/sequence_head.hpp>
#include <rcar/train/fit.hpp>
#include <string>
#include <vector>

#include "tests/support/backends.hpp"
#include "tests/support/toy_features.hpp"

namespace {

using namespace rcar;
using Device = test::DeviceUnderTest;

template <class Cell, class B>
using Head = SequenceHead<30, 6, Cell, B>;

/// Three epochs with the last batch smaller than the others.
template <class Cell, class B>
std::pair<History, std::vector<float>> trained() {
  const FeatureSet train = test::random_features(43, 6, 30, 3, 1), validation = test::random_features(21, 6, 30, 3, 2);
  Head<Cell, B> head(3, 5);
  History history = fit(head, train, validation, {.epochs = 3, .batch_size = 16});
  return {std::move(history), head.values()};
}

}  // namespace

TEMPLATE_TEST_CASE("training on a device is training on Reference", "", GRU, LSTM) {
  const auto [history, values] = trained<TestType, Device>();
  const auto [expected_history, expected] = trained<TestType, backend::Reference>();
  for (std::size_t epoch = 0; epoch < 3; ++epoch) {
    CHECK(history.loss[epoch] == Approx(expected_history.loss[epoch]).epsilon(1e-4));
    CHECK(history.val_loss[epoch] == Approx(expected_history.val_loss[epoch]).epsilon(1e-4));
    CHECK(history.accuracy[epoch] == Approx(expected_history.accuracy[epoch]));
  }
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(values[i] == Approx(expected[i]).epsilon(1e-3).margin(1e-4));
}

TEMPLATE_TEST_CASE("training on a device gives the same bits every time", "", GRU, LSTM) {
  CHECK(trained<TestType, Device>().second == trained<TestType, Device>().second);
}

TEST_CASE("a training on a device that ends early is gone on with and gives the same bits") {
  const FeatureSet train = test::random_features(43, 6, 30, 3, 1), validation = test::random_features(21, 6, 30, 3, 2);
  const auto state = std::filesystem::temp_directory_path() / ("rcar_device_state_" + std::to_string(::getpid()));
  FitOptions options{.epochs = 5, .batch_size = 16, .training_state = state, .training_state_interval_s = 0};
  options.on_epoch = [](int epoch, const History&) {
    if (epoch == 2) throw 2;
  };
  Head<LSTM, Device> killed(3, 5), resumed(3, 5), undisturbed(3, 5);
  CHECK_THROWS_AS(fit(killed, train, validation, options), int);
  options.on_epoch = {};
  const History history = fit(resumed, train, validation, options);
  std::filesystem::remove(state);
  options.training_state.clear();
  const History expected = fit(undisturbed, train, validation, options);
  CHECK(history.resumed_after == 2);
  CHECK(history.loss == expected.loss);
  CHECK(history.val_loss == expected.val_loss);
  CHECK(resumed.values() == undisturbed.values());
}

TEST_CASE("a device learns what only the order of frames tells") {
  const FeatureSet train = test::ordered_features(64, 8, 6, 1), test_set = test::ordered_features(40, 8, 6, 2);
  SequenceHead<6, 8, LSTM, Device> head(2, 1);
  fit(head, train, test_set, {.epochs = 60, .batch_size = 16, .learning_rate = 0.02f});
  CHECK(evaluate(head, test_set).accuracy > 0.95);
}

TEST_CASE("two sets may be trained on in turn") {
  const FeatureSet a = test::random_features(10, 6, 30, 3, 1), b = test::random_features(12, 6, 30, 3, 2);
  const std::vector<std::size_t> rows{0, 3, 9};
  Head<GRU, Device> head(3, 5);
  Trainer<Head<GRU, Device>> trainer(head, 3);
  trainer.differentiate(a, rows, {});
  const auto of_a = trainer.gradient();
  trainer.differentiate(b, rows, {});
  CHECK(trainer.gradient() != of_a);
  trainer.differentiate(a, rows, {});
  CHECK(trainer.gradient() == of_a);
}

#ifndef RCAR_TEST_ON_CUDA

TEMPLATE_TEST_CASE("no thread of training reads what another one writes in the same phase", "", GRU, LSTM) {
  const auto forwards = trained<TestType, Device>();
  auto& device = backend::portable::Device::instance();
  device.backwards = true;
  const auto backwards = trained<TestType, Device>();
  device.backwards = false;
  CHECK(backwards.second == forwards.second);
  CHECK(backwards.first.val_loss == forwards.first.val_loss);
}

TEST_CASE("epochs after the first allocate nothing on the device, and all memory is given back") {
  auto& memory = backend::portable::Device::instance();
  const std::size_t before = memory.taken;
  std::vector<std::size_t> allocations;
  {
    const FeatureSet train = test::random_features(43, 6, 30, 3, 1),
                     validation = test::random_features(21, 6, 30, 3, 2);
    Head<GRU, Device> head(3, 5);
    FitOptions options{.epochs = 4, .batch_size = 16};
    options.on_epoch = [&](int, const History&) { allocations.push_back(memory.allocations); };
    fit(head, train, validation, options);
  }
  REQUIRE(allocations.size() == 4);
  CHECK(allocations[3] == allocations[0]);
  CHECK(memory.taken == before);
}

TEST_CASE("features that do not fit into a device's memory are told of, and the head stays as it was") {
  const FeatureSet train = test::random_features(4000, 6, 30, 3, 1);
  Head<GRU, Device> head(3, 5);
  const auto values = head.values();
  auto& memory = backend::portable::Device::instance();
  memory.limit = memory.taken + 2000000;
  CHECK_THROWS_WITH(fit(head, train, train, {.epochs = 1}),
                    Catch::Contains("Memory of the processor does not suffice"));
  memory.limit = std::numeric_limits<std::size_t>::max();
  CHECK(head.values() == values);
}

#endif
