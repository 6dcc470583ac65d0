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
/// its window once for all its outputs (3 x 3: 18 pixels for 4 outputs instead of 36), and its weights once. Threads
/// that follow one another take a chunk of channels, then `band_rows` rows, then the next strip, so that a block of
/// them reads a square of pixels, whose rows it shares in its cache.
///
/// Measured on an H200, EfficientNetB7 at 600 in bfloat16, 20 frames a batch, all depthwise convolutions: 36 ms with
/// weights read a float at a time and threads in the order of memory; 23 in squares, by four; 14 with the activation
/// asked for once a strip; and 10, told from the batch, with four channels a thread instead of eight. A window that is
/// unrolled over its rows too is slower, for it takes more registers.
///
/// Kernel and Stride, where they are not 0, are the window's own, so that the compiler unrolls it.
template <class T, int N, int Strip, int Kernel = 0, int Stride = 0>
struct Depthwise {
  static constexpr int band_rows = 8, chunk_groups = 8;  // a group: N channels

  Pixels<const T> in;
  Sliding sliding;
  const float* taps = nullptr;  // (kh, kw, channels)
  const float* bias = nullptr;  // (channels)
  Activation activation = Activation::linear;
  Pixels<T> out;
  int channels = 0, strips = 0, first_row = 0, rows = 0;  // strips a row; rows of all frames

  RCAR_HOST_DEVICE void operator()(int index) const {
    const Work work = work_of(index);
    const int row = first_row + work.row, left = work.strip * Strip, channel = work.channel;
    const auto corner = sliding.corner(row * sliding.out_width + left);
    const Window& window = sliding.window;
    float sums[Strip][N];
    load_floats<N>(bias + channel, sums[0]);
    RCAR_UNROLL
    for (int s = 1; s < Strip; ++s)
      for (int i = 0; i < N; ++i) sums[s][i] = sums[0][i];
    for (int ky = 0; ky < window.kernel_height; ++ky) {
      if (!sliding.inside(corner.y + ky, 0)) continue;
      const int first = sliding.in_pixel(corner.frame, corner.y + ky, corner.x);
      if constexpr (Kernel > 0)
        add_row(first, corner.x, taps + static_cast<std::ptrdiff_t>(ky) * Kernel * channels + channel, channel, sums);
      else
        add_any_row(first, corner.x, taps + static_cast<std::ptrdiff_t>(ky) * window.kernel_width * channels + channel,
                    channel, sums);
    }
    RCAR_UNROLL
    for (int s = 0; s < Strip; ++s) {
      if (left + s >= sliding.out_width) break;
      activate(activation, sums[s]);
      store<N>(sums[s], out.at(row * sliding.out_width + left + s, channel));
    }
  }

 private:
  struct Work {
    int row, strip, channel;
  };
  RCAR_HOST_DEVICE Work work_of(int index) const {
    const auto groups = static_cast<unsigned>(channels / N), across = static_cast<unsigned>(strips);
    const unsigned band_size = band_rows * across * groups, band = static_cast<unsigned>(index) / band_size;
    unsigned i = static_cast<unsigned>(index) - band * band_size;
    const unsigned rows_left = static_cast<unsigned>(rows) - band * band_rows;
    const unsigned rows_here = rows_left < band_rows ? rows_left : band_rows;
    const unsigned chunk_size = chunk_groups * rows_here * across, chunk = i / chunk_size;
    i -= chunk * chunk_size;
    const unsigned groups_left = groups - chunk * chunk_groups;
    const unsigned groups_here = groups_left < chunk_groups ? groups_left : chunk_groups;
    const unsigned group = chunk * chunk_groups + i % groups_here;
    i /= groups_here;
    return {static_cast<int>(band * band_rows + i % rows_here), static_cast<int>(i / rows_here),
            static_cast<int>(group) * N};
  }

