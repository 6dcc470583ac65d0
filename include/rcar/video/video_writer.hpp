#pragma once
/// Writes a video file, by FFmpeg's libraries: H.264 where FFmpeg can encode it, else MPEG-4.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <new>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <utility>

extern "C" {
#include <libavutil/opt.h>
}

#include "../core/error.hpp"
#include "../core/file.hpp"
#include "libav.hpp"

namespace rcar {

/// `whole`: the usual file, whose index is kept in memory until its end (about 100 bytes a frame). `endless`: in
/// fragments, so that memory does not grow however long it gets; for MP4 alone.
enum class VideoForm { whole, endless };

/// A video that appears whole, once finish() is called, or not at all. The path's ending says the container: .mp4,
/// .mkv, .avi, .mov.
///
///     VideoWriter video("out.mp4", 25);
///     video.add(bgr, time_s);
///     video.finish();
class VideoWriter {
 public:
  /// `frames_per_second` is what the encoder is told; each frame is shown from its own time on.
  /// Throws FileError when the file cannot be created, UsageError for an ending that names no container.
  VideoWriter(std::filesystem::path path, double frames_per_second, VideoForm form = VideoForm::whole)
      : path_(std::move(path)), file_(path_), rate_(frames_per_second), form_(form) {
    libav::silence_log();
    container_ = av_guess_format(nullptr, path_.c_str(), nullptr);
    if (!container_ || container_->video_codec == AV_CODEC_ID_NONE || (container_->flags & AVFMT_NOFILE))
      throw UsageError(quoted(path_.string()) +
                       " names no kind of video; give a path that ends in .mp4, .mkv or .avi.");
  }
  VideoWriter(const VideoWriter&) = delete;
  VideoWriter& operator=(const VideoWriter&) = delete;
  ~VideoWriter() {
    if (format_) format_->pb = nullptr;
    avformat_free_context(format_);
  }

  /// Adds a frame, BGR, 8 bits a channel. The first frame's size is the video's: others are brought to it. A side that
  /// is odd is made even by repeating its last pixels, which the encoders need. Throws FileError when it cannot be
  /// encoded or written.
  void add(const cv::Mat& bgr, double time_s) {
    if (!codec_) start((bgr.cols + 1) & ~1, (bgr.rows + 1) & ~1);
    check(av_frame_make_writable(frame_.get()));
    cv::Mat even = bgr;
    if ((bgr.cols | bgr.rows) & 1)
      cv::copyMakeBorder(bgr, even, 0, bgr.rows & 1, 0, bgr.cols & 1, cv::BORDER_REPLICATE);
    scaler_.reset(sws_getCachedContext(scaler_.release(), even.cols, even.rows, AV_PIX_FMT_BGR24, codec_->width,
                                       codec_->height, codec_->pix_fmt, SWS_BICUBIC, nullptr, nullptr, nullptr));
    if (!scaler_) throw std::bad_alloc();
    const std::uint8_t* const source[] = {even.data};
    const int step[] = {static_cast<int>(even.step[0])};
    check(sws_scale(scaler_.get(), source, step, 0, even.rows, frame_->data, frame_->linesize));
    if (!begin_s_) begin_s_ = time_s;
    const auto ticks = std::llround((time_s - *begin_s_) * ticks_per_second);
    last_ticks_ = frames_ == 0 ? 0 : std::max<std::int64_t>(last_ticks_ + 1, ticks);
    frame_->pts = last_ticks_;
    ++frames_;
    encode(frame_.get());
  }

  /// Ends the file and puts it in place; a video without a frame is not written, and false returned.
  bool finish() {
    if (!codec_) return false;
    encode(nullptr);
    check(av_write_trailer(format_));
    avio_flush(io_.get());
    rethrow();
    file_.commit();
    return true;
  }

  std::size_t frames() const { return frames_; }

 private:
  static constexpr int ticks_per_second = 60000;  // whole for 24, 25, 30, 50, 60 frames/s and 29.97
  static constexpr int buffer_bytes = 1 << 16;

