#pragma once
/// What primitives work on: maps in memory, the rows of them that one call computes, and folded weights.

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <vector>

#include "primitives.hpp"

namespace rcar::backend {

/// A feature map in memory: `data` points at pixel (0, 0), pixels lie `pixel_stride` floats apart (more than
/// `extent.channels` when the map is a slice of a concatenation), rows follow one another without gaps, and so do the
/// maps of several frames.
template <class T>
struct BasicMap {
  T* data = nullptr;  // null: no map
  Extent extent;
  int pixel_stride = 0;
  int frames = 1;

  T* pixel(int y, int x) const {
    return data + (static_cast<std::ptrdiff_t>(y) * extent.width + x) * static_cast<std::ptrdiff_t>(pixel_stride);
  }
  /// The map of one frame of several.
  BasicMap frame(int i) const { return {pixel(i * extent.height, 0), extent, pixel_stride, 1}; }
  explicit operator bool() const { return data != nullptr; }
  template <std::same_as<const T> U>
  requires(!std::is_const_v<T>) operator BasicMap<U>() const { return {data, extent, pixel_stride, frames}; }
};

/// A feature map that is written.
using Map = BasicMap<float>;
/// A feature map that is read.
using ConstMap = BasicMap<const float>;

/// Rows [begin, end) of the output that one call computes.
struct Rows {
  int begin = 0, end = 0;
  int first_channel = 0;  // of the step's output, where a back end that slices gets a slice of the channels

  constexpr int count() const { return end - begin; }
};

/// The extents of a folded kernel: (kh, kw, Cin, Cout), depthwise (kh, kw, C) with C = in_channels = out_channels.
struct KernelShape {
  int kernel_height = 1, kernel_width = 1;
  int in_channels = 0, out_channels = 0;
  bool depthwise = false;

  /// Products summed into one output value.
  constexpr int depth() const { return kernel_height * kernel_width * (depthwise ? 1 : in_channels); }
  constexpr std::size_t size() const {
    return static_cast<std::size_t>(depth()) * static_cast<std::size_t>(out_channels);
  }
};

/// All that a back end may look at when it decides how to run a step: shapes, never data, batch or thread count.
struct StepShape {
  StepKind kind = StepKind::copy;
  Window window;
  Extent input, output;
  KernelShape kernel;
  bool scaled = false;  // the convolution's input is multiplied by a squeeze-excite scale
  int reduction = 1;    // image pixels that one pixel of the output stands for, along a side
};

/// How large a part of a step one call computes at most.
struct BlockSize {
  int rows = 1, channels = 1;
};

/// Folded weights as they come, for back ends that need no packing.
struct PlainWeights {
  KernelShape shape;
  std::vector<float> kernel;  // row-major (depth, Cout)
  std::vector<float> bias;    // (Cout)
};

}  // namespace rcar::backend
