#pragma once
/// Shape inference: what a window makes of an image, as Keras computes it. Pure functions over ints, all constexpr.

#include "../backend/primitives.hpp"
#include "graph.hpp"

namespace rcar::graph {

/// Height and width of a window; one number makes a square.
struct Kernel {
  int height, width;

  constexpr Kernel(int size) : height(size), width(size) {}
  constexpr Kernel(int h, int w) : height(h), width(w) {}
};

/// Zeros before and after one axis.
struct AxisPadding {
  int before = 0, after = 0;
};

/// The zeros that a padding rule puts around an axis of `size`.
constexpr AxisPadding axis_padding(Padding rule, int size, int kernel, int stride) {
  switch (rule) {
    case Padding::valid:
      return {};
    case Padding::same: {
      const int covered = ((size + stride - 1) / stride - 1) * stride + kernel;
      const int total = covered > size ? covered - size : 0;
      return {total / 2, total - total / 2};
    }
    case Padding::correct_pad:
      return {kernel / 2 - (1 - size % 2), kernel / 2};
  }
  return {};
}

/// The window of `kernel` and `stride` on an image, with the padding that the rule gives.
constexpr Window window_on(const Extent& image, Kernel kernel, int stride, Padding rule) {
  const auto vertical = axis_padding(rule, image.height, kernel.height, stride);
  const auto horizontal = axis_padding(rule, image.width, kernel.width, stride);
  return {kernel.height,  kernel.width,      stride,          stride, vertical.before,
          vertical.after, horizontal.before, horizontal.after};
}

/// Whether the window has a place on the padded image.
constexpr bool fits(const Window& window, const Extent& image) {
  return window.kernel_height <= image.height + window.pad_top + window.pad_bottom &&
         window.kernel_width <= image.width + window.pad_left + window.pad_right;
}

/// Extent of what a window that fits gives from an image, with `channels` channels.
constexpr Extent slide(const Window& window, const Extent& image, int channels) {
  const int height = image.height + window.pad_top + window.pad_bottom - window.kernel_height;
  const int width = image.width + window.pad_left + window.pad_right - window.kernel_width;
  return {height / window.stride_height + 1, width / window.stride_width + 1, channels};
}

}  // namespace rcar::graph
