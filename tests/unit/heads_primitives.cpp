/// The heads' primitives of every back end, against Reference.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <rcar/core/random.hpp>
#include <rcar/heads/cell.hpp>
#include <tuple>
#include <vector>

#include "tests/support/backends.hpp"

namespace {

using namespace rcar;
using backend::Reference;

std::vector<float> normal(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> out(count);
  for (float& x : out) x = static_cast<float>(random.normal());
  return out;
}

template <class B>
bool close(const std::vector<float>& ours, const std::vector<float>& reference) {
  double largest = 0, difference = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    largest = std::max(largest, std::abs(double(reference[i])));
    difference = std::max(difference, std::abs(double(ours[i]) - reference[i]));
  }
  CAPTURE(difference, largest);
  return largest > 0 && difference <= double(backend::Tolerance<B>::value) * largest;
}

/// All that a recurrence and its backward pass write.
struct Everything {
  std::vector<float> states, last, d_projected, d_kernel, d_bias;
};

template <class B, class Cell>
Everything recurrence(int units, bool by_states) {
  const int N = 3, T = 6, U = units, G = Cell::gates;
  const auto projected = normal(N * T * G * U, 1), initial = normal(N * 2 * U, 2), bias = normal(G * U, 4),
             incoming = normal(N * T * U, 5);
  auto kernel = normal(U * G * U, 3);
  for (float& x : kernel) x /= std::sqrt(static_cast<float>(U));  // so that many units do not only saturate the gates
  const bool mask[] = {true,  true,  true, true, true,  true, false, true, true,
                       false, false, true, true, false, true, false, true, false};
  Everything e{std::vector<float>(N * T * U), std::vector<float>(N * U), std::vector<float>(N * T * G * U),
               normal(U * G * U, 6), normal(G * U, 7)};  // the parameters' gradients are added to what is there
  std::vector<float> saved(N * T * Cell::saved_per_unit * U), scratch(6 * U);
  const backend::Recurrence in{
      N, T, U, mask, projected.data(), initial.data(), kernel.data(), Cell::bias_rows == 2 ? bias.data() : nullptr};
  const backend::RecurrenceOutput out{e.states.data(), e.last.data(), saved.data()};
  const backend::RecurrenceGradient gradient{by_states ? incoming.data() : nullptr,
                                             by_states ? nullptr : incoming.data(),
                                             e.d_projected.data(),
                                             e.d_kernel.data(),
                                             e.d_bias.data(),
                                             scratch.data()};
  Cell::template forward<B>(in, out);
  Cell::template backward<B>(in, out, gradient);
  return e;
}

}  // namespace

/// Both cells on one back end.
template <class Cell, class B>
void compare_recurrences() {
  for (int units : {1, 3, 5, 8, 16, 37, 90}) {
    for (bool by_states : {true, false}) {
      CAPTURE(units, by_states);
      const Everything ours = recurrence<B, Cell>(units, by_states);
      const Everything reference = recurrence<Reference, Cell>(units, by_states);
      CHECK(close<B>(ours.states, reference.states));
      CHECK(close<B>(ours.last, reference.last));
      CHECK(close<B>(ours.d_projected, reference.d_projected));
      CHECK(close<B>(ours.d_kernel, reference.d_kernel));
      CHECK(close<B>(ours.d_bias, reference.d_bias));
    }
  }
}

TEMPLATE_TEST_CASE("recurrences equal Reference's for any number of units", "", RCAR_PRIMITIVES_UNDER_TEST) {
  compare_recurrences<GRU, TestType>();
  compare_recurrences<LSTM, TestType>();
}

TEMPLATE_TEST_CASE("dense layers' primitives equal Reference's", "", RCAR_PRIMITIVES_UNDER_TEST) {
  using B = TestType;
  const auto x = normal(7 * 11, 1), bias = normal(11, 2), dy = normal(7 * 11, 3);
  for (auto activation : {Activation::linear, Activation::relu, Activation::relu6, Activation::sigmoid,
                          Activation::tanh, Activation::swish}) {
    CAPTURE(static_cast<int>(activation));
    auto ours = x, reference = x;
    B::bias_activation(7, 11, bias.data(), activation, ours.data());
    Reference::bias_activation(7, 11, bias.data(), activation, reference.data());
    CHECK(close<B>(ours, reference));
    if (activation == Activation::swish) continue;  // its derivative is not known from its result
    auto ours_gradient = dy, reference_gradient = dy;
    B::activation_backward(ours.size(), activation, reference.data(), ours_gradient.data());
    Reference::activation_backward(ours.size(), activation, reference.data(), reference_gradient.data());
    CHECK(close<B>(ours_gradient, reference_gradient));
  }
  for (int columns : {1, 11, 16, 77}) {
    auto ours = normal(static_cast<std::size_t>(columns), 4), reference = ours;
    const auto rows = normal(static_cast<std::size_t>(5 * columns), 5);
    B::column_sums(5, columns, rows.data(), ours.data());
    Reference::column_sums(5, columns, rows.data(), reference.data());
    CHECK(close<B>(ours, reference));
  }
}

TEMPLATE_TEST_CASE("softmax and cross-entropy equal Reference's, also far from zero", "", RCAR_PRIMITIVES_UNDER_TEST) {
  using B = TestType;
  for (auto [shift, classes] : {std::pair{0.0f, 4}, {500.0f, 4}, {-500.0f, 4}, {0.0f, 101}, {-500.0f, 101}}) {
    const std::size_t count = static_cast<std::size_t>(6 * classes);
    auto logits = normal(count, 1);
    for (float& x : logits) x = 3 * x + shift;
    const int labels[] = {0, 1, 2, 3, 1, 0};
    std::vector<float> ours(count), reference(count), ours_loss(6), reference_loss(6);
    B::softmax(6, classes, logits.data(), ours.data());
    Reference::softmax(6, classes, logits.data(), reference.data());
    CHECK(close<B>(ours, reference));
    B::cross_entropy(6, classes, logits.data(), labels, ours_loss.data());
    Reference::cross_entropy(6, classes, logits.data(), labels, reference_loss.data());
    CHECK(close<B>(ours_loss, reference_loss));
    B::cross_entropy_backward(6, classes, logits.data(), labels, 0.25f, ours.data());
    Reference::cross_entropy_backward(6, classes, logits.data(), labels, 0.25f, reference.data());
    CHECK(close<B>(ours, reference));
  }
}

TEMPLATE_TEST_CASE("Adam and dropout equal Reference's", "", RCAR_PRIMITIVES_UNDER_TEST) {
  using B = TestType;
  const backend::AdamStep step{0.01f, 0.1f, 0.001f, 1e-7f};
  auto m = normal(50, 1), v = normal(50, 2), w = normal(50, 3);
  for (float& x : v) x = x * x;
  auto m_reference = m, v_reference = v, w_reference = w;
  const auto gradient = normal(50, 4);
  B::adam(step, 50, gradient.data(), m.data(), v.data(), w.data());
  Reference::adam(step, 50, gradient.data(), m_reference.data(), v_reference.data(), w_reference.data());
  CHECK(close<B>(m, m_reference));
  CHECK(close<B>(v, v_reference));
  CHECK(close<B>(w, w_reference));

  const std::vector<float> keep{1, 0, 1, 1, 0}, x{1, 2, 3, 4, 5};
  std::vector<float> y(5);
  B::dropout(5, keep.data(), 2.5f, x.data(), y.data());
  CHECK(y == std::vector<float>{2.5f, 0, 7.5f, 10, 0});
}
