#pragma once
/// What threads compute of convolutions: depthwise ones whole, the others' patches and weights, for a matrix product.

#include <cstddef>

#include "elements.hpp"
#include "functions.hpp"
#include "map_kernels.hpp"

namespace rcar::backend::device {

/// out = activation(depthwise(in) + bias): N channels of `Strip` output pixels that lie side by side in a row.
///
/// A depthwise convolution does few products a number that it reads, so that memory decides. A strip reads a column of
/// its window once for all its outputs (3 x 3: 18 pixels for 4 outputs instead of 36), and its weights once.
/// Kernel and Stride, where they are not 0, are the window's own, so that the compiler unrolls it.
template <class T, int N, int Strip, int Kernel = 0, int Stride = 0>
struct Depthwise {
  Pixels<const T> in;
  Sliding sliding;
  const float* taps = nullptr;  // (kh, kw, channels)
  const float* bias = nullptr;  // (channels)
  Activation activation = Activation::linear;
  Pixels<T> out;
  int channels = 0, strips = 0, first_row = 0;  // strips a row

  RCAR_HOST_DEVICE void operator()(int index) const {
    const auto [strip, channel] = place<N>(index, channels);
    const int row = first_row + strip / strips, left = strip % strips * Strip;
    const auto corner = sliding.corner(row * sliding.out_width + left);
    const Window& window = sliding.window;
    float sums[Strip][N];
    for (auto& sum : sums)
      for (int i = 0; i < N; ++i) sum[i] = bias[channel + i];
    const int width = Kernel ? Kernel : window.kernel_width, stride = Stride ? Stride : window.stride_width;
    const int columns = (Strip - 1) * stride + width;
    for (int ky = 0; ky < window.kernel_height; ++ky) {
      if (!sliding.inside(corner.y + ky, 0)) continue;
      const float* row_taps = taps + static_cast<std::ptrdiff_t>(ky) * width * channels + channel;
      RCAR_UNROLL
      for (int column = 0; column < columns; ++column) {
        const int x = corner.x + column;
        if (x < 0 || x >= sliding.in_width) continue;
        float value[N];
        load<N>(in.at(sliding.in_pixel(corner.frame, corner.y + ky, x), channel), value);
        RCAR_UNROLL
        for (int s = 0; s < Strip; ++s) {
          const int kx = column - s * stride;
          if (kx < 0 || kx >= width) continue;
          for (int i = 0; i < N; ++i) sums[s][i] += value[i] * row_taps[kx * channels + i];
        }
      }
    }
    RCAR_UNROLL
    for (int s = 0; s < Strip; ++s) {
      if (left + s >= sliding.out_width) break;
      for (int i = 0; i < N; ++i) sums[s][i] = activate(activation, sums[s][i]);
      store<N>(sums[s], out.at(row * sliding.out_width + left + s, channel));
    }
  }
};

/// The patches of output pixels as a matrix (pixels, kh * kw * Cin), zero where a patch leaves the map: N channels of
/// one tap.
template <class T, int N>
struct Patches {
  Pixels<const T> in;
  Sliding sliding;
  int channels = 0, first_pixel = 0;
  T* matrix = nullptr;

  RCAR_HOST_DEVICE void operator()(int index) const {
    const int taps = sliding.window.kernel_height * sliding.window.kernel_width;
    const auto [row, column] = place<N>(index, taps * channels);
    const int tap = column / channels, ky = tap / sliding.window.kernel_width, kx = tap % sliding.window.kernel_width;
    const auto corner = sliding.corner(first_pixel + row);
    const int y = corner.y + ky, x = corner.x + kx;
    float value[N] = {};
    if (sliding.inside(y, x)) load<N>(in.at(sliding.in_pixel(corner.frame, y, x), column - tap * channels), value);
    store<N>(value, matrix + static_cast<std::ptrdiff_t>(index) * N);
  }
};

/// kernels (frames, Cin, Cout) = the kernel's rows times the frames' scales (frames, Cin).
template <class T, int N>
struct ScaleKernels {
  const T *kernel = nullptr, *scale = nullptr;
  T* kernels = nullptr;
  int depth = 0, columns = 0;

  RCAR_HOST_DEVICE void operator()(int index) const {
    const auto [row, column] = place<N>(index, columns);  // row: of all frames' kernels
    const float factor = to_float(scale[row]);
    float value[N];
    load<N>(kernel + static_cast<std::ptrdiff_t>(row % depth) * columns + column, value);
    for (int i = 0; i < N; ++i) value[i] *= factor;
    store<N>(value, kernels + static_cast<std::ptrdiff_t>(index) * N);
  }
};

/// Squeeze-and-excitation's two dense layers for one frame: scale = f2(W2 f1(W1 mean + b1) + b2). A block takes a
/// frame, so that what lies between the layers never leaves it.
template <class T>
struct Excite {
  static constexpr int threads = 256;

  const T *mean = nullptr, *first = nullptr, *second = nullptr;  // (frames, C), (C, S), (S, C)
  const float *first_bias = nullptr, *second_bias = nullptr;     // (S), (C)
  Activation first_activation = Activation::swish, second_activation = Activation::sigmoid;
  T* scale = nullptr;  // (frames, C)
  int channels = 0, squeezed = 0;

  /// The mean, then parts of the first layer's sums, then its result.
  static constexpr int parts = 8;
  static std::size_t shared_floats(int channels, int squeezed) {
    return static_cast<std::size_t>(channels) + static_cast<std::size_t>(squeezed) * (parts + 1);
  }

  template <class Block>
  RCAR_HOST_DEVICE void operator()(const Block& block, int frame, float* shared) const {
    float *input = shared, *sums = shared + channels, *inner = sums + squeezed * parts;
    block.each(channels, [&](int c) { input[c] = to_float(mean[static_cast<std::ptrdiff_t>(frame) * channels + c]); });
    block.each(squeezed * parts, [&](int i) {
      const int part = i / squeezed, s = i % squeezed;
      float sum = 0;
      for (int c = part; c < channels; c += parts)
        sum += input[c] * to_float(first[static_cast<std::ptrdiff_t>(c) * squeezed + s]);
      sums[i] = sum;
    });
    block.each(squeezed, [&](int s) {
      float sum = first_bias[s];
      for (int part = 0; part < parts; ++part) sum += sums[part * squeezed + s];
      inner[s] = activate(first_activation, sum);
    });
    block.each(channels, [&](int c) {
      float sum = second_bias[c];
      for (int s = 0; s < squeezed; ++s)
        sum += inner[s] * to_float(second[static_cast<std::ptrdiff_t>(s) * channels + c]);
      scale[static_cast<std::ptrdiff_t>(frame) * channels + c] = from_float<T>(activate(second_activation, sum));
    });
  }
};

}  // namespace rcar::backend::device