  /// Adds a row of the window, whose size the compiler knows. first: the input pixel under its first tap, at column x.
  RCAR_HOST_DEVICE void add_row(int first, int x, const float* row_taps, int channel, float (&sums)[Strip][N]) const {
    float tap[Kernel > 0 ? Kernel : 1][N];
    RCAR_UNROLL
    for (int kx = 0; kx < Kernel; ++kx) load_floats<N>(row_taps + kx * channels, tap[kx]);
    RCAR_UNROLL
    for (int column = 0; column < (Strip - 1) * Stride + Kernel; ++column) {
      float value[N] = {};  // what lies outside is zero
      if (x + column >= 0 && x + column < sliding.in_width) load<N>(in.at(first + column, channel), value);
      RCAR_UNROLL
      for (int s = 0; s < Strip; ++s) {
        const int kx = column - s * Stride;
        if (kx < 0 || kx >= Kernel) continue;
        for (int i = 0; i < N; ++i) sums[s][i] += value[i] * tap[kx][i];
      }
    }
  }

  RCAR_HOST_DEVICE void add_any_row(int first, int x, const float* row_taps, int channel,
                                    float (&sums)[Strip][N]) const {
    const int width = sliding.window.kernel_width, stride = sliding.window.stride_width;
    for (int column = 0; column < (Strip - 1) * stride + width; ++column) {
      if (x + column < 0 || x + column >= sliding.in_width) continue;
      float value[N];
      load<N>(in.at(first + column, channel), value);
      RCAR_UNROLL
      for (int s = 0; s < Strip; ++s) {
        const int kx = column - s * stride;
        if (kx < 0 || kx >= width) continue;
        for (int i = 0; i < N; ++i) sums[s][i] += value[i] * row_taps[kx * channels + i];
      }
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

/// The first of squeeze-and-excitation's dense layers, inner = f(mean W + b): a block takes `Units` units of a frame.
/// Its threads each sum every `Parts`-th channel of one unit, and the parts are summed in order, so that the bits never
/// change.
///
/// One block a frame for both layers left most of a GPU idle: 90 us a pair of layers of EfficientNetB7 (H200, 20
/// frames).
template <class T>
struct ExciteInner {
  static constexpr int Units = 32, Parts = 32;
  static constexpr int threads = Units * Parts, shared_floats = Units * Parts;

  const T *mean = nullptr, *kernel = nullptr;  // (frames, C), (C, S)
  const float* bias = nullptr;                 // (S)
  Activation activation = Activation::swish;
  float* inner = nullptr;  // (frames, S)
  int channels = 0, squeezed = 0, groups = 0;

  template <class Block>
  RCAR_HOST_DEVICE void operator()(const Block& block, int index, float* shared) const {
    const int first = index % groups * Units, frame = index / groups;
    const T* input = mean + static_cast<std::ptrdiff_t>(frame) * channels;
    block.each(threads, [&](int thread) {
      const int unit = first + thread % Units, part = thread / Units;
      float sum = 0;
      if (unit < squeezed) {
        RCAR_UNROLL_BY(8)
        for (int c = part; c < channels; c += Parts)
          sum += to_float(input[c]) * to_float(kernel[static_cast<std::ptrdiff_t>(c) * squeezed + unit]);
      }
      shared[thread] = sum;
    });
    block.each(Units, [&](int thread) {
      const int unit = first + thread;
      if (unit >= squeezed) return;
      float sum = bias[unit];
      for (int part = 0; part < Parts; ++part) sum += shared[part * Units + thread];
      inner[static_cast<std::ptrdiff_t>(frame) * squeezed + unit] = activate(activation, sum);
    });
  }
};

/// The second: scale = f(inner W + b), a thread a channel of a frame.
template <class T>
struct ExciteOuter {
  const float* inner = nullptr;  // (frames, S)
  const T* kernel = nullptr;     // (S, C)
  const float* bias = nullptr;   // (C)
  Activation activation = Activation::sigmoid;
  T* scale = nullptr;  // (frames, C)
  int channels = 0, squeezed = 0;

  RCAR_HOST_DEVICE void operator()(int index) const {
    const auto [frame, channel] = place<1>(index, channels);
    const float* input = inner + static_cast<std::ptrdiff_t>(frame) * squeezed;
    float sum = bias[channel];
    RCAR_UNROLL_BY(8)
    for (int s = 0; s < squeezed; ++s)
      sum += input[s] * to_float(kernel[static_cast<std::ptrdiff_t>(s) * channels + channel]);
    scale[index] = from_float<T>(activate(activation, sum));
  }
};

}  // namespace rcar::backend::device
