#pragma once
/// The convolutional primitives of backend::Blas. A convolution is a matrix product on a block of output rows: directly
/// on the map where the kernel is 1x1, else on the block's patches laid out as a matrix (im2col); bias, activation and
/// residual follow while the block is in the cache. Blocks keep scratch near a megabyte at any image size.
///
/// What measuring said (2 cores Zen 4, OpenBLAS 0.3.21 'Cooperlake', core-milliseconds a frame): OpenBLAS runs the
/// blocks of a 1x1 layer at 91 to 101 GFLOP/s, its peak; laying out patches costs kxk layers a fifth. InceptionV3 at
/// 224 takes 77 (75 in matrix products), EfficientNetB0 at 224 16 (11 and 3 in depthwise), EfficientNetB7 at 600 1,200
/// (907 and 229; the depthwise maps of 26 MB move at the memory's pace, which only fusing them with the 1x1 layer
/// before would save).

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "../operands.hpp"
#include "../simd/kernels.hpp"
#include "gemm.hpp"

namespace rcar::backend::blas {

struct Maps {
  using Weights = PlainWeights;

  static constexpr int most_frames = 1;

  static Weights pack(const StepShape& shape, std::vector<float> kernel, std::vector<float> bias) {
    return {shape.kernel, std::move(kernel), std::move(bias)};
  }

  /// Blocks of a convolution are as large as a second-level cache holds (patches and results), but at least 192 pixels,
  /// since BLAS reads and packs the whole kernel in every call; of other steps, 32,768 values.
  static int block_rows(const StepShape& shape) {
    const long width = std::max(1, shape.output.width), height = std::max(1, shape.output.height);
    long pixels = 32768 / std::max(1, shape.output.channels);
    if (shape.kind == StepKind::convolution)
      pixels = std::max(192L, 163840L / (shape.kernel.depth() + shape.kernel.out_channels));
    const long blocks = std::max(1L, height * width / std::max(1L, pixels));
    return static_cast<int>((height + std::min(height, blocks) - 1) / std::min(height, blocks));  // of equal height
  }

  static BlockSize block(const StepShape& shape, int /*parts*/) { return {block_rows(shape), shape.output.channels}; }

  static std::size_t scratch_floats(const StepShape& shape) {
    if (shape.kind != StepKind::convolution) return 0;
    const std::size_t pixels =
        static_cast<std::size_t>(block_rows(shape)) * static_cast<std::size_t>(shape.output.width);
    const std::size_t depth = static_cast<std::size_t>(shape.kernel.depth());
    if (!is_direct(shape.window)) return pixels * depth;
    return shape.scaled ? std::min(pixels * depth, shape.kernel.size()) : 0;
  }

  static void normalize(const std::uint8_t* frame, const float* scale, const float* offset, Map out, Rows rows) {
    const std::size_t first = static_cast<std::size_t>(rows.begin) * static_cast<std::size_t>(out.extent.width);
    simd::kernels().normalize(frame + first * 3, scale, offset, out.pixel(rows.begin, 0),
                              rows.count() * out.extent.width);
  }

  static void convolution(ConstMap in, const float* scale, const Window& window, const Weights& weights,
                          Activation activation, ConstMap residual, Map out, Rows rows, float* scratch) {
    const int pixels = rows.count() * out.extent.width;
    const int depth = weights.shape.depth(), channels = weights.shape.out_channels;
    const float *left = in.pixel(rows.begin, 0), *right = weights.kernel.data();
    int left_stride = in.pixel_stride;
    if (!is_direct(window)) {
      patches(in, window, out.extent.width, rows, scratch);
      left = scratch;
      left_stride = depth;
    } else if (scale && channels < pixels) {  // the squeeze-excite scale goes where it is the fewer products
      simd::kernels().scale_rows(right, scale, scratch, depth, channels);
      right = scratch;
    } else if (scale) {
      simd::kernels().multiply(left, left_stride, scale, scratch, depth, pixels, depth);
      left = scratch;
      left_stride = depth;
    }
    float* result = out.pixel(rows.begin, 0);
    if (pixels == 1)
      simd::kernels().vector_times_matrix(left, right, result, depth, channels);
    else
      Gemm::gemm(Transpose::no, Transpose::no, pixels, channels, depth, 1, left, left_stride, right, channels, 0,
                 result, out.pixel_stride);
    simd::kernels().finish(activation, result, out.pixel_stride, weights.bias.data(),
                           residual ? residual.pixel(rows.begin, 0) : nullptr, residual.pixel_stride, result,
                           out.pixel_stride, pixels, channels);
  }

