#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <rcar/core/random.hpp>
#include <rcar/video/resize.hpp>
#include <vector>

using namespace rcar;

namespace {

cv::Mat noise_picture(int height, int width, int type) {
  cv::Mat picture(height, width, type);
  Random random(static_cast<std::uint64_t>(height * 1000 + width));
  for (int y = 0; y < height; ++y)
    for (std::size_t i = 0; i < static_cast<std::size_t>(width) * picture.elemSize(); ++i)
      picture.ptr(y)[i] = static_cast<std::uint8_t>(random.below(256));
  return picture;
}

std::vector<std::uint8_t> resized(const cv::Mat& picture, int size) {
  std::vector<std::uint8_t> rgb(static_cast<std::size_t>(size * size * 3), 99);
  crop_and_resize(picture, size, rgb.data());
  return rgb;
}

/// Bilinear with half-pixel centres and clamped edges, in double: what INTER_LINEAR means.
double bilinear(const cv::Mat& square, int size, int y, int x, int channel) {
  const double scale = static_cast<double>(square.rows) / size;
  const auto part = [&](int i) { return std::clamp((i + 0.5) * scale - 0.5, 0.0, square.rows - 1.0); };
  const int y0 = static_cast<int>(part(y)), x0 = static_cast<int>(part(x));
  const int y1 = std::min(y0 + 1, square.rows - 1), x1 = std::min(x0 + 1, square.rows - 1);
  const double fy = part(y) - y0, fx = part(x) - x0;
  const auto value = [&](int row, int column) {
    return static_cast<double>(square.at<cv::Vec3b>(row, column)[channel]);
  };
  return (1 - fy) * ((1 - fx) * value(y0, x0) + fx * value(y0, x1)) +
         fy * ((1 - fx) * value(y1, x0) + fx * value(y1, x1));
}

}  // namespace

TEST_CASE("crop_and_resize is the bilinear formula on the centre square, in RGB, within one level") {
  for (const auto& [height, width, size] :
       {std::array{240, 320, 224}, {31, 48, 64}, {48, 31, 20}, {480, 640, 224}, {7, 5, 16}}) {
    const cv::Mat picture = noise_picture(height, width, CV_8UC3);
    const auto [top, left, side] = center_square(static_cast<std::size_t>(height), static_cast<std::size_t>(width));
    const cv::Mat square =
        picture(cv::Rect(static_cast<int>(left), static_cast<int>(top), static_cast<int>(side), static_cast<int>(side)))
            .clone();
    const auto rgb = resized(picture, size);
    double worst = 0;
    for (int y = 0; y < size; ++y)
      for (int x = 0; x < size; ++x)
        for (int c = 0; c < 3; ++c)
          worst = std::max(worst, std::abs(rgb[static_cast<std::size_t>((y * size + x) * 3 + c)] -
                                           bilinear(square, size, y, x, 2 - c)));
    INFO(height << " x " << width << " to " << size);
    CHECK(worst <= 1.0);
  }
}

TEST_CASE("crop_and_resize is cv::resize and then RGB, to the bit") {
  const cv::Mat picture = noise_picture(240, 320, CV_8UC3);
  cv::Mat expected;
  cv::resize(picture(cv::Rect(40, 0, 240, 240)), expected, {224, 224});
  cv::cvtColor(expected, expected, cv::COLOR_BGR2RGB);
  const auto rgb = resized(picture, 224);
  CHECK(std::equal(rgb.begin(), rgb.end(), expected.data));
}

TEST_CASE("a square of the wanted size keeps its pixels, red and blue exchanged") {
  const cv::Mat picture = noise_picture(32, 32, CV_8UC3);
  const auto rgb = resized(picture, 32);
  for (int i = 0; i < 32 * 32; ++i)
    for (int c = 0; c < 3; ++c) REQUIRE(rgb[static_cast<std::size_t>(3 * i + c)] == picture.data[3 * i + 2 - c]);
}

TEST_CASE("grey is repeated over the channels and alpha is dropped") {
  const cv::Mat grey = noise_picture(24, 24, CV_8UC1);
  const auto from_grey = resized(grey, 24);
  for (std::size_t i = 0; i < from_grey.size(); ++i) REQUIRE(from_grey[i] == grey.data[i / 3]);

  const cv::Mat bgra = noise_picture(24, 24, CV_8UC4);
  const auto from_bgra = resized(bgra, 24);
  for (std::size_t i = 0; i < from_bgra.size(); ++i) REQUIRE(from_bgra[i] == bgra.data[4 * (i / 3) + 2 - i % 3]);
}

TEST_CASE("a picture of one pixel fills the whole square") {
  const auto rgb = resized(cv::Mat(1, 1, CV_8UC3, cv::Scalar(10, 20, 30)), 5);
  for (std::size_t i = 0; i < rgb.size(); ++i) REQUIRE(rgb[i] == 30 - 10 * (i % 3));
}

TEST_CASE("a picture that is empty or not of 8 bits is refused") {
  std::uint8_t rgb[3];
  CHECK_THROWS_AS(crop_and_resize(cv::Mat(), 1, rgb), VideoError);
  CHECK_THROWS_AS(crop_and_resize(cv::Mat(2, 2, CV_16UC3, cv::Scalar()), 1, rgb), VideoError);
  CHECK_THROWS_WITH(crop_and_resize(cv::Mat(2, 2, CV_8UC2, cv::Scalar()), 1, rgb), Catch::Contains("2 channels"));
}
