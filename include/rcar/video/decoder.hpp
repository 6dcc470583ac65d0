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
#include <opencv2/videoio/registry.hpp>
#include <string>
#include <system_error>

#include "../core/error.hpp"
#include "../core/file.hpp"

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
    open(path);
    if (!capture_.isOpened())
      throw VideoError(name() +
                       " is not a video that can be decoded (no video, damaged at its start, or an unknown codec); "
                       "re-encode it or leave it out.");
    const double count = capture_.get(cv::CAP_PROP_FRAME_COUNT), rate = capture_.get(cv::CAP_PROP_FPS);
    if (count >= 1 && count < 1e9) claimed_ = static_cast<std::size_t>(count);
    if (rate >= 0.1 && rate <= 1000) rate_ = rate;
  }

  /// Decodes the next frame without converting it; false at the end of the clip.
  /// Throws VideoError when the clip holds more frames than it claims and no scratch folder can be made to read them.
  bool grab() {
    if (!grab_next() && !read_on()) return false;
    ++grabbed_;
    return true;
  }

  /// Converts the frame grabbed last; false when that fails.
  bool retrieve(cv::Mat& frame) {
    try {
      return capture_.retrieve(frame) && !frame.empty();
    } catch (const cv::Exception&) {
      return false;
    }
  }

  /// What the container claims, 0 when it claims nothing sensible. Never rely on it: of 300 UCF101 clips 11 hold up to
  /// seven frames fewer, and a recorder that was cut off claims too few.
  std::size_t claimed_frame_count() const { return claimed_; }

  /// The container's frame rate; 25 when it states none, or none between 0.1 and 1000.
  double frames_per_second() const { return rate_; }

  [[noreturn]] void fail_without_frames() const {
    throw VideoError("The clip " + name() +
                     " holds no frame that can be decoded (truncated or damaged); replace it or leave it out.");
  }

 private:
  std::string name() const { return quoted(path_.string()); }

  void open(const std::filesystem::path& path) {
    // FFmpeg where OpenCV has it: other back ends, GStreamer above all, convert colours differently.
    static const int back_end =
        cv::videoio_registry::hasBackend(cv::CAP_FFMPEG) ? int{cv::CAP_FFMPEG} : int{cv::CAP_ANY};
    detail::silence_ffmpeg();
    try {
      capture_.open(std::filesystem::absolute(path).string(), back_end);  // absolute: no protocol such as "http:..."
    } catch (const cv::Exception&) {
      capture_.release();
    }
  }

  bool grab_next() {
    try {
      return capture_.isOpened() && capture_.grab();
    } catch (const cv::Exception&) {
      return false;  // what cannot be decoded ends the clip, as it does for cv2
    }
  }

  /// OpenCV gives one frame more than the container claims and then stops, however many follow. Such a clip is opened
  /// again through a one-line FFmpeg playlist, which claims nothing, and decoded up to where it stopped.
  bool read_on() {
    if (claimed_ == 0 || grabbed_ <= claimed_ || through_playlist_) return false;
    through_playlist_ = true;
    capture_.release();
    std::error_code failure;
    std::string folder = (std::filesystem::temp_directory_path(failure) / "rcar-clip-XXXXXX").string();
    if (!failure && ::mkdtemp(folder.data())) {
      // A playlist may name only files of its own folder, in plain letters: hence the link.
      std::filesystem::create_symlink(std::filesystem::absolute(path_), folder + "/clip", failure);
      try {
        write_file(folder + "/clip.ffconcat", "ffconcat version 1.0\nfile clip\n");
        open(folder + "/clip.ffconcat");
      } catch (const FileError&) {  // said below
      }
      std::filesystem::remove_all(folder, failure);
    }
    if (!capture_.isOpened())
      throw VideoError("The clip " + name() +
                       " holds more frames than it claims, and no scratch folder can be made to read them; set TMPDIR "
                       "to a folder that can be written.");
    for (std::size_t frame = 0; frame < grabbed_; ++frame)
      if (!grab_next()) return false;
    return grab_next();
  }

  std::filesystem::path path_;
  cv::VideoCapture capture_;
  std::size_t claimed_ = 0, grabbed_ = 0;
  double rate_ = 25;
  bool through_playlist_ = false;
};

}  // namespace rcar
