#pragma once
/// Descriptions of the work a back end does: plain values with run-time extents, so that code size and compile time
/// stay flat however deep a network is. Images are NHWC.

#include <array>
#include <cstddef>
#include <cstdint>

namespace rcar {

/// Element-wise functions that a primitive applies to its result.
enum class Activation : std::uint8_t { linear, relu, relu6, swish, sigmoid, tanh };

/// Whether a matrix product reads an operand as it lies or transposed.
enum class Transpose : std::uint8_t { no, yes };

/// Height, width and channels of one image or feature map.
struct Extent {
  int height = 0, width = 0, channels = 0;

  constexpr std::size_t pixels() const { return static_cast<std::size_t>(height) * static_cast<std::size_t>(width); }
  constexpr std::size_t size() const { return pixels() * static_cast<std::size_t>(channels); }
  friend constexpr bool operator==(const Extent&, const Extent&) = default;
};

/// A sliding window with explicit padding on each side (Keras's `same` may be asymmetric).
struct Window {
  int kernel_height = 1, kernel_width = 1;
  int stride_height = 1, stride_width = 1;
  int pad_top = 0, pad_bottom = 0, pad_left = 0, pad_right = 0;

  friend constexpr bool operator==(const Window&, const Window&) = default;
};

/// Where a feature map lies: `offset` floats from the arena's start, pixel (y, x) at offset + (y*width +
/// x)*pixel_stride. pixel_stride > channels when the map is a slice of a concatenation.
struct MapView {
  std::size_t offset = 0;
  Extent extent{};
  int pixel_stride = 0;
  int root = -1;  // the view that is the whole concatenation, or itself

  friend constexpr bool operator==(const MapView&, const MapView&) = default;
};

/// What a step of a plan computes.
enum class StepKind : std::uint8_t {
  normalize,    // out = in (RGB bytes 0..255) * scale[c] + offset[c]; reads the frame, not the arena
  convolution,  // out = activation(conv(in) * [scale] + bias) + [residual]; scale is squeeze-excite's (1,1,Cin)
  depthwise_convolution,   // out = activation(depthwise(in) + bias)
  max_pooling,             // padding never wins
  average_pooling,         // padding is not counted
  global_average_pooling,  // out (1, 1, C)
  activation,              // out = activation(in + bias?) where no convolution precedes
  add,                     // out = activation(in + residual)
  multiply,                // out = in * scale, scale (1, 1, C)
  copy,                    // out = in: where a concatenation could not be written in place
};

/// No map, no weights.
inline constexpr int none = -1;

/// One step of a plan. `input`, `residual`, `scale` and `output` index the plan's views; `weights` its weight table.
struct Step {
  StepKind kind = StepKind::copy;
  Activation activation = Activation::linear;
  Window window{};
  int input = none;     // none for normalize: the frame itself
  int residual = none;  // added after the activation (EfficientNet adds to a linear projection)
  int scale = none;     // (1, 1, Cin) map that multiplies the input of a 1x1 convolution (squeeze-excite)
  int output = none;
  int weights = none;
  int layer = none;  // the graph's layer whose result this step completes, for reports and backward passes
};

}  // namespace rcar
