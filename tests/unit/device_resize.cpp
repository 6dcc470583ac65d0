/// A device resizes pictures with the bits of OpenCV.

#include <catch2/catch.hpp>
#include <cstdint>
#include <opencv2/imgproc.hpp>
#include <rcar/backend/portable.hpp>
#include <rcar/video/resize.hpp>
#include <vector>

#include "tests/support/formula_weights.hpp"

namespace {

using namespace rcar;

std::vector<std::uint8_t> noise(std::size_t bytes) {
  std::vector<std::uint8_t> out(bytes);
  for (std::size_t i = 0; i < bytes; ++i) out[i] = static_cast<std::uint8_t>(test::formula_bits(9, i));
  return out;
}

}  // namespace

TEST_CASE("the centre square of a picture is resized as OpenCV resizes it, bit for bit") {
  const int extents[][2] = {{1, 1},     {2, 2},     {3, 5},     {17, 17},  {240, 320},
                            {241, 320}, {320, 240}, {448, 448}, {447, 600}};
  for (const auto& [height, width] : extents) {
    const auto pixels = noise(static_cast<std::size_t>(height) * width * 3);
    for (const int side : {1, 2, 32, 75, 120, 224, 240, 299}) {
      INFO(height << " x " << width << " to " << side);
      const auto bytes = static_cast<std::size_t>(side) * side * 3;
      std::vector<std::uint8_t> ours(bytes), theirs(bytes);
      backend::Portable::crop_resize(pixels.data(), height, width, ours.data(), side);
      const cv::Mat picture(height, width, CV_8UC3, const_cast<std::uint8_t*>(pixels.data()));
      const auto square = center_square(static_cast<std::size_t>(height), static_cast<std::size_t>(width));
      const cv::Rect rect(static_cast<int>(square.left), static_cast<int>(square.top), static_cast<int>(square.size),
                          static_cast<int>(square.size));
      resize_square({picture(rect), ChannelOrder::rgb}, side, theirs.data());
      CHECK(ours == theirs);
    }
  }
}
