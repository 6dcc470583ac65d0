#pragma once
/// A network as a constexpr value: layers in the order of the source that describes it, each with its shape.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "../backend/primitives.hpp"

namespace rcar::graph {

/// A layer's name, as a value that a constexpr graph can hold.
struct Name {
  static constexpr std::size_t capacity = 40;
  char text[capacity]{};

  constexpr Name() = default;
  constexpr explicit Name(std::string_view name) {
    const char* from = name.data();
    const std::size_t length = name.size();
    for (std::size_t i = 0; i < length; ++i) text[i] = from[i];  // too long a name is no constant expression
  }
  constexpr operator std::string_view() const { return std::string_view(text); }
};

/// The kinds of layer, named as Keras names them.
enum class LayerKind : std::uint8_t {
  input,
  preprocessing,  // (x * scale[c] + offset[c]); holds Keras's 7 normalisation weights in EfficientNet
  conv2d,
  depthwise_conv2d,
  batch_normalization,
  activation,
  max_pooling2d,
  average_pooling2d,
  global_average_pooling2d,
  concatenate,
  add,
  multiply,
};

/// How a window meets the border, as Keras has it.
enum class Padding : std::uint8_t {
  valid,        // none
  same,         // ceil(size / stride) results; an odd rest of the padding goes to the bottom and the right
  correct_pad,  // keras.applications' correct_pad before a strided `valid` layer: one less at the top of an even size
};

/// One layer. Fields that a kind does not use keep their defaults.
struct Layer {
  LayerKind kind = LayerKind::input;
  Name name;
  std::array<int, 4> inputs{none, none, none, none};
  Extent output{};
  Window window{};
  Padding padding = Padding::valid;            // the rule that gave the window's padding
  bool use_bias = false;                       // conv2d, depthwise_conv2d
  bool use_scale = true;                       // batch_normalization: has gamma
  float epsilon = 1e-3f;                       // batch_normalization
  Activation activation = Activation::linear;  // activation, conv2d (squeeze-excite's)
  std::array<float, 3> scale{1, 1, 1};         // preprocessing
  std::array<float, 3> offset{0, 0, 0};        // preprocessing
  int preprocessing_parameters = 0;            // preprocessing: 7 in EfficientNet (mean, variance, count)
};

/// A network of N layers; the last one is the output.
template <std::size_t N>
struct Graph {
  Name name;  // "inceptionv3", "efficientnetb0", ...
  std::array<Layer, N> layers{};

  constexpr std::span<const Layer> view() const { return layers; }
};

/// A tensor of weights as the source network holds it (before folding).
enum class TensorRole : std::uint8_t {
  kernel,            // conv2d (kh, kw, Cin, Cout)
  depthwise_kernel,  // depthwise_conv2d (kh, kw, C, 1)
  bias,              // (Cout)
  gamma,
  beta,
  moving_mean,
  moving_variance,  // (C) each
};

/// One tensor of weights: its layer, role and shape.
struct TensorSpec {
  int layer = none;  // index in the graph
  TensorRole role = TensorRole::kernel;
  std::array<int, 4> shape{1, 1, 1, 1};
  int rank = 1;
};

}  // namespace rcar::graph
