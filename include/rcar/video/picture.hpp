#pragma once
/// From a decoder's planes to pixels, by libswscale, as OpenCV has it do that.

#include <cstddef>
#include <cstdint>
#include <opencv2/core.hpp>

#include "crop.hpp"
#include "libav.hpp"

namespace rcar {

/// The order of a pixel's three bytes.
enum class ChannelOrder { bgr, rgb };

/// Pixels of 8 bits a channel, three channels.
struct Picture {
  cv::Mat pixels;
  ChannelOrder order = ChannelOrder::bgr;
};

/// Converts the frames of one clip.
class FrameConverter {
 public:
  /// The whole frame: BGR, upright. False when libswscale cannot convert such frames.
  bool whole(const AVFrame& frame, const AVCodecContext& codec, int quarter_turns, Picture& picture) {
    if (!frame.data[0]) return false;
    // The coded extent, as in OpenCV: where it is more than the visible one, the converter may see past the margin.
    // A file may change its extent on the way: where the frame holds no more than what is visible, that is converted.
    int width = std::max(codec.coded_width, frame.width), height = std::max(codec.coded_height, frame.height);
    if (!holds(frame, width, height)) width = frame.width, height = frame.height;
    if (!convert(frame, {0, 0, width, height}, AV_PIX_FMT_BGR24)) return false;
    picture = {pixels_(cv::Rect(0, 0, frame.width, frame.height)), ChannelOrder::bgr};
    if (quarter_turns == 0) return true;
    constexpr cv::RotateFlags turns[] = {cv::ROTATE_90_CLOCKWISE, cv::ROTATE_180, cv::ROTATE_90_COUNTERCLOCKWISE};
    cv::rotate(picture.pixels, upright_, turns[quarter_turns - 1]);
    picture.pixels = upright_;
    return true;
  }

  /// The centre square of the upright frame, the same pixels as whole() gives; it converts no more than that where it
  /// can.
  bool square(const AVFrame& frame, const AVCodecContext& codec, int quarter_turns, Picture& picture) {
    if (!frame.data[0]) return false;
    const auto extent = [](int pixels) { return static_cast<std::size_t>(pixels); };
    const auto rect = [](const CenterSquare& square) {
      return cv::Rect(static_cast<int>(square.left), static_cast<int>(square.top), static_cast<int>(square.size),
                      static_cast<int>(square.size));
    };
    // libswscale takes each group of 8 x 2 pixels of 4:2:0 by itself and in any order of channels, if rows are even in
    // number. Of other formats it takes neighbouring pixels together.
    const cv::Rect square = rect(center_square(extent(frame.height), extent(frame.width)));
    const cv::Rect even(square.x & ~1, square.y & ~1, (square.width + square.x % 2 + 7) & ~7,
                        (square.height + square.y % 2 + 1) & ~1);
    const bool by_itself = (frame.format == AV_PIX_FMT_YUV420P || frame.format == AV_PIX_FMT_YUVJ420P) &&
                           codec.coded_height % 2 == 0 && quarter_turns == 0 &&
                           even.x + even.width <= codec.coded_width && even.y + even.height <= codec.coded_height &&
                           holds(frame, codec.coded_width, codec.coded_height);
    if (by_itself) {
      if (!convert(frame, even, AV_PIX_FMT_RGB24)) return false;
      picture = {pixels_(cv::Rect(square.x - even.x, square.y - even.y, square.width, square.height)),
                 ChannelOrder::rgb};
      return true;
    }
    if (!whole(frame, codec, quarter_turns, picture)) return false;
    picture.pixels = picture.pixels(rect(center_square(extent(picture.pixels.rows), extent(picture.pixels.cols))));
    return true;
  }

 private:
  /// Whether the memory of a frame's planes holds that many pixels. Frames whose memory is not known hold what they
  /// show.
  static bool holds(const AVFrame& frame, int width, int height) {
    if (width == frame.width && height == frame.height) return true;
    const auto format = static_cast<AVPixelFormat>(frame.format);
    std::ptrdiff_t strides[4];
    std::size_t plane_bytes[4];
    for (int i = 0; i < 4; ++i) strides[i] = frame.linesize[i];
    if (av_image_fill_plane_sizes(plane_bytes, format, height, strides) < 0) return false;
    for (int plane = 0; plane < 4 && frame.data[plane]; ++plane) {
      const AVBufferRef* const memory = av_frame_get_plane_buffer(const_cast<AVFrame*>(&frame), plane);
      if (!memory || frame.linesize[plane] < av_image_get_linesize(format, width, plane)) return false;
      const std::ptrdiff_t begin = frame.data[plane] - memory->data;
      if (begin < 0 || plane_bytes[plane] > memory->size - static_cast<std::size_t>(begin)) return false;
    }
    return true;
  }

  /// Converts the pixels of `part` into pixels_; its corner must be even where chroma is subsampled.
  bool convert(const AVFrame& frame, const cv::Rect& part, AVPixelFormat to) {
    const auto format = static_cast<AVPixelFormat>(frame.format);
    scaler_.reset(sws_getCachedContext(scaler_.release(), part.width, part.height, format, part.width, part.height, to,
                                       SWS_BICUBIC, nullptr, nullptr, nullptr));
    if (!scaler_) return false;
    // Rows of a multiple of 32 pixels, and one row more: libswscale writes whole vectors.
    pixels_.create(part.height + 1, (part.width + 31) & ~31, CV_8UC3);
    const std::uint8_t* source[AV_NUM_DATA_POINTERS];
    std::copy_n(frame.data, AV_NUM_DATA_POINTERS, source);
    if (part.x != 0 || part.y != 0) {  // planes of 4:2:0
      source[0] += part.y * frame.linesize[0] + part.x;
      for (const int plane : {1, 2}) source[plane] += part.y / 2 * frame.linesize[plane] + part.x / 2;
    }
    std::uint8_t* const target[] = {pixels_.data, nullptr, nullptr, nullptr};
    const int step[] = {static_cast<int>(pixels_.step[0]), 0, 0, 0};
    return sws_scale(scaler_.get(), source, frame.linesize, 0, part.height, target, step) > 0;
  }

  libav::Owner<SwsContext> scaler_;
  cv::Mat pixels_, upright_;
};

}  // namespace rcar
