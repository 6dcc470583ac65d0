#pragma once
/// A clip's frames in their order, through OpenCV's VideoCapture. Only this header opens clips.

#include <dlfcn.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdarg>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <opencv2/videoio.hpp>
#include <string>
#include <system_error>

#include "../core/error.hpp"

namespace rcar {
namespace detail {

/// Stops FFmpeg from writing its own remarks on damaged clips to standard error, where rcar says it in one line.
///
/// OpenCV sets FFmpeg's log level anew at every open, so the level cannot be used; the log's callback it leaves alone.
/// The symbol is looked up at run time because OpenCV may come without FFmpeg, and a program that uses rcar need not
/// link it. OPENCV_FFMPEG_DEBUG (OpenCV's own variable) keeps the remarks.
inline void silence_ffmpeg() {
  static const bool once = [] {
    using Callback = void (*)(void*, int, const char*, std::va_list);
    if (std::getenv("OPENCV_FFMPEG_DEBUG")) return true;
    if (void* symbol = ::dlsym(RTLD_DEFAULT, "av_log_set_callback"))
      reinterpret_cast<void (*)(Callback)>(symbol)([](void*, int, const char*, std::va_list) {});
    return true;
  }();
  static_cast<void>(once);
}

}  // namespace detail

/// Decodes one clip, forward only. Not for use by two threads at once; any number of decoders may run side by side.
///
///     Decoder clip("clip.avi");
///     for (cv::Mat frame; clip.grab() && clip.retrieve(frame);) use(frame);
///
/// Frames are BGR, turned upright where the container says so, as cv2.VideoCapture gives them. What a decoder yields
/// does not depend on the number of its threads.
class Decoder {
 public:
  /// Throws VideoError when the path is missing, no regular file, not readable, empty or not a video.
  explicit Decoder(const std::filesystem::path& path) : path_(path) {
    std::error_code failure;
    const auto status = std::filesystem::status(path, failure);
    if (!std::filesystem::exists(status))
      throw VideoError("There is no clip at " + name() +
                       (failure && status.type() == std::filesystem::file_type::none ? " (" + failure.message() + ")"
                                                                                     : std::string()) +
                       "; check the path.");
    if (std::filesystem::is_directory(status))
      throw VideoError(name() + " is a folder, not a clip; give the path of a video file.");
    if (!std::filesystem::is_regular_file(status))
      throw VideoError(name() + " is not a regular file; give the path of a video file.");
    if (::access(path.c_str(), R_OK) != 0)
      throw VideoError("Cannot read the clip " + name() + ": " + std::strerror(errno) + "; check its permissions.");
    if (std::filesystem::file_size(path, failure) == 0 && !failure)
      throw VideoError("The clip " + name() + " is empty (0 bytes); copy it again or leave it out.");
    open();
    if (!capture_.isOpened())
      throw VideoError(name() +
                       " is not a video that can be decoded (no video, damaged at its start, or an unknown codec); "
                       "re-encode it or leave it out.");
  }

  /// Decodes the next frame without converting it; false at the end of the clip.
  bool grab() {
    try {
      return capture_.grab();
    } catch (const cv::Exception&) {
      return false;  // what cannot be decoded ends the clip, as it does for cv2
    }
  }

  /// Converts the frame grabbed last; false when that fails.
  bool retrieve(cv::Mat& frame) {
    try {
      return capture_.retrieve(frame) && !frame.empty();
    } catch (const cv::Exception&) {
      return false;
    }
  }

  /// What the container claims, 0 when it claims nothing sensible. Never rely on it: 11 of 300 UCF101 clips hold up to
  /// seven frames fewer.
  std::size_t claimed_frame_count() const {
    const double count = capture_.get(cv::CAP_PROP_FRAME_COUNT);
    return count >= 1 && count < 1e9 ? static_cast<std::size_t>(count) : 0;
  }

  /// The container's frame rate; 25 when it states none, or none between 0.1 and 1000.
  double frames_per_second() const {
    const double rate = capture_.get(cv::CAP_PROP_FPS);
    return rate >= 0.1 && rate <= 1000 ? rate : 25.0;
  }

  [[noreturn]] void fail_without_frames() const {
    throw VideoError("The clip " + name() +
                     " holds no frame that can be decoded (truncated or damaged); replace it or leave it out.");
  }

 private:
  std::string name() const { return quoted(path_.string()); }

  void open() {
    // An absolute path cannot be mistaken for a protocol ("http:...") of FFmpeg's. FFmpeg first: the other back ends,
    // GStreamer above all, differ in how they convert colours.
    const std::string absolute = std::filesystem::absolute(path_).string();
    detail::silence_ffmpeg();
    try {
      if (capture_.open(absolute, cv::CAP_FFMPEG)) return;
      capture_.open(absolute, cv::CAP_OPENCV_MJPEG);  // OpenCV's own, where it was built without FFmpeg
    } catch (const cv::Exception&) {
      capture_.release();
    }
  }

  std::filesystem::path path_;
  cv::VideoCapture capture_;
};

}  // namespace rcar
