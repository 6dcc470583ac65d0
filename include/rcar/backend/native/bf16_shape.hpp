#pragma once
/// How maps and weights lie for products of floats by the processor's bfloat16 tiles (Intel AMX).
///
/// A float is the sum of three bfloat16 numbers: its rounding, that of what is left, and what is left then. Of the nine
/// products of two such sums four are computed: first * third + first * second + first * first of pixel and weight, and
/// second * first. What is missing is below 2^-15 of a product, and other in each pixel. The third part of the weights
/// is worth its product, since weights err alike in all pixels: the worst error of real frames' features is 1.5e-4 of
/// their deviation without it, 7e-5 with it, and hardly less with second * second too. So a pixel needs two parts, a
/// weight three.

#include <algorithm>
#include <cstddef>

#include "block_shapes.hpp"
#include "jobs.hpp"

namespace rcar::backend::native {

/// Floats of a block of split pixels: half of a second-level cache of 2 MB, which all processors with these tiles have.
inline constexpr std::ptrdiff_t bf16_block_floats = 262144;

inline constexpr int most_bf16_taps = 64;
inline constexpr int least_bf16_reduction = 16;

/// Whether a layer is computed so. Fewer channels or pixels leave most of a tile empty; and errors of early layers, few
/// channels of which all later ones see, grow more than those of late ones, which also take most of the time: the worst
/// error of InceptionV3's features grows from 7e-5 to 1.2e-4 when its maps of 25 x 25 are taken too, and to 2e-4 with
/// all.
constexpr bool bf16_fits(const StepShape& shape) {
  const KernelShape& k = shape.kernel;
  return !k.depthwise && k.kernel_height * k.kernel_width <= most_bf16_taps && k.in_channels >= 16 &&
         shape.output.pixels() >= bf16_pixels && shape.reduction >= least_bf16_reduction;
}

/// Floats from one split pixel to the next: the first parts of all channels, then the second ones, and a cache line, so
/// that their number is odd: the pixels of a tile would fall in few sets of the cache else, which made tiles a third
/// slower.
constexpr std::ptrdiff_t bf16_pixel_floats(int channels) { return bf16_padded(channels) + 16; }

/// A split map. Output pixel (y, x) of a block is number y * pitch + x, and every tap lies at one distance from it:
/// a window of stride s reads s x s phases, each the pixels of one remainder of both coordinates. With stride 1 the
/// zeros behind a row are those before the next; numbers x >= width name no pixel and are computed in vain.
struct Bf16Shape {
  int pitch = 0;             // pixels of a row of a phase
  int rows = 0;              // output rows of a block
  int frames = 0;            // of a block, when it holds whole frames
  std::ptrdiff_t phase = 0;  // floats of a phase
  std::ptrdiff_t frame = 0;  // floats of the phases of a frame's rows
  std::size_t scratch_floats = 0;
};

constexpr Bf16Shape bf16_shape(const Window& w, const Extent& in, const Extent& out) {
  Bf16Shape shape;
  const std::ptrdiff_t pixel = bf16_pixel_floats(in.channels);
  const bool shares_padding = w.stride_width == 1 && w.stride_height == 1;
  shape.pitch =
      shares_padding ? in.width + std::max(w.pad_left, w.pad_right) : out.width + (w.kernel_width - 1) / w.stride_width;
  shape.pitch = std::max(shape.pitch, out.width);
  const int phases = w.stride_height * w.stride_width, more_rows = (w.kernel_height - 1) / w.stride_height;
  const int tail = 2 * bf16_pixels + w.kernel_width;  // the last tile may read so many pixels behind the last row
  const auto floats = [&](int rows) { return ((rows + more_rows) * shape.pitch + tail) * pixel; };
  const std::ptrdiff_t fit = (bf16_block_floats / (phases * pixel) - tail) / shape.pitch - more_rows;
  shape.rows =
      parts_of(out.height, parts_of(out.height, static_cast<int>(std::clamp<std::ptrdiff_t>(fit, 1, out.height))));
  shape.phase = floats(shape.rows);
  shape.frame = shape.phase * phases;
  shape.frames =
      shape.rows < out.height ? 1 : static_cast<int>(std::max<std::ptrdiff_t>(1, bf16_block_floats / shape.frame));
  shape.scratch_floats = static_cast<std::size_t>(shape.frame * shape.frames);
  return shape;
}

/// How a pointwise layer is cut. All weights pass by once a block of pixels: blocks of fewer than 256 would wait for
/// them, so deep layers take a part of the channels at a time, and their sums wait in memory, which changes no bit.
struct Bf16PointwiseShape {
  int pixels = 0;                // of a block
  int parts = 1, chunks = 0;     // parts of the channels, 32 channels in each
  std::size_t split_floats = 0;  // of a block's pixels
};

constexpr Bf16PointwiseShape bf16_pointwise_shape(int channels, std::ptrdiff_t pixels) {
  constexpr int few = 256, many = 384;
  const int chunks = bf16_padded(channels) / bf16_depth;
  const std::ptrdiff_t pixel = bf16_pixel_floats(channels);
  const bool whole = std::min<std::ptrdiff_t>(few, pixels) * pixel <= bf16_block_floats;
  Bf16PointwiseShape shape;
  shape.parts = whole ? 1 : static_cast<int>((chunks * bf16_depth + 16) * many / bf16_block_floats + 1);
  shape.chunks = parts_of(chunks, shape.parts);
  const int whole_tiles = std::max(1, static_cast<int>(bf16_block_floats / pixel) / (2 * bf16_pixels));
  shape.pixels = whole ? whole_tiles * 2 * bf16_pixels : many;
  if (pixels < shape.pixels) shape.pixels = parts_of(static_cast<int>(pixels), 2 * bf16_pixels) * 2 * bf16_pixels;
  shape.split_floats =
      static_cast<std::size_t>((shape.pixels + bf16_pixels) * bf16_pixel_floats(shape.chunks * bf16_depth));
  return shape;
}

constexpr std::size_t bf16_scratch_floats(const StepShape& shape) {
  if (!is_pointwise(shape.window)) return bf16_shape(shape.window, shape.input, shape.output).scratch_floats;
  std::size_t most = 0;  // of any number of pixels: few enough to be taken whole, or not
  for (const std::ptrdiff_t pixels :
       {bf16_block_floats / bf16_pixel_floats(shape.kernel.in_channels), std::ptrdiff_t{1} << 30}) {
    const Bf16PointwiseShape cut = bf16_pointwise_shape(shape.kernel.in_channels, pixels);
    const int columns = cut.parts > 1 ? parts_of(shape.kernel.out_channels, bf16_columns) * bf16_columns : 0;
    most = std::max(most, cut.split_floats + static_cast<std::size_t>(cut.pixels * columns));
  }
  return most;
}

/// An expansion and the depthwise convolution behind it: bands of rows of the input are split; of 32 channels at a
/// time, as many expanded rows live in a ring as stay in the first-level cache.
struct Bf16ExpandShape {
  ExpandShape ring;
  int rows = 0;  // output rows of a band
  std::size_t ring_floats = 0, scratch_floats = 0;
};

constexpr Bf16ExpandShape bf16_expand_shape(const Extent& in, int in_channels, const Extent& out, const Window& w) {
  Bf16ExpandShape shape;
  ExpandShape& ring = shape.ring;
  ring.width = in.width + w.pad_left + w.pad_right;
  ring.channels = std::min(out.channels, bf16_columns);
  const int fit = first_level_floats / (ring.width * ring.channels);
  ring.slots = std::max(w.kernel_height, std::min(in.height, fit));
  ring.scratch_floats = static_cast<std::size_t>(ring.slots) * static_cast<std::size_t>(ring.width * ring.channels);
  shape.ring_floats = (ring.scratch_floats + 15) / 16 * 16;
  const std::ptrdiff_t row = in.width * bf16_pixel_floats(in_channels);
  const auto input_rows = [&](int rows) { return std::min((rows - 1) * w.stride_height + w.kernel_height, in.height); };
  const std::ptrdiff_t most = (bf16_block_floats / row - w.kernel_height) / w.stride_height + 1;
  shape.rows = input_rows(out.height) * row <= bf16_block_floats
                   ? out.height
                   : parts_of(out.height,
                              parts_of(out.height, static_cast<int>(std::clamp<std::ptrdiff_t>(most, 1, out.height))));
  shape.scratch_floats = shape.ring_floats + static_cast<std::size_t>(input_rows(shape.rows) * row +
                                                                      2 * bf16_pixels * bf16_pixel_floats(in_channels));
  return shape;
}

}  // namespace rcar::backend::native
