#pragma once
/// Bilinear resizing of 8-bit pictures with the bits that cv::resize (INTER_LINEAR) gives.

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "host_device.hpp"

namespace rcar::backend::device {

/// The two source pixels along one axis and their weights out of 2048.
struct Taps {
  int first, second;
  int first_weight, second_weight;
};

/// What happens at the border: across, OpenCV gives the last pixel the whole weight; down, it keeps both weights and
/// takes the same row twice, whose products it rounds apart.
enum class Axis { across, down };

/// Where pixel i of an axis of `out` pixels reads along one of `in`. OpenCV takes the position in float from a product
/// in double, and rounds the weights to eleven bits.
RCAR_HOST_DEVICE inline Taps taps_along(Axis axis, int i, int in, int out) {
  const double scale = 1.0 / (static_cast<double>(out) / in);
#ifdef __CUDA_ARCH__  // which would take the product and the difference as one
  const float position = static_cast<float>(__dadd_rn(__dmul_rn(i + 0.5, scale), -0.5));
#else
  const float position = static_cast<float>((i + 0.5) * scale - 0.5);
#endif
  int first = static_cast<int>(::floorf(position));
  float fraction = position - static_cast<float>(first);
  if (axis == Axis::across && first < 0) first = 0, fraction = 0;
  if (axis == Axis::across && first >= in - 1) first = in - 1, fraction = 0;
  const auto clipped = [in](int pixel) { return pixel < 0 ? 0 : pixel >= in ? in - 1 : pixel; };
  const auto weight = [](float part) { return static_cast<int>(::rintf(part * 2048.0f)); };
  return {clipped(first), clipped(first + 1), weight(1.0f - fraction), weight(fraction)};
}

/// One pixel of a resized square: out (side, side, 3) from a square of a frame (height, width, 3).
struct CropResize {
  const std::uint8_t* frame = nullptr;
  int width = 0;                      // of the frame, in pixels
  int top = 0, left = 0, square = 0;  // which part of it is taken
  std::uint8_t* out = nullptr;
  int side = 0;

  RCAR_HOST_DEVICE const std::uint8_t* at(int y, int x) const {
    return frame + (static_cast<std::ptrdiff_t>(top + y) * width + left + x) * 3;
  }

  RCAR_HOST_DEVICE void operator()(int index) const {
    const int y = index / side, x = index % side;
    std::uint8_t* pixel = out + static_cast<std::ptrdiff_t>(index) * 3;
    if (square == side) {
      for (int c = 0; c < 3; ++c) pixel[c] = at(y, x)[c];
    } else if (square == 2 * side) {  // OpenCV takes the mean of the four then
      const std::uint8_t *above = at(2 * y, 2 * x), *below = at(2 * y + 1, 2 * x);
      for (int c = 0; c < 3; ++c)
        pixel[c] = static_cast<std::uint8_t>((above[c] + above[c + 3] + below[c] + below[c + 3] + 2) >> 2);
    } else {
      const Taps across = taps_along(Axis::across, x, square, side), down = taps_along(Axis::down, y, square, side);
      for (int c = 0; c < 3; ++c) {
        const auto row = [&](int source) {
          return (at(source, across.first)[c] * across.first_weight +
                  at(source, across.second)[c] * across.second_weight) >>
                 4;
        };
        const int sum = ((row(down.first) * down.first_weight) >> 16) + ((row(down.second) * down.second_weight) >> 16);
        pixel[c] = static_cast<std::uint8_t>((sum + 2) >> 2);
      }
    }
  }
};

}  // namespace rcar::backend::device
