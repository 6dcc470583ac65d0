#pragma once
/// Weights in the order in which the kernels read them.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../../core/buffer.hpp"
#include "jobs.hpp"
#include "winograd_matrices.hpp"
#include "winograd_shape.hpp"

namespace rcar::backend::native {

/// Packed weights and the memory that holds them: their own, or a file's that outlives them.
class PackedWeights {
 public:
  PackedWeights(const KernelShape& shape, Algorithm algorithm, std::size_t floats, std::size_t bias_at)
      : floats_(floats), owned_(allocate_floats(floats)) {
    view_ = {shape, algorithm, owned_.get(), owned_.get() + bias_at};
  }
  /// Over `values`, which must outlive this.
  PackedWeights(const KernelShape& shape, Algorithm algorithm, std::span<const float> values, std::size_t bias_at)
      : floats_(values.size()), view_{shape, algorithm, values.data(), values.data() + bias_at} {}

  const PackedView& view() const { return view_; }
  std::span<const float> values() const { return {view_.panels, floats_}; }
  float* data() { return owned_.get(); }

 private:
  std::size_t floats_ = 0;
  PackedView view_;
  Buffer owned_;
};

/// Where the parts of packed weights lie.
struct PackedLayout {
  std::size_t bias_at = 0, floats = 0;
};

constexpr PackedLayout packed_layout(const KernelShape& shape, Algorithm algorithm, int lanes) {
  const std::size_t panel = 2 * static_cast<std::size_t>(lanes),
                    channels = static_cast<std::size_t>(shape.out_channels);
  const std::size_t padded = (channels + panel - 1) / panel * panel;
  const std::size_t kernel = packed_depth(shape, algorithm) * (shape.depthwise ? channels : padded);
  const std::size_t bias_at = (kernel + 15) / 16 * 16;
  return {bias_at, (bias_at + padded + 15) / 16 * 16};
}

/// Changes whenever `pack` puts other values anywhere: packed weights in files of another version are not used.
inline constexpr int packing_version = 1;

/// Whether, and by which compiler, products and sums of doubles are contracted, which changes Winograd's last bits.
inline constexpr const char* packing_arithmetic =
#if defined(__FMA__) || defined(__FP_FAST_FMA) || defined(__ARM_FEATURE_FMA)
    "contracted by " __VERSION__;
#else
    "as written";
#endif

/// How weights are packed, in words: all that decides the values besides kernel and bias.
inline std::string packing(const KernelShape& shape, Algorithm algorithm, int lanes) {
  std::string text = std::to_string(packing_version);
  for (const int number : {shape.kernel_height, shape.kernel_width, shape.in_channels, shape.out_channels,
                           static_cast<int>(shape.depthwise), algorithm.outputs_y, algorithm.outputs_x,
                           static_cast<int>(algorithm.bf16_tiles), lanes})
    text += ' ' + std::to_string(number);
  return text + ' ' + packing_arithmetic;
}

namespace detail {

/// G of F(outputs, taps) as rows of `taps`, for the variants that the kernels have.
inline std::vector<double> winograd_g(int outputs, int taps) {
  std::vector<double> g;
  const auto take = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
    constexpr WinogradVariant v = winograd_variants[I];
    if (v.outputs != outputs || v.taps != taps || !g.empty()) return;
    for (const auto& row : winograd_matrices<v.outputs, v.taps>.g) g.insert(g.end(), row.begin(), row.end());
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) { (take(std::integral_constant<std::size_t, I>{}), ...); }
  (std::make_index_sequence<std::size(winograd_variants)>{});
  return g;
}

/// out (point_y, point_x) rows of `Cin` by panel columns = G kernel G^T, for one panel.
inline void pack_winograd_panel(const KernelShape& shape, Algorithm algorithm, std::span<const float> kernel, int first,
                                int panel, float* out) {
  const auto one = std::vector<double>{1};
  const int kh = shape.kernel_height, kw = shape.kernel_width;
  const int ny = algorithm.outputs_y + kh - 1, nx = algorithm.outputs_x + kw - 1;
  const auto gy = kh > 1 ? winograd_g(algorithm.outputs_y, kh) : one;
  const auto gx = kw > 1 ? winograd_g(algorithm.outputs_x, kw) : one;
  const int columns = std::min(panel, shape.out_channels - first);
  std::vector<double> rows(static_cast<std::size_t>(kh * nx * columns));
  std::vector<double> sum(static_cast<std::size_t>(columns));
  for (int c = 0; c < shape.in_channels; ++c) {
    for (int ky = 0; ky < kh; ++ky)
      for (int x = 0; x < nx; ++x) {
        double* row = &rows[static_cast<std::size_t>((ky * nx + x) * columns)];
        std::fill_n(row, columns, 0.0);
        for (int kx = 0; kx < kw; ++kx) {
          const double factor = gx[static_cast<std::size_t>(x * kw + kx)];
          const float* from =
              &kernel[static_cast<std::size_t>((ky * kw + kx) * shape.in_channels + c) * shape.out_channels + first];
          for (int k = 0; k < columns; ++k) row[k] += factor * from[k];
        }
      }
    for (int y = 0; y < ny; ++y)
      for (int x = 0; x < nx; ++x) {
        std::fill(sum.begin(), sum.end(), 0.0);
        for (int ky = 0; ky < kh; ++ky) {
          const double factor = gy[static_cast<std::size_t>(y * kh + ky)];
          const double* row = &rows[static_cast<std::size_t>((ky * nx + x) * columns)];
          for (int k = 0; k < columns; ++k) sum[static_cast<std::size_t>(k)] += factor * row[k];
        }
        float* to = out + static_cast<std::ptrdiff_t>((y * nx + x) * shape.in_channels + c) * panel;
        for (int k = 0; k < columns; ++k) to[k] = static_cast<float>(sum[static_cast<std::size_t>(k)]);
        std::fill(to + columns, to + panel, 0.0f);
      }
  }
}

/// One panel of 32 output channels for tiles of bfloat16 numbers: for each tap and 32 input channels the first part of
/// 16 columns, of the other 16, and the next parts likewise; each 16 words, channels i and i + 16, by 16 columns.
inline void pack_bf16_panel(const KernelShape& shape, std::span<const float> kernel, int first, float* out) {
  const auto bits = [](float x) { return std::bit_cast<std::uint32_t>(x); };
  const auto rounded = [&](float x) { return std::bit_cast<float>((bits(x) + 0x8000u) & 0xFFFF0000u); };
  for (int tap = 0; tap < shape.kernel_height * shape.kernel_width; ++tap)
    for (int channel = 0; channel < shape.in_channels; channel += bf16_depth, out += bf16_chunk_words)
      for (int row = 0; row < 16; ++row)
        for (int column = 0; column < bf16_columns; ++column) {
          const auto weight = [&](int c) {
            return c < shape.in_channels && first + column < shape.out_channels
                       ? kernel[static_cast<std::size_t>(tap * shape.in_channels + c) * shape.out_channels + first +
                                column]
                       : 0.0f;
          };
          float a = weight(channel + row), b = weight(channel + row + 16);
          const int at = column / 16 * bf16_tile_words + row * 16 + column % 16;
          for (int part = 0; part < bf16_weight_parts; ++part) {
            const float of_a = rounded(a), of_b = rounded(b);
            out[part * 2 * bf16_tile_words + at] = std::bit_cast<float>(bits(of_b) | bits(of_a) >> 16);
            a -= of_a;
            b -= of_b;
          }
        }
}

}  // namespace detail

