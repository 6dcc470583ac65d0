/// Gradients are derivatives.

#include <catch2/catch.hpp>
#include <cmath>
#include <rcar/heads/sequence_head.hpp>
#include <rcar/train/device_trainer.hpp>
#include <rcar/train/trainer.hpp>
#include <tuple>
#include <vector>

#include "tests/support/backends.hpp"
#include "tests/support/toy_features.hpp"

namespace {

using namespace rcar;
using namespace rcar::heads;

/// Every kind of layer in every place it may stand.
template <class Cell>
using Everything = Stack<Dropout<std::ratio<1, 4>>, Dense<6, Activation::tanh>, Recurrent<Cell, 5, Returns::sequences>,
                         Dense<4>, Dropout<std::ratio<1, 10>>, Recurrent<Cell, 7>, Dense<5, Activation::sigmoid>>;

}  // namespace

TEMPLATE_TEST_CASE("gradients equal finite differences in every parameter tensor", "",
                   RCAR_CELLS_AND_BACKENDS_UNDER_TEST) {
  using Cell = std::tuple_element_t<0, TestType>;
  using Head = SequenceHead<4, 6, Cell, std::tuple_element_t<1, TestType>, Everything<Cell>>;
  const FeatureSet set = test::random_features(5, 6, 4, 3);
  const std::vector<std::size_t> rows{4, 0, 2, 1, 3};
  Random random(11);
  std::vector<float> keep(rows.size() * Head::dropout_units);
  for (std::size_t i = 0; i < rows.size(); ++i) Head::draw_dropout(random, keep.data() + i * Head::dropout_units);

  Head head(3, 2);
  std::vector<float> at = head.values();
  for (float& x : at) x += 0.3f * static_cast<float>(random.normal());  // so that biases are not zero
  head.assign(at);
  Trainer<Head> trainer(head, rows.size());
  trainer.differentiate(set, rows, keep);
  const std::vector<float> gradient = trainer.gradient();

  for (const auto& p : head.parameters()) {
    INFO(p.name);
    double along = 0, norm = 0;  // the derivative along a random direction of this tensor
    std::vector<float> direction(at.size(), 0.0f);
    for (std::size_t i = p.offset; i < p.offset + p.size; ++i) {
      direction[i] = static_cast<float>(random.normal() / std::sqrt(double(p.size)));
      along += double(gradient[i]) * direction[i];
      norm += double(gradient[i]) * gradient[i];
    }
    REQUIRE(norm > 0);
    const auto loss_at = [&](float distance) {
      std::vector<float> moved = at;
      for (std::size_t i = 0; i < at.size(); ++i) moved[i] += distance * direction[i];
      head.assign(moved);
      return trainer.differentiate(set, rows, keep).loss / 5;
    };
    const double h = 0.01;
    const double numeric = (8 * (loss_at(h) - loss_at(-h)) - (loss_at(2 * h) - loss_at(-2 * h))) / (12 * h);
    CHECK(std::abs(numeric - along) < 5e-5 + 2e-3 * std::sqrt(norm / double(p.size)));
  }
}

#ifndef RCAR_TEST_ON_CUDA
TEMPLATE_TEST_CASE("gradients have the same bits on one thread and on all, and hardly differ from one clip at a time",
                   "", GRU, LSTM) {
  using Layers = Stack<Recurrent<TestType, 5, Returns::sequences>, Dropout<std::ratio<1, 10>>, Recurrent<TestType, 7>,
                       Dropout<std::ratio<1, 4>>>;
  using Head = SequenceHead<40, 6, TestType, backend::Native<>, Layers>;  // the first layer reads clips that lie apart
  static_assert(Head::reads_apart);
  const FeatureSet set = test::random_features(45, 6, 40, 3);
  std::vector<std::size_t> rows(43);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = (i * 7) % 45;
  Random random(11);
  std::vector<float> keep(rows.size() * Head::dropout_units);
  for (std::size_t i = 0; i < rows.size(); ++i) Head::draw_dropout(random, keep.data() + i * Head::dropout_units);

  Head head(3, 2);
  Trainer<Head> trainer(head, rows.size());
  const double loss = trainer.differentiate(set, rows, keep).loss;
  const std::vector<float> gradient = trainer.gradient();
  parallel_for(2, [&](std::size_t i, std::size_t) {
    if (i == 0) trainer.differentiate(set, rows, keep);  // nested, and so on this thread alone
  });
  CHECK(trainer.gradient() == gradient);

  std::vector<double> sum(gradient.size());  // every clip by itself, with its own dropout decisions
  double sum_of_losses = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto kept = std::span(keep).subspan(i * Head::dropout_units, Head::dropout_units);
    sum_of_losses += trainer.differentiate(set, std::span(rows).subspan(i, 1), kept).loss;
    const std::vector<float> one = trainer.gradient();
    for (std::size_t j = 0; j < sum.size(); ++j) sum[j] += one[j];
  }
  CHECK(loss == Approx(sum_of_losses).epsilon(1e-6));
  for (std::size_t j = 0; j < sum.size(); ++j)
    CHECK(gradient[j] == Approx(sum[j] / double(rows.size())).epsilon(1e-4).margin(1e-6));
}
#endif
