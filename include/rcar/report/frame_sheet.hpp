#pragma once
/// The frames of a clip in one picture, which a page plays: an eighth of the bytes of a GIF, in true colours.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "../core/error.hpp"
#include "../core/tensor.hpp"
#include "base64.hpp"

namespace rcar {

/// Frames side by side, row by row: frame i lies at column i % columns, row i / columns.
struct FrameSheet {
  std::vector<std::uint8_t> jpeg;  // empty: no frames
  std::size_t frames = 0, columns = 0;
  std::size_t side = 0;  // pixels of a square frame
};

/// frames  (n, S, S, 3) uint8 RGB
/// side    pixels that a frame is resized to: a multiple of 16, so that JPEG's blocks never hold pixels of two frames
///
/// Throws UsageError when there is no frame, they are not square RGB, or the side is no multiple of 16.
inline FrameSheet make_frame_sheet(const Frames& frames, std::size_t side = 192, int quality = 80) {
  const std::size_t count = frames.shape(0), size = frames.shape(1);
  if (frames.size() == 0 || frames.shape(2) != size || frames.shape(3) != 3)
    throw UsageError("A frame sheet needs square RGB frames (n, S, S, 3), at least one; pass those of sample_clip.");
  if (side == 0 || side % 16 != 0)
    throw UsageError("The side of a frame in a sheet is " + std::to_string(side) + "; give a multiple of 16 pixels.");
  const auto columns = static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(count))));
  const std::size_t rows = (count + columns - 1) / columns;
  const auto extent = [](std::size_t pixels) { return static_cast<int>(pixels); };
  cv::Mat sheet(extent(rows * side), extent(columns * side), CV_8UC3, cv::Scalar(0, 0, 0));
  for (std::size_t i = 0; i < count; ++i) {
    // OpenCV's Mat takes no const pointer; nothing writes through it.
    const cv::Mat rgb(extent(size), extent(size), CV_8UC3,
                      const_cast<std::uint8_t*>(frames.data() + i * size * size * 3));
    cv::Mat bgr;
    cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
    const cv::Rect place(extent(i % columns * side), extent(i / columns * side), extent(side), extent(side));
    cv::resize(bgr, sheet(place), place.size(), 0, 0, side < size ? cv::INTER_AREA : cv::INTER_LINEAR);
  }
  FrameSheet result{{}, count, columns, side};
  if (!cv::imencode(".jpg", sheet, result.jpeg, {cv::IMWRITE_JPEG_QUALITY, quality}))
    throw Error("OpenCV cannot encode JPEG pictures; install OpenCV with JPEG support.");
  return result;
}

}  // namespace rcar
