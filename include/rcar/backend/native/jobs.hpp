#pragma once
/// What the kernels of backend::Native are asked to do, as plain values.

#include <cstddef>

#include "../operands.hpp"
#include "algorithm.hpp"

namespace rcar::backend::native {

/// The pixels of one register tile: see tiles.inc. All strides are in floats.
struct Tile {
  const float* in = nullptr;  // row r's products run over in[r * in_stride + run * run_stride + 0 .. length)
  std::ptrdiff_t in_stride = 0, run_stride = 0;
  int runs = 1;
  std::ptrdiff_t length = 0;
  const float* weights = nullptr;  // (runs * length, panel)
  const float* bias = nullptr;     // (panel), or null
  const float* ahead = nullptr;    // one cache line a product from here on is prefetched
  float* out = nullptr;
  std::ptrdiff_t out_stride = 0;
  const float* residual = nullptr;  // or null
  std::ptrdiff_t residual_stride = 0;
  bool clamped = false;
  float lowest = 0, highest = 0;
  int columns = 0;  // output channels that exist
};

constexpr int parts_of(int size, int part) { return (size + part - 1) / part; }

/// Tiles of bfloat16 numbers: 16 rows of 32 products, kept as 16 words.
inline constexpr int bf16_depth = 32;        // products of a tile's row: channels are filled up to as many
inline constexpr int bf16_pixels = 16;       // rows of a tile
inline constexpr int bf16_columns = 32;      // output channels of a panel: two tiles side by side
inline constexpr int bf16_tile_words = 256;  // of 16 x 16
inline constexpr int bf16_weight_parts = 3;
inline constexpr int bf16_chunk_words = bf16_weight_parts * 2 * bf16_tile_words;  // a panel's weights of 32 channels

constexpr int bf16_padded(int channels) { return (channels + bf16_depth - 1) / bf16_depth * bf16_depth; }

/// Floats of one output channel's weights as they are packed: Winograd's points times Cin, else the depth.
constexpr std::size_t packed_depth(const KernelShape& shape, Algorithm algorithm) {
  if (algorithm.bf16_tiles)  // a part is half a float
    return static_cast<std::size_t>(shape.kernel_height * shape.kernel_width * bf16_padded(shape.in_channels) / 2 *
                                    bf16_weight_parts);
  if (!algorithm.winograd()) return static_cast<std::size_t>(shape.depth());
  const int rows = algorithm.outputs_y + shape.kernel_height - 1,
            columns = algorithm.outputs_x + shape.kernel_width - 1;
  return static_cast<std::size_t>(rows * columns) * static_cast<std::size_t>(shape.in_channels);
}

/// Weights packed for one instruction set. `panels` holds panel after panel of output channels, the last one filled up
/// with zeros: (panels, depth, panel) for sums of products, (panels, points, Cin, panel) for Winograd, tiles for split
/// floats (see pack.hpp); depthwise kernels stay (taps, C). `bias` is filled up with zeros likewise.
struct PackedView {
  KernelShape shape;
  Algorithm algorithm;
  const float *panels = nullptr, *bias = nullptr;

  /// The weights of the output channels from `first` on, which begins a panel.
  constexpr PackedView from_channel(int first) const {
    PackedView slice = *this;
    slice.panels += shape.depthwise ? static_cast<std::ptrdiff_t>(first)
                                    : first * static_cast<std::ptrdiff_t>(packed_depth(shape, algorithm));
    slice.bias += first;
    return slice;
  }
};

/// One convolution on rows of every frame of a map; the weights and maps may be a slice of the output channels that
/// starts with a panel.
struct Convolution {
  ConstMap in;
  const float* scale = nullptr;  // (Cin), pointwise only, or null
  Window window;
  PackedView weights;
  Activation activation = Activation::linear;
  ConstMap residual;  // or no map
  Map out;
  Rows rows;
  float* scratch = nullptr;
};

/// A pointwise convolution and the depthwise convolution that alone reads it, on rows of one frame's result.
struct ExpandDepthwise {
  ConstMap in;
  PackedView expand;
  Activation expand_activation = Activation::linear;
  Window window;
  PackedView depthwise;
  Activation activation = Activation::linear;
  Map out;
  Rows rows;
  float* scratch = nullptr;
};

/// Floats of a second-level cache that blocks of a layer may fill: half of 1 MB with AVX-512's processors, of 512 KB
/// otherwise.
inline constexpr std::ptrdiff_t block_floats(int lanes) { return lanes == 16 ? 131072 : 65536; }

}  // namespace rcar::backend::native
