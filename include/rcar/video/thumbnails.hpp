#pragma once
/// A whole clip at a glance: what it is, how many frames it really has, and small grey pictures of them.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "../core/error.hpp"
#include "decoder.hpp"

namespace rcar {

/// Grey pictures of a clip's frames `step` apart, its first frame included: (n, S, S) uint8.
struct Thumbnails {
  std::size_t side = 0;  // S
  std::size_t step = 1;  // frames from one to the next
  std::vector<std::uint8_t> pixels;

  std::size_t size() const { return side ? pixels.size() / (side * side) : 0; }
  const std::uint8_t* picture(std::size_t i) const { return pixels.data() + i * side * side; }
};

/// What decoding a clip to its end tells of it.
struct DecodedClip {
  std::size_t frames = 0;   // that decode
  std::size_t claimed = 0;  // by the container; 0: it claims nothing
  double frames_per_second = 0;
  int width = 0, height = 0;  // of the first frame, upright
  std::string codec;          // FFmpeg's name: h264, mpeg4, ...
  Thumbnails thumbnails;
};

namespace detail {

/// A frame as S x S grey pixels, each the mean of the pixels that it covers.
inline void shrink(const cv::Mat& bgr, int side, std::uint8_t* out) {
  cv::Mat small;
  cv::Mat grey(side, side, CV_8UC1, out);
  cv::resize(bgr, small, {side, side}, 0, 0, cv::INTER_AREA);
  cv::cvtColor(small, grey, cv::COLOR_BGR2GRAY);
}

/// Drops every second picture, so that those that stay are twice as far apart.
inline void thin_out(Thumbnails& thumbnails) {
  const std::size_t bytes = thumbnails.side * thumbnails.side, kept = (thumbnails.size() + 1) / 2;
  for (std::size_t i = 1; i < kept; ++i)
    std::copy_n(thumbnails.picture(2 * i), bytes, thumbnails.pixels.data() + i * bytes);
  thumbnails.pixels.resize(kept * bytes);
  thumbnails.step *= 2;
}

}  // namespace detail

/// Decodes a clip to its end. The whole frame is shrunk to side x side whatever its shape, so that a copy of other size
/// or other shape of pixels gives the same pictures. Between most / 2 and `most` pictures are kept of a clip that has
/// so many frames, all of a shorter one: memory does not grow with the clip.
///
/// Throws VideoError as Decoder, and when no frame decodes; UsageError when side or most is less than 2.
inline DecodedClip decode_thumbnails(const std::filesystem::path& path, int side, std::size_t most) {
  if (side < 2 || most < 2) throw UsageError("Thumbnails need two pixels a side, and two of them, at least.");
  Decoder decoder(path, Leaving::forbidden);
  DecodedClip clip;
  clip.claimed = decoder.claimed_frame_count();
  clip.frames_per_second = decoder.frames_per_second();
  clip.codec = decoder.codec();
  clip.thumbnails.side = static_cast<std::size_t>(side);
  const std::size_t bytes = clip.thumbnails.side * clip.thumbnails.side;
  for (cv::Mat frame; decoder.grab(); ++clip.frames) {
    if (clip.frames % clip.thumbnails.step != 0) continue;
    if (!decoder.retrieve(frame)) break;
    if (clip.frames == 0) {
      clip.width = frame.cols;
      clip.height = frame.rows;
    }
    if (clip.thumbnails.size() == most) {
      detail::thin_out(clip.thumbnails);
      if (clip.frames % clip.thumbnails.step != 0) continue;
    }
    clip.thumbnails.pixels.resize(clip.thumbnails.pixels.size() + bytes);
    detail::shrink(frame, side, clip.thumbnails.pixels.data() + clip.thumbnails.pixels.size() - bytes);
  }
  if (clip.frames == 0) decoder.fail_without_frames();
  return clip;
}

}  // namespace rcar