/// kernel (depth, Cout), bias (Cout).
inline PackedWeights pack(const KernelShape& shape, Algorithm algorithm, int lanes, std::span<const float> kernel,
                          std::span<const float> bias) {
  const PackedLayout layout = packed_layout(shape, algorithm, lanes);
  PackedWeights packed(shape, algorithm, layout.floats, layout.bias_at);
  float* out = packed.data();
  std::fill(out, out + layout.floats, 0.0f);
  std::copy(bias.begin(), bias.end(), out + layout.bias_at);
  if (shape.depthwise) {
    std::copy(kernel.begin(), kernel.end(), out);
    return packed;
  }
  const int panel = 2 * lanes;
  const std::size_t panel_floats = packed_depth(shape, algorithm) * static_cast<std::size_t>(panel);
  for (int first = 0; first < shape.out_channels; first += panel, out += panel_floats) {
    if (algorithm.bf16_tiles) {
      detail::pack_bf16_panel(shape, kernel, first, out);
      continue;
    }
    if (algorithm.winograd()) {
      detail::pack_winograd_panel(shape, algorithm, kernel, first, panel, out);
      continue;
    }
    const int columns = std::min(panel, shape.out_channels - first);
    for (int k = 0; k < shape.depth(); ++k)
      std::copy_n(&kernel[static_cast<std::size_t>(k) * shape.out_channels + first], columns, out + k * panel);
  }
  return packed;
}

}  // namespace rcar::backend::native
