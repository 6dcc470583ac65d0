#pragma once
/// A clip's frames in their order, by FFmpeg's libraries. Only this header opens clips.

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <filesystem>
#include <limits>
#include <opencv2/core.hpp>
#include <string>
#include <system_error>
#include <utility>

#include "../core/error.hpp"
#include "libav.hpp"
#include "mpeg4.hpp"
#include "picture.hpp"

namespace rcar {

/// Whether a decoder may leave frames undecoded that nobody wants and nothing depends on.
enum class Leaving { allowed, forbidden };

/// Decodes one clip, forward only, on the calling thread. Not for use by two threads at once; any number of decoders
/// may run side by side.
///
///     Decoder clip("clip.avi");
///     for (cv::Mat frame; clip.grab() && clip.retrieve(frame);) use(frame);
///
/// Frames are those of cv2.VideoCapture to the bit, colours converted as OpenCV has FFmpeg convert them, and turned
/// upright where the container says so. The first packet that cannot be decoded ends the clip.
class Decoder {
 public:
  /// Throws VideoError when the path is missing, no regular file, not readable, empty or not a video.
  explicit Decoder(const std::filesystem::path& path, Leaving leaving = Leaving::allowed)
      : path_(path), leaving_(leaving) {
    require_file();
    libav::silence_log();
    if (!open())
      throw VideoError(name() +
                       " is not a video that can be decoded (no video, damaged at its start, or an unknown codec); "
                       "re-encode it or leave it out.");
    const double rate = ratio_or_zero(av_guess_frame_rate(format_.get(), stream_, nullptr));
    double count = static_cast<double>(stream_->nb_frames);
    if (count == 0) count = std::floor(duration_s() * rate + 0.5);
    if (count >= 1 && count < 1e9) claimed_ = static_cast<std::size_t>(count);
    if (rate >= 0.1 && rate <= 1000) rate_ = rate;
  }

  /// Decodes the next frame without converting it; false at the end of the clip.
  bool grab() {
    if (ended_) return false;
    for (int failures = 0;;) {
      const int got = avcodec_receive_frame(codec_.get(), frame_.get());
      if (got >= 0) break;
      if (got != AVERROR(EAGAIN) && ++failures > most_failures) return end();
      const AVPacket* const packet = next_packet();
      if (!packet) drained_ = true;
      if (avcodec_send_packet(codec_.get(), packet) < 0) return end();
    }
    started_ = true;
    doubtful_ |= left_out_ && frame_->decode_error_flags != 0;
    return true;
  }

  /// Goes past the next `count` frames, decoding only what the frame after them depends on; returns how many there
  /// were, fewer at the end of the clip.
  std::size_t pass(std::size_t count) {
    for (std::size_t passed = 0;;) {
      passed += leave_out(count - passed);
      if (passed == count || !grab()) return passed;
      ++passed;
    }
  }

  /// Whether frames were left out before one that turned out damaged, and so was mended from what had been decoded
  /// before. A clip that is decoded anew with Leaving::forbidden gives what decoding it whole gives.
  bool doubtful() const { return doubtful_; }

  /// Converts the frame grabbed last: BGR. False when that fails.
  bool retrieve(cv::Mat& bgr) {
    Picture picture;
    if (!converter_.whole(*frame_, *codec_, quarter_turns_, picture)) return false;
    picture.pixels.copyTo(bgr);
    return true;
  }

  /// Converts the centre square of the frame grabbed last; its pixels are this decoder's and stay until the next call.
  /// False when that fails.
  bool retrieve_square(Picture& square) { return converter_.square(*frame_, *codec_, quarter_turns_, square); }

  /// What the container claims, 0 when it claims nothing sensible. Never rely on it: of 300 UCF101 clips 11 hold up to
  /// seven frames fewer, and a recorder that was cut off claims too few.
  std::size_t claimed_frame_count() const { return claimed_; }

  /// The container's frame rate; 25 when it states none, or none between 0.1 and 1000.
  double frames_per_second() const { return rate_; }

  /// FFmpeg's name of the codec: `h264`, `mpeg4`, `mjpeg`.
  std::string codec() const { return avcodec_get_name(codec_->codec_id); }

  [[noreturn]] void fail_without_frames() const {
    throw VideoError("The clip " + name() +
                     " holds no frame that can be decoded (truncated or damaged); replace it or leave it out.");
  }

 private:
  static constexpr int most_failures = 512;      // in a row, as in OpenCV
  static constexpr std::size_t most_held = 512;  // packets between two key frames that are worth waiting for

  std::string name() const { return quoted(path_.string()); }

  static double ratio_or_zero(AVRational ratio) { return ratio.num == 0 || ratio.den == 0 ? 0 : av_q2d(ratio); }

  double duration_s() const {
    const double whole = static_cast<double>(format_->duration) / AV_TIME_BASE;
    return whole >= 0.000025 ? whole : static_cast<double>(stream_->duration) * ratio_or_zero(stream_->time_base);
  }

