#pragma once
/// From a decoded picture to a network's input: centre square, bilinear resize, RGB.

#include <cstdint>
#include <mutex>
#include <opencv2/core/utility.hpp>
#include <opencv2/imgproc.hpp>
#include <string>

#include "../core/error.hpp"
#include "crop.hpp"
#include "picture.hpp"

namespace rcar {

/// Keeps OpenCV on the calling thread as long as one of these lives: for threads that each have a clip of their own.
class OpenCvOnOneThread {
 public:
  OpenCvOnOneThread() {
    std::lock_guard lock(state().mutex);
    if (state().alive++ > 0) return;
    state().before = cv::getNumThreads();
    cv::setNumThreads(1);
  }
  OpenCvOnOneThread(const OpenCvOnOneThread&) = delete;
  OpenCvOnOneThread& operator=(const OpenCvOnOneThread&) = delete;
  ~OpenCvOnOneThread() {
    std::lock_guard lock(state().mutex);
    if (--state().alive == 0) cv::setNumThreads(state().before);
  }

 private:
  struct State {
    std::mutex mutex;
    int alive = 0, before = 0;
  };
  static State& state() {
    static State one;
    return one;
  }
};

/// Writes a square, resized as cv2.resize does by default (INTER_LINEAR), as RGB.
///
/// rgb      (size, size, 3), written whole
inline void resize_square(const Picture& square, int size, std::uint8_t* rgb) {
  cv::Mat out(size, size, CV_8UC3, rgb);
  cv::resize(square.pixels, out, cv::Size(size, size), 0, 0, cv::INTER_LINEAR);
  if (square.order == ChannelOrder::bgr) cv::cvtColor(out, out, cv::COLOR_BGR2RGB);
}

/// Writes the centre square of `picture`, resized as cv2.resize does by default (INTER_LINEAR) and then turned from BGR
/// to RGB, the Keras pipeline's order.
///
/// picture  8 bits a channel: BGR, BGRA (alpha is dropped) or grey (repeated over the channels), any size
/// rgb      (size, size, 3), written whole
///
/// Throws VideoError when the picture is empty or of another kind.
inline void crop_and_resize(const cv::Mat& picture, int size, std::uint8_t* rgb) {
  if (picture.empty()) throw VideoError("A decoded frame has no pixel; replace the clip.");
  if (picture.depth() != CV_8U || (picture.channels() != 1 && picture.channels() != 3 && picture.channels() != 4))
    throw VideoError("A decoded frame has " + std::to_string(picture.channels()) + " channels of " +
                     std::to_string(picture.elemSize1() * 8) +
                     " bits where 1, 3 or 4 channels of 8 bits are needed; re-encode the clip as 8-bit video.");
  const auto square = center_square(static_cast<std::size_t>(picture.rows), static_cast<std::size_t>(picture.cols));
  const cv::Mat cropped = picture(cv::Rect(static_cast<int>(square.left), static_cast<int>(square.top),
                                           static_cast<int>(square.size), static_cast<int>(square.size)));
  cv::Mat resized;
  cv::resize(cropped, resized, cv::Size(size, size), 0, 0, cv::INTER_LINEAR);
  cv::Mat out(size, size, CV_8UC3, rgb);
  constexpr int to_rgb[] = {-1, cv::COLOR_GRAY2RGB, -1, cv::COLOR_BGR2RGB, cv::COLOR_BGRA2RGB};
  cv::cvtColor(resized, out, to_rgb[picture.channels()]);
}

}  // namespace rcar
