#pragma once
/// The centre square of a frame.

#include <algorithm>
#include <cstddef>
#include <string>

#include "../core/error.hpp"
#include "../core/tensor.hpp"

namespace rcar {

/// A square of `size` pixels a side whose first row is `top` and whose first column is `left`.
struct CenterSquare {
  std::size_t top, left, size;
  bool operator==(const CenterSquare&) const = default;
};

/// The largest centred square. It starts at extent / 2 - size / 2, both divisions rounded down, as in the Keras
/// pipeline: where an even extent meets an odd size that is one pixel further than (extent - size) / 2.
constexpr CenterSquare center_square(std::size_t height, std::size_t width) {
  const std::size_t size = std::min(height, width);
  return {height / 2 - size / 2, width / 2 - size / 2, size};
}

/// frame (H, W, C) -> (S, S, C) with S = min(H, W).
/// Throws VideoError when the frame has no pixel.
inline Frame center_crop_frame(const Frame& frame) {
  const std::size_t height = frame.shape(0), width = frame.shape(1), channels = frame.shape(2);
  if (frame.size() == 0)
    throw VideoError("A frame of " + std::to_string(height) + " x " + std::to_string(width) + " x " +
                     std::to_string(channels) + " has no pixel to crop; pass a decoded frame.");
  const auto [top, left, size] = center_square(height, width);
  Frame square = Frame::from_shape({size, size, channels});
  for (std::size_t y = 0; y < size; ++y)
    std::copy_n(frame.data() + ((top + y) * width + left) * channels, size * channels,
                square.data() + y * size * channels);
  return square;
}

}  // namespace rcar
