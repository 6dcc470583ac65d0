// Layers and heads on backend::Native beside backend::Reference, needing no library: other_processor.py compiles it for
// other processors.

#include <rcar/backend/native.hpp>
#include <rcar/backend/reference.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/support/maps.hpp"

namespace {

using namespace rcar;
using backend::Reference;

int failures = 0;
std::uint64_t seed = 0;

std::vector<float> drawn(std::size_t count) { return test::random_values(count, ++seed); }

void compare(const std::string& what, const std::vector<float>& ours, const std::vector<float>& reference,
             double tolerance) {
  const double difference = test::relative_difference(ours, reference);
  if (difference < tolerance) return;
  ++failures;
  std::printf("%s: differs by %g of the largest value\n", what.c_str(), difference);
}

/// A convolution whose result has as many pixels as stride and "same" padding make of the input.
struct Layer {
  StepKind kind;
  int kernel_height, kernel_width, stride;
  Extent in;
  int channels;

  backend::StepShape shape(bool scaled) const {
    const int pad_y = kernel_height / 2, pad_x = kernel_width / 2;
    return {kind,
            {kernel_height, kernel_width, stride, stride, pad_y, pad_y, pad_x, pad_x},
            in,
            {(in.height - 1) / stride + 1, (in.width - 1) / stride + 1, channels},
            {kernel_height, kernel_width, in.channels, channels, kind == StepKind::depthwise_convolution},
            scaled};
  }
};

template <class B>
std::vector<float> run(const backend::StepShape& shape, Activation activation, const std::vector<float>& kernel,
                       const std::vector<float>& bias, const std::vector<float>& in, const std::vector<float>& scale,
                       const std::vector<float>& residual) {
  const auto weights = B::pack(shape, kernel, bias);
  std::vector<float> out(shape.output.size());
  test::Scratch scratch(B::scratch_floats(shape));
  const backend::ConstMap from{in.data(), shape.input, shape.input.channels},
      added{residual.data(), shape.output, shape.output.channels};
  const backend::Map to{out.data(), shape.output, shape.output.channels};
  const int rows = B::block(shape, 2).rows;
  for (int begin = 0; begin < shape.output.height; begin += rows) {
    const backend::Rows block{begin, std::min(begin + rows, shape.output.height)};
    if (shape.kind == StepKind::depthwise_convolution)
      B::depthwise_convolution(from, shape.window, weights, activation, to, block);
    else
      B::convolution(from, shape.scaled ? scale.data() : nullptr, shape.window, weights, activation, added, to, block,
                     scratch.data());
  }
  return out;
}

template <class B>
void compare_layers() {
  const Layer layers[] = {{StepKind::convolution, 1, 1, 1, {9, 7, 40}, 72},
                          {StepKind::convolution, 1, 1, 1, {5, 5, 33}, 3},
                          {StepKind::convolution, 3, 3, 2, {15, 14, 3}, 32},
                          {StepKind::convolution, 3, 3, 1, {13, 17, 32}, 48},
                          {StepKind::convolution, 5, 5, 1, {12, 12, 48}, 64},
                          {StepKind::convolution, 1, 7, 1, {12, 12, 64}, 64},
                          {StepKind::convolution, 7, 1, 1, {12, 12, 64}, 64},
                          {StepKind::depthwise_convolution, 3, 3, 1, {14, 11, 36}, 36},
                          {StepKind::depthwise_convolution, 5, 5, 2, {14, 11, 35}, 35}};
  for (const Layer& layer : layers)
    for (auto activation :
         {Activation::linear, Activation::relu, Activation::relu6, Activation::swish, Activation::tanh}) {
      const auto shape = layer.shape(layer.kernel_height * layer.kernel_width == 1);
      auto kernel = drawn(shape.kernel.size());
      for (float& x : kernel)
        x /= std::sqrt(static_cast<float>(shape.kernel.depth()));  // sums that tanh can tell apart
      const auto bias = drawn(static_cast<std::size_t>(layer.channels)), in = drawn(layer.in.size()),
                 scale = drawn(static_cast<std::size_t>(layer.in.channels)), residual = drawn(shape.output.size());
      compare(std::to_string(layer.kernel_height) + "x" + std::to_string(layer.kernel_width) + " of " +
                  std::to_string(layer.in.channels) + " channels, " + std::string(B::name),
              run<B>(shape, activation, kernel, bias, in, scale, residual),
              run<Reference>(shape, activation, kernel, bias, in, scale, residual), B::tolerance);
    }
}

/// An expansion and its depthwise convolution in one, beside the two on Reference.
void compare_fused() {
  using Native = backend::Native<>;
  for (int stride : {1, 2}) {
    const auto expand = Layer{StepKind::convolution, 1, 1, 1, {14, 13, 24}, 100}.shape(false),
               depthwise = Layer{StepKind::depthwise_convolution, 3, 3, stride, {14, 13, 100}, 100}.shape(false);
    const auto in = drawn(expand.input.size()), kernel = drawn(expand.kernel.size()),
               taps = drawn(depthwise.kernel.size()), bias = drawn(100), none = std::vector<float>(100 * 14 * 13);
    std::vector<float> ours(depthwise.output.size());
    test::Scratch scratch(Native::fused_scratch_floats(expand, depthwise));
    Native::expand_depthwise({in.data(), expand.input, 24}, Native::pack(expand, kernel, bias), Activation::swish,
                             depthwise.window, Native::pack(depthwise, taps, bias), Activation::relu6,
                             {ours.data(), depthwise.output, 100}, {0, depthwise.output.height}, scratch.data());
    const auto middle = run<Reference>(expand, Activation::swish, kernel, bias, in, {}, none);
    compare("an expansion and a depthwise convolution in one", ours,
            run<Reference>(depthwise, Activation::relu6, taps, bias, middle, {}, none), 1e-5);
  }
}

template <class B>
std::vector<float> pooled(const std::vector<float>& values) {
  const Extent extent{9, 10, 38};
  const Window window{3, 3, 2, 2, 1, 1, 1, 1};
  const Extent smaller{5, 5, 38};
  std::vector<float> out(2 * smaller.size() + 38);
  const backend::ConstMap in{values.data(), extent, 38};
  B::max_pooling(in, window, {out.data(), smaller, 38}, {0, 5});
  B::average_pooling(in, window, {out.data() + smaller.size(), smaller, 38}, {0, 5});
  B::global_average_pooling(in, {out.data() + 2 * smaller.size(), {1, 1, 38}, 38});
  return out;
}

/// C = A B, some of it transposed, beside what C was.
void compare_products() {
  for (auto transposed : {Transpose::no, Transpose::yes})
    for (int n : {1, 7, 24, 65}) {
      const int m = 19, k = 130, lda = transposed == Transpose::yes ? m : k;
      const auto a = drawn(static_cast<std::size_t>(m * k)), b = drawn(static_cast<std::size_t>(k * n));
      auto ours = drawn(static_cast<std::size_t>(m * n)), expected = ours;
      backend::Native<>::gemm(transposed, Transpose::no, m, n, k, 0.5f, a.data(), lda, b.data(), n, 2, ours.data(), n);
      Reference::gemm(transposed, Transpose::no, m, n, k, 0.5f, a.data(), lda, b.data(), n, 2, expected.data(), n);
      compare("a product with " + std::to_string(n) + " columns", ours, expected, 1e-5);
    }
}

/// States, gates and all gradients of a GRU and an LSTM, one after another.
template <class B>
std::vector<float> recurrence(int gates, int units) {
  seed = 1000;
  const std::size_t U = static_cast<std::size_t>(units), G = static_cast<std::size_t>(gates), N = 3, T = 4;
  const std::array<bool, N * T> mask{true, true, true, true, false, true, true, false, true, true, false, false};
  const auto projected = drawn(N * T * G * U), initial = drawn(N * 2 * U), kernel = drawn(U * G * U),
             bias = drawn(G * U), by_last = drawn(N * U);
  std::vector<float> states(N * T * U), last(N * U), saved(N * T * 5 * U), d_projected(N * T * G * U),
      d_kernel(U * G * U), d_bias(G * U), scratch(6 * U);
  const backend::Recurrence in{
      N, T, units, mask.data(), projected.data(), initial.data(), kernel.data(), gates == 3 ? bias.data() : nullptr};
  const backend::RecurrenceOutput out{states.data(), last.data(), saved.data()};
  const backend::RecurrenceGradient gradient{nullptr,         by_last.data(), d_projected.data(),
                                             d_kernel.data(), d_bias.data(),  scratch.data()};
  if (gates == 3) {
    B::gru(in, out);
    B::gru_backward(in, out, gradient);
  } else {
    B::lstm(in, out);
    B::lstm_backward(in, out, gradient);
  }
  for (const auto& part : {last, d_projected, d_kernel, d_bias}) states.insert(states.end(), part.begin(), part.end());
  return states;
}

}  // namespace

int main() {
  compare_layers<backend::Native<>>();
  compare_layers<backend::Native<backend::numerics::exact>>();
  compare_fused();
  const auto values = drawn(9 * 10 * 38);
  compare("pooling", pooled<backend::Native<>>(values), pooled<Reference>(values), 1e-5);
  compare_products();
  for (int gates : {3, 4})
    for (int units : {5, 16})
      compare("a recurrence of " + std::to_string(gates) + " gates", recurrence<backend::Native<>>(gates, units),
              recurrence<Reference>(gates, units), 1e-5);
  std::printf("%s on instruction set %s: %d failures\n", backend::Native<>::engine().c_str(),
              backend::instruction_set().c_str(), failures);
  return failures > 0 ? 1 : 0;
}
