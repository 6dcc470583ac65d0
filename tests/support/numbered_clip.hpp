#pragma once
/// Clips whose frames carry their own number, so that a test sees which frames were taken.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <stdexcept>
#include <vector>

#include <rcar/core/tensor.hpp>

namespace rcar::test {

/// Writes a Motion JPEG clip of `frames` square frames; frame i shows the 16 bits of i as a grid of 4 x 4 black and
/// white fields.
inline void write_numbered_clip(const std::filesystem::path& path, int frames, int side = 64, double rate = 25) {
  cv::VideoWriter writer(path.string(), cv::CAP_OPENCV_MJPEG, cv::VideoWriter::fourcc('M', 'J', 'P', 'G'), rate,
                         {side, side});
  if (!writer.isOpened()) throw std::runtime_error("OpenCV cannot write " + path.string());
  const int field = side / 4;
  for (int i = 0; i < frames; ++i) {
    cv::Mat frame(side, side, CV_8UC3, cv::Scalar::all(0));
    for (int bit = 0; bit < 16; ++bit)
      if (i >> bit & 1)
        cv::rectangle(frame, {bit % 4 * field, bit / 4 * field, field, field}, cv::Scalar::all(255), cv::FILLED);
    writer.write(frame);
  }
}

/// The numbers that frames (n, S, S, 3) of such a clip carry.
inline std::vector<std::size_t> frame_numbers(const Frames& frames) {
  std::vector<std::size_t> numbers;
  const std::size_t side = frames.shape(1);
  for (std::size_t i = 0; i < frames.shape(0); ++i) {
    std::size_t number = 0;
    for (std::size_t bit = 0; bit < 16; ++bit) {
      const std::size_t y = (2 * (bit / 4) + 1) * side / 8, x = (2 * (bit % 4) + 1) * side / 8;
      number |= static_cast<std::size_t>(frames(i, y, x, 1) > 127) << bit;
    }
    numbers.push_back(number);
  }
  return numbers;
}

}  // namespace rcar::test