  void require_file() const {
    std::error_code failure;
    const auto status = std::filesystem::status(path_, failure);
    if (!std::filesystem::exists(status))
      throw VideoError("There is no clip at " + name() +
                       (failure && status.type() == std::filesystem::file_type::none ? " (" + failure.message() + ")"
                                                                                     : std::string()) +
                       "; check the path.");
    if (std::filesystem::is_directory(status))
      throw VideoError(name() + " is a folder, not a clip; give the path of a video file.");
    if (!std::filesystem::is_regular_file(status))
      throw VideoError(name() + " is not a regular file; give the path of a video file.");
    if (::access(path_.c_str(), R_OK) != 0)
      throw VideoError("Cannot read the clip " + name() + ": " + std::strerror(errno) + "; check its permissions.");
    if (std::filesystem::file_size(path_, failure) == 0 && !failure)
      throw VideoError("The clip " + name() + " is empty (0 bytes); copy it again or leave it out.");
  }

  bool open() {
    AVFormatContext* format = nullptr;
    const std::string file = std::filesystem::absolute(path_).string();  // absolute: no protocol such as "http:..."
    if (avformat_open_input(&format, file.c_str(), nullptr, nullptr) < 0) return false;
    format_.reset(format);
    if (avformat_find_stream_info(format, nullptr) < 0) return false;
    const auto* const end = format->streams + format->nb_streams;
    const auto* const video = std::find_if(format->streams, format->streams + format->nb_streams, [](AVStream* each) {
      return each->codecpar->codec_type == AVMEDIA_TYPE_VIDEO;
    });
    if (video == end) return false;
    stream_ = *video;
    const AVCodec* const codec = avcodec_find_decoder(stream_->codecpar->codec_id);
    if (!codec) return false;
    codec_ = libav::own(avcodec_alloc_context3(codec));
    codec_->thread_count = 1;  // clips are decoded side by side instead
    avcodec_parameters_to_context(codec_.get(), stream_->codecpar);
    if (avcodec_open2(codec_.get(), codec, nullptr) < 0) return false;
    frame_ = libav::own(av_frame_alloc());
    packet_ = libav::own(av_packet_alloc());
    quarter_turns_ = libav::quarter_turns(*stream_);
    return true;
  }

  bool end() {
    ended_ = true;
    return false;
  }

  /// The stream's next packet, nothing at its end or where the file cannot be read on.
  AVPacket* read_packet() {
    for (;;) {
      av_packet_unref(packet_.get());
      const int result = av_read_frame(format_.get(), packet_.get());
      if (result == AVERROR(EAGAIN)) continue;
      if (result < 0) return nullptr;
      if (packet_->stream_index == stream_->index) return packet_.get();
    }
  }

  /// The next packet to decode: one that was read ahead, or the stream's next.
  AVPacket* next_packet() {
    if (held_.empty()) return read_packet();
    packet_ = std::move(held_.front());
    held_.pop_front();
    return packet_.get();
  }

  /// Whether the decoder gives each frame as soon as it has its packet, and heads of packets say what the packet is.
  bool may_leave_out() const {
    return leaving_ == Leaving::allowed && codec_->codec_id == AV_CODEC_ID_MPEG4 && codec_->has_b_frames == 0 &&
           started_ && held_.empty() && !drained_ && !ended_;
  }

  /// Goes past at most `count` frames that no key frame up to the frame after them lies behind. The decoder reads their
  /// heads all the same, so that a head it refuses ends the clip here as it does there.
  std::size_t leave_out(std::size_t count) {
    std::size_t left_out = 0;
    if (count == 0 || !may_leave_out()) return 0;
    std::deque<libav::Owner<AVPacket>> held;
    for (std::size_t i = 0; i <= count && held.size() < most_held; ++i) {
      AVPacket* const packet = read_packet();
      if (!packet) break;
      const auto kind = mpeg4::kind({packet->data, static_cast<std::size_t>(packet->size)}, codec_->framerate.num);
      if (kind == mpeg4::Kind::key) {
        if (!skip(held, left_out)) return left_out;
        held.clear();
      }
      held.push_back(std::exchange(packet_, libav::own(av_packet_alloc())));
      if (kind == mpeg4::Kind::unsure) break;
    }
    held_ = std::move(held);
    return left_out;
  }

  bool skip(const std::deque<libav::Owner<AVPacket>>& packets, std::size_t& left_out) {
    codec_->skip_frame = AVDISCARD_ALL;
    for (const auto& packet : packets) {
      if (avcodec_send_packet(codec_.get(), packet.get()) < 0) {
        end();
        break;
      }
      ++left_out;
      left_out_ = true;
      avcodec_receive_frame(codec_.get(), frame_.get());  // takes the packet; there is no frame
    }
    codec_->skip_frame = AVDISCARD_DEFAULT;
    return !ended_;
  }

  std::filesystem::path path_;
  Leaving leaving_;
  libav::Owner<AVFormatContext> format_;
  libav::Owner<AVCodecContext> codec_;
  libav::Owner<AVFrame> frame_;
  libav::Owner<AVPacket> packet_;
  std::deque<libav::Owner<AVPacket>> held_;  // read ahead, not decoded yet
  AVStream* stream_ = nullptr;
  FrameConverter converter_;
  std::size_t claimed_ = 0;
  double rate_ = 25;
  int quarter_turns_ = 0;
  bool started_ = false, drained_ = false, ended_ = false, left_out_ = false, doubtful_ = false;
};

}  // namespace rcar
