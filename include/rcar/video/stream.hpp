#pragma once
/// Frames of a live source, by FFmpeg's libraries: an address, a pipe or a device, whose reads can be ended at any
/// time.

extern "C" {
#include <libavutil/dict.h>
#include <libavutil/error.h>
}

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "libav.hpp"
#include "picture.hpp"

namespace rcar {

/// What to open, and how.
struct StreamInput {
  std::string address;                    // for FFmpeg
  std::string shown;                      // for messages: an address may hold a password
  int pipe = -1;                          // an open file to read instead of the address; it stays the caller's
  const AVInputFormat* format = nullptr;  // nothing: told from the content
  std::vector<std::pair<std::string, std::string>> options = {};
  bool waits_for_none = false;  // a device: a read returns at once where there is no frame yet
};

/// An address. `transport` is RTSP's: "tcp" loses no packets, "udp" has less delay; others ignore it. An address can
/// reach other addresses (a playlist's parts) but no local file.
inline StreamInput url_input(const std::string& address, const std::string& shown,
                             const std::string& transport = "tcp") {
  StreamInput input{address, shown};
  input.options = {{"protocol_whitelist", "rtsp,rtp,srtp,udp,tcp,tls,http,https,httpproxy,crypto,hls,rtmp,rtmps,srt"}};
  if (address.starts_with("rtsp")) input.options.emplace_back("rtsp_transport", transport);
  return input;
}

/// An open pipe, standard input say, that carries any container which needs no seeking: MPEG-TS, Matroska, AVI, Y4M.
inline StreamInput pipe_input(int file, const std::string& shown) {
  StreamInput input{"", shown};
  input.pipe = file;
  return input;
}

/// Decodes a stream on the calling thread. Where Decoder ends at the first packet that is damaged, a stream goes past
/// it.
///
///     std::atomic<bool> stop{false};
///     Stream camera(url_input(address, "the camera"), 10, stop);  // rtsp://, http://, udp://, ...
///     while (camera.next() == Stream::Next::frame) if (camera.retrieve_square(square)) use(square);
class Stream {
 public:
  using Clock = std::chrono::steady_clock;
  /// `end`: whoever sends has finished. `lost`: nothing came in time or reading failed; reason() says which. `stopped`:
  /// the caller's flag was set.
  enum class Next { frame, end, lost, stopped };

