#pragma once
/// How the sums of products of a layer are cut into blocks that fit a cache, by shape alone.

#include <algorithm>
#include <cstddef>
#include <limits>

#include "../primitives.hpp"
#include "jobs.hpp"

namespace rcar::backend::native {

/// An activation as bounds. Not enough for those that are no clamp: they follow in a second pass over a tile.
struct Clamp {
  float lowest = -std::numeric_limits<float>::infinity(), highest = std::numeric_limits<float>::infinity();
  bool enough = true, needed = true;
};
constexpr Clamp clamp_of(Activation activation) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  switch (activation) {
    case Activation::linear:
      return {-infinity, infinity, true, false};
    case Activation::relu:
      return {0, infinity, true, true};
    case Activation::relu6:
      return {0, 6, true, true};
    default:
      return {-infinity, infinity, false, false};
  }
}

/// From so many pixels on a squeeze-excite scale costs less on the weights than on the pixels.
inline constexpr int scale_weights_from = 160;

/// The highest window of the depthwise kernels.
inline constexpr int most_depthwise_rows = 8;

constexpr bool is_pointwise(const Window& window) { return window == Window{}; }

/// Blocks that a strip of pointwise pixels is cut into.
constexpr int pointwise_blocks(int pixels, int depth, int lanes) {
  const std::ptrdiff_t most = std::max<std::ptrdiff_t>(56, block_floats(lanes) / depth);
  return static_cast<int>((pixels + most - 1) / most);
}

struct WindowedShape {
  bool copied = false;  // the input's rows are copied to padded ones
  int rows = 1;         // output rows of a block
  int width = 0;        // pixels of a padded row
  std::size_t scratch_floats = 0;
};

constexpr WindowedShape windowed_shape(const Window& w, const Extent& in, const Extent& out, int pixel_stride,
                                       int lanes) {
  WindowedShape shape;
  shape.width = (out.width - 1) * w.stride_width + w.kernel_width;
  const bool runs = w.kernel_width == 1 || pixel_stride == in.channels;
  shape.copied = w.pad_left > 0 || shape.width - w.pad_left > in.width || !runs;
  const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(shape.width) * in.channels;
  shape.rows =
      static_cast<int>(std::clamp<std::ptrdiff_t>(block_floats(lanes) / (row * w.stride_height), 1, out.height));
  shape.scratch_floats = static_cast<std::size_t>(((shape.rows - 1) * w.stride_height + w.kernel_height) * row);
  return shape;
}

/// How much of an expanded map lives at a time: as many rows as a window has, of some channels.
struct ExpandShape {
  int slots = 0;     // rows
  int width = 0;     // pixels of a row with its padding
  int channels = 0;  // a multiple of a panel, or all
  std::size_t scratch_floats = 0;
};

/// Floats of the first-level cache that a ring may fill.
inline constexpr int first_level_floats = 8192;

/// As many channels as keep the rows in the first-level cache: each of them is read by all windows above and below.
constexpr ExpandShape expand_shape(const Extent& in, int channels, const Window& w, int lanes) {
  ExpandShape shape;
  const int panel = 2 * lanes;
  shape.slots = w.kernel_height;
  shape.width = in.width + w.pad_left + w.pad_right;
  const int panels = std::max(1, first_level_floats / (shape.slots * shape.width * panel));
  shape.channels = std::min(channels, panels * panel);
  shape.scratch_floats = static_cast<std::size_t>(shape.slots) * static_cast<std::size_t>(shape.width) *
                         static_cast<std::size_t>(shape.channels);
  return shape;
}

}  // namespace rcar::backend::native
