#include <catch2/catch.hpp>
#include <rcar/video/crop.hpp>

using namespace rcar;

namespace {

Frame numbered_frame(std::size_t height, std::size_t width) {
  Frame frame = Frame::from_shape({height, width, 3});
  for (std::size_t y = 0; y < height; ++y)
    for (std::size_t x = 0; x < width; ++x) {
      frame(y, x, 0) = static_cast<std::uint8_t>(y);
      frame(y, x, 1) = static_cast<std::uint8_t>(x);
      frame(y, x, 2) = 7;
    }
  return frame;
}

}  // namespace

// Python: start = extent // 2 - min(h, w) // 2
TEST_CASE("the centre square starts where the Keras pipeline's does, for odd and even extents") {
  CHECK(center_square(240, 320) == CenterSquare{0, 40, 240});
  CHECK(center_square(240, 321) == CenterSquare{0, 40, 240});
  CHECK(center_square(320, 241) == CenterSquare{40, 0, 241});  // (320 - 241) / 2 would be 39
  CHECK(center_square(4, 3) == CenterSquare{1, 0, 3});
  CHECK(center_square(3, 4) == CenterSquare{0, 1, 3});
  CHECK(center_square(5, 4) == CenterSquare{0, 0, 4});
  CHECK(center_square(1, 1) == CenterSquare{0, 0, 1});
  CHECK(center_square(1, 9) == CenterSquare{0, 4, 1});
}

TEST_CASE("the centre square lies inside the frame") {
  for (std::size_t height = 1; height < 40; ++height)
    for (std::size_t width = 1; width < 40; ++width) {
      const auto square = center_square(height, width);
      REQUIRE(square.size == std::min(height, width));
      REQUIRE(square.top + square.size <= height);
      REQUIRE(square.left + square.size <= width);
    }
}

TEST_CASE("center_crop_frame keeps the pixels of the centre square and nothing else") {
  for (const auto& [height, width] : {std::pair{9, 14}, {14, 9}, {7, 7}, {1, 6}, {6, 5}}) {
    const auto [top, left, size] = center_square(static_cast<std::size_t>(height), static_cast<std::size_t>(width));
    const Frame square =
        center_crop_frame(numbered_frame(static_cast<std::size_t>(height), static_cast<std::size_t>(width)));
    REQUIRE(square.shape(0) == size);
    REQUIRE(square.shape(1) == size);
    REQUIRE(square.shape(2) == 3);
    for (std::size_t y = 0; y < size; ++y)
      for (std::size_t x = 0; x < size; ++x) {
        REQUIRE(square(y, x, 0) == top + y);
        REQUIRE(square(y, x, 1) == left + x);
        REQUIRE(square(y, x, 2) == 7);
      }
  }
}

TEST_CASE("a frame without a pixel cannot be cropped") {
  CHECK_THROWS_AS(center_crop_frame(Frame::from_shape({0, 4, 3})), VideoError);
}