  /// Opens the stream and waits for what it says of its video, `timeout_s` at most; every later read may take as long.
  /// `stop` ends any wait within a fraction of a second; a look-up of a host's name cannot be ended so.
  /// Throws VideoError when it cannot be opened or holds no video that can be decoded.
  Stream(const StreamInput& input, double timeout_s, const std::atomic<bool>& stop)
      : stop_(stop), timeout_(std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(timeout_s))) {
    libav::silence_log();
    static const bool network = (avformat_network_init(), true);
    static_cast<void>(network);
    open(input);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  Next next() {
    for (std::size_t failures = 0;;) {
      const int got = avcodec_receive_frame(codec_.get(), frame_.get());
      if (got >= 0) return Next::frame;
      if (got == AVERROR_EOF) return Next::end;
      if (got != AVERROR(EAGAIN) && ++failures > most_failures) return lost("nothing of it can be decoded");
      const int read = read_packet();
      if (stop_) return Next::stopped;
      // FFmpeg calls the end of an HTTP answer of unknown length an input/output error.
      const bool ended_by_sender = read == AVERROR_EOF || (read == AVERROR(EIO) && !pipe_ && !is_file());
      if (ended_by_sender) {
        if (avcodec_send_packet(codec_.get(), nullptr) < 0) return Next::end;
        continue;
      }
      if (read == AVERROR_EXIT) return lost("nothing came for " + seconds_text());
      if (read < 0) return lost(error_text(read));
      if (avcodec_send_packet(codec_.get(), packet_.get()) < 0) {
        ++damaged_;
        if (++failures > most_failures) return lost("nothing of it can be decoded");
      }
    }
  }

  /// When the packet arrived that completed the frame.
  Clock::time_point arrived() const { return arrived_; }
  /// The frame's own time in seconds, from any start; nothing where the stream states none.
  std::optional<double> time_s() const {
    if (frame_->best_effort_timestamp == AV_NOPTS_VALUE) return std::nullopt;
    return static_cast<double>(frame_->best_effort_timestamp) * av_q2d(stream_->time_base);
  }
  /// The stated rate; nothing where it is unknown or senseless.
  std::optional<double> frames_per_second() const {
    const AVRational rate = av_guess_frame_rate(format_.get(), stream_, nullptr);
    const double value = rate.num == 0 || rate.den == 0 ? 0 : av_q2d(rate);
    return value >= 0.1 && value <= 1000 ? std::optional(value) : std::nullopt;
  }
  /// Whether it is a file that a server hands out, with a known end: there is nothing to wait for behind it.
  bool is_file() const { return !pipe_ && format_->pb && avio_size(format_->pb) > 0; }
  const std::string& reason() const { return reason_; }
  std::size_t damaged_packets() const { return damaged_; }

  /// As Decoder's members of these names.
  bool retrieve(cv::Mat& bgr) {
    Picture picture;
    if (!converter_.whole(*frame_, *codec_, quarter_turns_, picture)) return false;
    picture.pixels.copyTo(bgr);
    return true;
  }
  bool retrieve_square(Picture& square) { return converter_.square(*frame_, *codec_, quarter_turns_, square); }

 private:
  static constexpr std::size_t most_failures = 512;  // in a row
  static constexpr int pipe_buffer_bytes = 1 << 16;
  static constexpr auto shortest_wait = std::chrono::milliseconds(2);

  static int ended(void* self) {
    const Stream& stream = *static_cast<Stream*>(self);
    return stream.stop_ || Clock::now() > stream.deadline_ ? 1 : 0;
  }

  /// Waits for a pipe in short pieces: a read of FFmpeg's own could not be ended from another thread.
  static int read_pipe(void* self, std::uint8_t* bytes, int count) {
    Stream& stream = *static_cast<Stream*>(self);
    while (!stream.stop_) {
      pollfd waiting{stream.pipe_file_, POLLIN, 0};
      if (const int ready = ::poll(&waiting, 1, 100); ready == 0 || (ready < 0 && errno == EINTR)) continue;
      const ssize_t got = ::read(stream.pipe_file_, bytes, static_cast<std::size_t>(count));
      if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (got < 0) return AVERROR(errno);
      return got == 0 ? AVERROR_EOF : static_cast<int>(got);
    }
    return AVERROR_EXIT;
  }

  static std::string error_text(int error) {
    std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
    av_strerror(error, text.data(), text.size());
    return text.data();
  }
  std::string seconds_text() const {
    const long tenths = std::lround(std::chrono::duration<double>(timeout_).count() * 10);
    return std::to_string(tenths / 10) + (tenths % 10 ? "." + std::to_string(tenths % 10) : "") + " s";
  }

  void open(const StreamInput& input) {
    const auto fail = [&](int error) {
      const bool late = error == AVERROR_EXIT && !stop_;
      throw VideoError("Cannot open " + quoted(input.shown) + ": " +
                       (late ? "no video came within " + seconds_text() : error_text(error)) +
                       "; check that the source is there and sends video.");
    };
    AVFormatContext* format = avformat_alloc_context();
    if (!format) throw std::bad_alloc();
    format->interrupt_callback = {ended, this};
    // A pipe's sender may take its time before the first frame; an address that says nothing is not there.
    deadline_ = input.pipe >= 0 ? Clock::time_point::max() : Clock::now() + timeout_;
    if (input.pipe >= 0) {
      pipe_file_ = input.pipe;
      pipe_ = libav::custom_io(pipe_buffer_bytes, this, read_pipe, nullptr, nullptr);
      format->pb = pipe_.get();
    } else {
      format->max_analyze_duration = 2 * AV_TIME_BASE;
    }
    waits_for_none_ = input.waits_for_none;
    if (waits_for_none_) format->flags |= AVFMT_FLAG_NONBLOCK;
    AVDictionary* options = nullptr;
    for (const auto& [name, value] : input.options) av_dict_set(&options, name.c_str(), value.c_str(), 0);
    const int opened = avformat_open_input(&format, input.address.c_str(), input.format, &options);
    av_dict_free(&options);
    if (opened < 0) fail(opened);  // the context is freed
    format_.reset(format);
    if (const int found = avformat_find_stream_info(format, nullptr); found < 0) fail(found);
    if (stop_ || Clock::now() > deadline_) fail(AVERROR_EXIT);
    const AVCodec* codec = nullptr;
    const int best = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
    if (best < 0 || !codec)
      throw VideoError(quoted(input.shown) + " sends no video that can be decoded; send one of a usual codec.");
    stream_ = format->streams[best];
    for (unsigned i = 0; i < format->nb_streams; ++i)
      if (static_cast<int>(i) != best) format->streams[i]->discard = AVDISCARD_ALL;
    codec_ = libav::own(avcodec_alloc_context3(codec));
    codec_->thread_type = FF_THREAD_SLICE;  // whole frames side by side would be held back
    codec_->thread_count = 0;
    avcodec_parameters_to_context(codec_.get(), stream_->codecpar);
    if (const int error = avcodec_open2(codec_.get(), codec, nullptr); error < 0) fail(error);
    frame_ = libav::own(av_frame_alloc());
    packet_ = libav::own(av_packet_alloc());
    quarter_turns_ = libav::quarter_turns(*stream_);
  }

  Next lost(std::string reason) {
    reason_ = std::move(reason);
    return Next::lost;
  }

  /// The video's next packet; FFmpeg's error where there is none, AVERROR_EXIT at the deadline.
  int read_packet() {
    deadline_ = pipe_ ? Clock::time_point::max() : Clock::now() + timeout_;
    for (;;) {
      av_packet_unref(packet_.get());
      const int read = av_read_frame(format_.get(), packet_.get());
      if (read == AVERROR(EAGAIN)) {
        if (ended(this)) return AVERROR_EXIT;
        std::this_thread::sleep_for(shortest_wait);
        continue;
      }
      if (read < 0) return ended(this) ? AVERROR_EXIT : read;
      arrived_ = Clock::now();
      if (packet_->stream_index == stream_->index) return read;
    }
  }

  const std::atomic<bool>& stop_;
  Clock::duration timeout_;
  Clock::time_point deadline_{}, arrived_{};
  int pipe_file_ = -1;
  libav::Owner<AVIOContext> pipe_;
  libav::Owner<AVFormatContext> format_;  // goes before what it reads from
  libav::Owner<AVCodecContext> codec_;
  libav::Owner<AVFrame> frame_;
  libav::Owner<AVPacket> packet_;
  AVStream* stream_ = nullptr;
  FrameConverter converter_;
  std::string reason_;
  std::size_t damaged_ = 0;
  int quarter_turns_ = 0;
  bool waits_for_none_ = false;
};

}  // namespace rcar
