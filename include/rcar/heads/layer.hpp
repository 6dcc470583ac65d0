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

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

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
  const float* input = nullptr;       // (N, in)
  const bool* mask = nullptr;         // (N, T)
  const float* keep = nullptr;        // (N, dropout), 0 or 1; null outside training
  const float* zeros = nullptr;       // zeros for the initial states
  const float* parameters = nullptr;  // as tensors() lists them
  float* tape = nullptr;              // (N, tape), the output first
};

/// What the backward pass of one layer adds.
struct LayerGradient {
  const float* output = nullptr;  // (N, out), the loss's gradient by the output
  float* input = nullptr;         // (N, in), out; null when nobody needs it
  float* parameters = nullptr;    // as tensors() lists them, added to
  float* scratch = nullptr;       // (N, scratch)
};

/// Shortest decimal text of a rate such as 0.4.
inline std::string rate_text(double rate) {
  std::string text = std::to_string(rate);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace rcar::heads
