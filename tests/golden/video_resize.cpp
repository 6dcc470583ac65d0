/// Frames against the Keras pipeline's own steps in Python (video.py).

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdlib>
#include <rcar/video/resize.hpp>
#include <string>
#include <vector>
#include <xtensor/xnpy.hpp>

using namespace rcar;

TEST_CASE("crop, resize and RGB give cv2's bytes") {
  const auto rows = xt::load_npy<std::uint8_t>(std::string(RCAR_TEST_DATA) + "/video_resize.npy");
  REQUIRE(rows.shape(0) == 8);
  for (std::size_t row = 0; row < rows.shape(0); ++row) {
    const int height = rows(row, 0), width = rows(row, 1), size = rows(row, 2);
    cv::Mat frame(height, width, CV_8UC3);
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x)
        for (int c = 0; c < 3; ++c)
          frame.at<cv::Vec3b>(y, x)[c] = static_cast<std::uint8_t>((x * x * 3 + y * 7 * x + y * y * 5 + c * 91) % 256);
    std::vector<std::uint8_t> rgb(static_cast<std::size_t>(size) * static_cast<std::size_t>(size) * 3);
    crop_and_resize(frame, size, rgb.data());
    int worst = 0, different = 0;
    for (std::size_t i = 0; i < rgb.size(); ++i) {
      const int difference = std::abs(rgb[i] - rows(row, 3 + i));
      worst = std::max(worst, difference);
      different += difference > 0;
    }
    INFO(height << " x " << width << " to " << size << ": " << different << " of " << rgb.size() << " bytes differ");
    CHECK(worst == 0);
  }
}
