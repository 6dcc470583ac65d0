#pragma once
/// What a layer of a head is: a type that states its shapes and memory and computes both passes over run-time pointers,
/// so that a stack of layers is one type and no layer allocates.
///
/// A layer offers, as static members (`in` is the shape of what it reads):
///
///     class_name                  Keras's, for parameter names: "gru", "dense"; empty when it has no parameters
///     description()               "gru(16, sequences)"
///     output(in)                  shape of what it gives
///     tensors(in)                 its parameters, in Keras's order
///     tape(in), scratch(in)       floats a clip that both passes share, floats a clip that the backward pass needs
///     dropout(in)                 dropout decisions a clip; a layer that has any states its `rate`
///     forward<B>(pass)            writes the output to the front of its tape
///     backward<B>(pass, ...)      adds the parameters' gradients, writes the input's
///     reads_apart                 true: as the first layer it takes clips that lie apart (see LayerPass::inputs); may
///                                 be absent, and training then passes one clip at a time

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "../backend/primitives.hpp"

namespace rcar::heads {

/// One clip between two layers: (steps, features), or (features) when it has no steps.
struct Shape {
  int steps = 0;
  int features = 0;

  constexpr bool is_sequence() const { return steps > 0; }
  constexpr int rows() const { return is_sequence() ? steps : 1; }
  constexpr std::size_t size() const { return static_cast<std::size_t>(rows()) * static_cast<std::size_t>(features); }
  friend constexpr bool operator==(const Shape&, const Shape&) = default;
};

/// How a parameter starts.
enum class Initializer { glorot_uniform, orthogonal, zeros, lstm_bias };

/// A parameter of a layer: (rows, columns), or (columns) when rows is 0.
struct TensorSpec {
  std::string_view role;  // "kernel", "recurrent_kernel", "bias"
  int rows = 0, columns = 0;
  Initializer initializer = Initializer::zeros;

  constexpr std::size_t size() const {
    return static_cast<std::size_t>(rows > 0 ? rows : 1) * static_cast<std::size_t>(columns);
  }
};

/// The floats of a list of parameters.
template <std::size_t Count>
constexpr std::size_t parameter_count(const std::array<TensorSpec, Count>& tensors) {
  std::size_t sum = 0;
  for (const auto& tensor : tensors) sum += tensor.size();
  return sum;
}

/// What one layer works on in one pass over N clips. Arrays of several clips lie clip by clip.
struct LayerPass {
  Shape in;
  int clips = 0;
  const float* input = nullptr;          // (N, in), unless `inputs` says otherwise
  const float* const* inputs = nullptr;  // where each clip's input lies, when they lie apart
  const bool* mask = nullptr;            // (N, T)
  const float* keep = nullptr;           // (N, dropout), 0 or 1; null outside training
  const float* zeros = nullptr;          // zeros for the initial states
  const float* parameters = nullptr;     // as tensors() lists them
  float* tape = nullptr;                 // (N, tape), the output first
};

/// What the backward pass of one layer adds.
struct LayerGradient {
  const float* output = nullptr;  // (N, out), the loss's gradient by the output
  float* input = nullptr;         // (N, in), out; null when nobody needs it
  float* parameters = nullptr;    // as tensors() lists them, added to
  float* scratch = nullptr;       // (N, scratch)
};

/// out = x kernel; x (N, rows, features) is the pass's input, kernel (features, columns), out (N, rows, columns).
template <class Backend>
void multiply_input(const LayerPass& pass, int columns, const float* kernel, float* out) {
  const int rows = pass.in.rows(), features = pass.in.features;
  const auto multiply = [&](int clips, const float* x, float* y) {
    Backend::gemm(Transpose::no, Transpose::no, clips * rows, columns, features, 1.0f, x, features, kernel, columns,
                  0.0f, y, columns);
  };
  if (!pass.inputs) return multiply(pass.clips, pass.input, out);
  for (int n = 0; n < pass.clips; ++n)
    multiply(1, pass.inputs[n], out + static_cast<std::ptrdiff_t>(n) * rows * columns);
}

/// d_kernel += x^T d_out, of the same product. A back end may offer `add_products`, which takes clips that lie apart as
/// one product.
template <class Backend>
void add_kernel_gradient(const LayerPass& pass, int columns, const float* d_out, float* d_kernel) {
  const int rows = pass.in.rows(), features = pass.in.features;
  const auto add = [&](int clips, const float* x, const float* d) {
    Backend::gemm(Transpose::yes, Transpose::no, features, columns, clips * rows, 1.0f, x, features, d, columns, 1.0f,
                  d_kernel, columns);
  };
  if (!pass.inputs) return add(pass.clips, pass.input, d_out);
  if constexpr (requires { &Backend::add_products; })
    Backend::add_products(pass.clips, pass.inputs, features, columns, rows, d_out, d_kernel);
  else
    for (int n = 0; n < pass.clips; ++n)
      add(1, pass.inputs[n], d_out + static_cast<std::ptrdiff_t>(n) * rows * columns);
}

/// Shortest decimal text of a rate such as 0.4.
inline std::string rate_text(double rate) {
  std::string text = std::to_string(rate);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace rcar::heads
