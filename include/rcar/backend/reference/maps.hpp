#pragma once
/// The naive primitives on feature maps: one loop an index, sums in double precision, no care for speed. The oracle.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "../operands.hpp"

namespace rcar::backend::reference {

/// An activation function of one value.
inline double activate(Activation activation, double x) {
  switch (activation) {
    case Activation::linear:
      return x;
    case Activation::relu:
      return x < 0 ? 0 : x;
    case Activation::relu6:
      return x < 0 ? 0 : x > 6 ? 6 : x;
    case Activation::swish:
      return x / (1 + std::exp(-x));
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-x));
    case Activation::tanh:
      return std::tanh(x);
  }
  return x;
}

struct Maps {
  using Weights = PlainWeights;

  static constexpr int most_frames = 1;

  static Weights pack(const StepShape& shape, std::vector<float> kernel, std::vector<float> bias) {
    return {shape.kernel, std::move(kernel), std::move(bias)};
  }
  static BlockSize block(const StepShape& shape, int /*parts*/) {
    return {std::max(1, shape.output.height), shape.output.channels};
  }
  static std::size_t scratch_floats(const StepShape&) { return 0; }

  static void normalize(const std::uint8_t* frame, const float* scale, const float* offset, Map out, Rows rows) {
    for_each_value(out, rows, [&](int y, int x, int c) {
      const int byte = frame[(static_cast<std::size_t>(y) * out.extent.width + x) * out.extent.channels + c];
      return byte * double(scale[c]) + offset[c];
    });
  }

  static void convolution(ConstMap in, const float* scale, const Window& window, const Weights& weights,
                          Activation activation, ConstMap residual, Map out, Rows rows, float* /*scratch*/) {
    const int in_channels = weights.shape.in_channels, out_channels = weights.shape.out_channels;
    std::vector<double> sum(out_channels);
    for (int y = rows.begin; y < rows.end; ++y) {
      for (int x = 0; x < out.extent.width; ++x) {
        for (int k = 0; k < out_channels; ++k) sum[k] = weights.bias[k];
        for_each_tap(in, window, y, x, [&](int tap, const float* pixel) {
          for (int c = 0; c < in_channels; ++c) {
            const double value = scale ? double(pixel[c]) * scale[c] : pixel[c];
            const float* row = &weights.kernel[(static_cast<std::size_t>(tap) * in_channels + c) * out_channels];
            for (int k = 0; k < out_channels; ++k) sum[k] += value * row[k];
          }
        });
        for (int k = 0; k < out_channels; ++k)
          out.pixel(y, x)[k] =
              static_cast<float>(activate(activation, sum[k]) + (residual ? residual.pixel(y, x)[k] : 0.0));
      }
    }
  }

  static void depthwise_convolution(ConstMap in, const Window& window, const Weights& weights, Activation activation,
                                    Map out, Rows rows) {
    for_each_value(out, rows, [&](int y, int x, int c) {
      double sum = weights.bias[c];
      for_each_tap(in, window, y, x, [&](int tap, const float* pixel) {
        sum += double(pixel[c]) * weights.kernel[static_cast<std::size_t>(tap) * out.extent.channels + c];
      });
      return activate(activation, sum);
    });
  }

  static void max_pooling(ConstMap in, const Window& window, Map out, Rows rows) {
    for_each_value(out, rows, [&](int y, int x, int c) {
      double largest = -std::numeric_limits<double>::infinity();
      for_each_tap(in, window, y, x, [&](int, const float* pixel) { largest = std::max(largest, double(pixel[c])); });
      return largest;
    });
  }

  static void average_pooling(ConstMap in, const Window& window, Map out, Rows rows) {
    for_each_value(out, rows, [&](int y, int x, int c) {
      double sum = 0;
      int count = 0;
      for_each_tap(in, window, y, x, [&](int, const float* pixel) { sum += pixel[c], ++count; });
      return sum / count;
    });
  }

  static void global_average_pooling(ConstMap in, Map out) {
    for_each_value(out, {0, 1}, [&](int, int, int c) {
      double sum = 0;
      for (int y = 0; y < in.extent.height; ++y)
        for (int x = 0; x < in.extent.width; ++x) sum += in.pixel(y, x)[c];
      return sum / static_cast<double>(in.extent.pixels());
    });
  }

  static void activation(ConstMap in, const float* bias, Activation activation, Map out, Rows rows) {
    for_each_value(out, rows, [&](int y, int x, int c) {
      return activate(activation, in.pixel(y, x)[c] + double(bias ? bias[c] : 0));
    });
  }

  static void add(ConstMap in, ConstMap other, Activation activation, Map out, Rows rows) {
    for_each_value(out, rows, [&](int y, int x, int c) {
      return activate(activation, double(in.pixel(y, x)[c]) + other.pixel(y, x)[c]);
    });
  }

  static void multiply(ConstMap in, const float* scale, Map out, Rows rows) {
    for_each_value(out, rows, [&](int y, int x, int c) { return double(in.pixel(y, x)[c]) * scale[c]; });
  }

  static void copy(ConstMap in, Map out, Rows rows) {
    for_each_value(out, rows, [&](int y, int x, int c) { return in.pixel(y, x)[c]; });
  }

 private:
  /// out(y, x, c) = value(y, x, c).
  template <class Value>
  static void for_each_value(Map out, Rows rows, Value value) {
    for (int y = rows.begin; y < rows.end; ++y)
      for (int x = 0; x < out.extent.width; ++x)
        for (int c = 0; c < out.extent.channels; ++c) out.pixel(y, x)[c] = static_cast<float>(value(y, x, c));
  }

  /// Calls visit(tap, pixel) for every pixel of the window at output (y, x) that lies inside the input.
  template <class Visit>
  static void for_each_tap(ConstMap in, const Window& window, int y, int x, Visit visit) {
    for (int ky = 0; ky < window.kernel_height; ++ky) {
      for (int kx = 0; kx < window.kernel_width; ++kx) {
        const int in_y = y * window.stride_height - window.pad_top + ky;
        const int in_x = x * window.stride_width - window.pad_left + kx;
        if (in_y >= 0 && in_y < in.extent.height && in_x >= 0 && in_x < in.extent.width)
          visit(ky * window.kernel_width + kx, in.pixel(in_y, in_x));
      }
    }
  }
};

}  // namespace rcar::backend::reference