  static void depthwise_convolution(ConstMap in, const Window& window, const Weights& weights, Activation activation,
                                    Map out, Rows rows) {
    simd::depthwise_kernel(active_instruction_set())(activation, in, window, weights.kernel.data(), weights.bias.data(),
                                                     out, rows);
  }

  static void max_pooling(ConstMap in, const Window& window, Map out, Rows rows) {
    simd::kernels().max_pooling(in, window, out, rows);
  }
  static void average_pooling(ConstMap in, const Window& window, Map out, Rows rows) {
    simd::kernels().average_pooling(in, window, out, rows);
  }
  static void global_average_pooling(ConstMap in, Map out) { simd::kernels().global_average_pooling(in, out.data); }

  static void activation(ConstMap in, const float* bias, Activation activation, Map out, Rows rows) {
    simd::kernels().finish(activation, in.pixel(rows.begin, 0), in.pixel_stride, bias, nullptr, 0,
                           out.pixel(rows.begin, 0), out.pixel_stride, rows.count() * out.extent.width,
                           out.extent.channels);
  }

  static void add(ConstMap in, ConstMap other, Activation activation, Map out, Rows rows) {
    float* result = out.pixel(rows.begin, 0);
    const int pixels = rows.count() * out.extent.width;
    simd::kernels().add(in.pixel(rows.begin, 0), in.pixel_stride, other.pixel(rows.begin, 0), other.pixel_stride,
                        result, out.pixel_stride, pixels, out.extent.channels);
    if (activation != Activation::linear)
      simd::kernels().finish(activation, result, out.pixel_stride, nullptr, nullptr, 0, result, out.pixel_stride,
                             pixels, out.extent.channels);
  }

  static void multiply(ConstMap in, const float* scale, Map out, Rows rows) {
    simd::kernels().multiply(in.pixel(rows.begin, 0), in.pixel_stride, scale, out.pixel(rows.begin, 0),
                             out.pixel_stride, rows.count() * out.extent.width, out.extent.channels);
  }

  static void copy(ConstMap in, Map out, Rows rows) {
    for (int y = rows.begin; y < rows.end; ++y)
      for (int x = 0; x < out.extent.width; ++x)
        std::memcpy(out.pixel(y, x), in.pixel(y, x), sizeof(float) * static_cast<std::size_t>(out.extent.channels));
  }

 private:
  /// Output pixels are input pixels: the map itself is the matrix.
  static bool is_direct(const Window& window) { return window == Window{}; }

  /// The patches of output rows `rows` as a matrix (pixels, kh * kw * Cin), zero where a patch leaves the map.
  static void patches(ConstMap in, const Window& window, int out_width, Rows rows, float* matrix) {
    const int channels = in.extent.channels;
    const bool dense = in.pixel_stride == channels;  // then a row of taps is one run of floats
    const auto bytes = [&](int pixels) {
      return sizeof(float) * static_cast<std::size_t>(pixels) * static_cast<std::size_t>(channels);
    };
    for (int y = rows.begin; y < rows.end; ++y) {
      for (int x = 0; x < out_width; ++x) {
        const int left = x * window.stride_width - window.pad_left;
        const int first = std::clamp(-left, 0, window.kernel_width);
        const int end = std::clamp(in.extent.width - left, first, window.kernel_width);
        for (int ky = 0; ky < window.kernel_height; ++ky) {
          const int in_y = y * window.stride_height - window.pad_top + ky;
          if (in_y < 0 || in_y >= in.extent.height) {
            std::memset(matrix, 0, bytes(window.kernel_width));
          } else {
            std::memset(matrix, 0, bytes(first));
            if (dense)
              std::memcpy(matrix + first * channels, in.pixel(in_y, left + first), bytes(end - first));
            else
              for (int kx = first; kx < end; ++kx)
                std::memcpy(matrix + kx * channels, in.pixel(in_y, left + kx), bytes(1));
            std::memset(matrix + end * channels, 0, bytes(window.kernel_width - end));
          }
          matrix += window.kernel_width * channels;
        }
      }
    }
  }
};

}  // namespace rcar::backend::blas