  void start(int width, int height) {
    check(avformat_alloc_output_context2(&format_, container_, nullptr, path_.c_str()));
    io_ = libav::custom_io(buffer_bytes, this, nullptr, write_bytes, seek_to);
    format_->pb = io_.get();
    const AVCodec* codec = avcodec_find_encoder_by_name("libx264");
    if (!codec || avformat_query_codec(container_, AV_CODEC_ID_H264, FF_COMPLIANCE_NORMAL) != 1)
      codec = avcodec_find_encoder(AV_CODEC_ID_MPEG4);
    if (!codec) throw FileError("FFmpeg can encode neither H.264 nor MPEG-4 here; write no video.");
    codec_ = libav::own(avcodec_alloc_context3(codec));
    codec_->width = width;
    codec_->height = height;
    codec_->pix_fmt = AV_PIX_FMT_YUV420P;
    codec_->time_base = {1, ticks_per_second};
    codec_->framerate = av_d2q(rate_, 100000);
    codec_->gop_size = std::max(1, static_cast<int>(std::lround(2 * rate_)));
    codec_->max_b_frames = 0;
    codec_->bit_rate = std::max<std::int64_t>(400'000, std::int64_t{width} * height * 6);  // for MPEG-4
    if (codec->id == AV_CODEC_ID_H264) {
      codec_->bit_rate = 0;
      av_opt_set(codec_->priv_data, "preset", "veryfast", 0);
      av_opt_set(codec_->priv_data, "crf", "21", 0);
    }
    if (container_->flags & AVFMT_GLOBALHEADER) codec_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    check(avcodec_open2(codec_.get(), codec, nullptr));
    stream_ = avformat_new_stream(format_, nullptr);
    if (!stream_) throw std::bad_alloc();
    stream_->time_base = codec_->time_base;
    stream_->avg_frame_rate = codec_->framerate;
    check(avcodec_parameters_from_context(stream_->codecpar, codec_.get()));
    AVDictionary* options = nullptr;
    if (form_ == VideoForm::endless) av_dict_set(&options, "movflags", "frag_keyframe+empty_moov+default_base_moof", 0);
    const int begun = avformat_write_header(format_, &options);
    av_dict_free(&options);
    check(begun);
    frame_ = libav::own(av_frame_alloc());
    packet_ = libav::own(av_packet_alloc());
    frame_->format = codec_->pix_fmt;
    frame_->width = width;
    frame_->height = height;
    check(av_frame_get_buffer(frame_.get(), 0));
  }

  void encode(const AVFrame* frame) {
    check(avcodec_send_frame(codec_.get(), frame));
    for (;;) {
      const int got = avcodec_receive_packet(codec_.get(), packet_.get());
      if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return;
      check(got);
      av_packet_rescale_ts(packet_.get(), codec_->time_base, stream_->time_base);
      packet_->stream_index = stream_->index;
      check(av_interleaved_write_frame(format_, packet_.get()));
    }
  }

  void check(int result) {
    rethrow();
    if (result >= 0) return;
    std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
    av_strerror(result, text.data(), text.size());
    throw FileError("Cannot write the video " + quoted(path_.string()) + ": " + text.data() + ".");
  }
  void rethrow() {
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

  static int write_bytes(void* self, libav::BytesToWrite bytes, int count) noexcept {
    VideoWriter& writer = *static_cast<VideoWriter*>(self);
    try {
      const std::span data(reinterpret_cast<const std::byte*>(bytes), static_cast<std::size_t>(count));
      writer.file_.write_at(writer.place_, data);
    } catch (...) {  // no exception may pass through C
      writer.failure_ = std::current_exception();
      return AVERROR(EIO);
    }
    writer.place_ += static_cast<std::uint64_t>(count);
    writer.size_ = std::max(writer.size_, writer.place_);
    return count;
  }
  static std::int64_t seek_to(void* self, std::int64_t offset, int whence) noexcept {
    VideoWriter& writer = *static_cast<VideoWriter*>(self);
    if (whence == AVSEEK_SIZE) return static_cast<std::int64_t>(writer.size_);
    if (whence == SEEK_CUR) offset += static_cast<std::int64_t>(writer.place_);
    if (whence == SEEK_END) offset += static_cast<std::int64_t>(writer.size_);
    if (offset < 0) return AVERROR(EINVAL);
    writer.place_ = static_cast<std::uint64_t>(offset);
    return offset;
  }

  std::filesystem::path path_;
  AtomicFile file_;
  double rate_;
  VideoForm form_;
  const AVOutputFormat* container_ = nullptr;
  AVFormatContext* format_ = nullptr;
  libav::Owner<AVIOContext> io_;
  AVStream* stream_ = nullptr;
  libav::Owner<AVCodecContext> codec_;
  libav::Owner<AVFrame> frame_;
  libav::Owner<AVPacket> packet_;
  libav::Owner<SwsContext> scaler_;
  std::uint64_t place_ = 0, size_ = 0;
  std::exception_ptr failure_;
  std::optional<double> begin_s_;
  std::int64_t last_ticks_ = 0;
  std::size_t frames_ = 0;
};

}  // namespace rcar
