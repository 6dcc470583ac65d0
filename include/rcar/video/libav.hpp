#pragma once
/// FFmpeg's libraries as rcar uses them: their objects with owners, their log kept quiet. Only this folder sees them.

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/log.h>
#include <libavutil/pixfmt.h>
#include <libswscale/swscale.h>
}

#include <cmath>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace rcar::libav {

/// Gives FFmpeg's objects back by the function that FFmpeg has for each.
struct Deleter {
  void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
  void operator()(SwsContext* context) const { sws_freeContext(context); }
  void operator()(AVIOContext* context) const {  // one of custom_io
    av_freep(&context->buffer);
    avio_context_free(&context);
  }
};

/// Owns one of FFmpeg's objects.
template <class Object>
using Owner = std::unique_ptr<Object, Deleter>;

/// Takes what one of FFmpeg's functions allocated; throws std::bad_alloc where it could not.
template <class Object>
Owner<Object> own(Object* allocated) {
  if (!allocated) throw std::bad_alloc();
  return Owner<Object>(allocated);
}

/// What FFmpeg hands over for writing: const from its version 7 on.
#if LIBAVFORMAT_VERSION_MAJOR < 61
using BytesToWrite = std::uint8_t*;
#else
using BytesToWrite = const std::uint8_t*;
#endif
/// Reads at most `count` bytes and says how many.
using ReadBytes = int (*)(void* self, std::uint8_t* bytes, int count);
/// Writes `count` bytes.
using WriteBytes = int (*)(void* self, BytesToWrite bytes, int count);
/// Goes to a place, as lseek, or says the size.
using Seek = std::int64_t (*)(void* self, std::int64_t offset, int whence);

/// Bytes that come from, or with `write` go to, functions of the caller's; a function that is not needed is null.
inline Owner<AVIOContext> custom_io(int buffer_bytes, void* self, ReadBytes read, WriteBytes write, Seek seek) {
  auto* buffer = static_cast<unsigned char*>(av_malloc(static_cast<std::size_t>(buffer_bytes)));
  if (!buffer) throw std::bad_alloc();
  AVIOContext* const context = avio_alloc_context(buffer, buffer_bytes, write ? 1 : 0, self, read, write, seek);
  if (!context) av_freep(&buffer);
  return own(context);
}

/// Stops FFmpeg from writing its own remarks on damaged clips to standard error, where rcar says it in one line. The
/// environment's RCAR_FFMPEG_LOG keeps them. A callback that the program has set itself is not known and is replaced.
inline void silence_log() {
  static const bool once = [] {
    if (!std::getenv("RCAR_FFMPEG_LOG")) av_log_set_callback([](void*, int, const char*, std::va_list) {});
    return true;
  }();
  static_cast<void>(once);
}

/// The quarter turns, clockwise, that set a stream's frames upright; 0 for a turn that is no multiple of a quarter.
inline int quarter_turns(const AVStream& stream) {
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 29, 100)
  const AVPacketSideData* const side = av_packet_side_data_get(
      stream.codecpar->coded_side_data, stream.codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
  const std::uint8_t* const matrix = side ? side->data : nullptr;
#else
  const std::uint8_t* const matrix = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr);
#endif
  if (!matrix) return 0;
  const double degrees = av_display_rotation_get(reinterpret_cast<const std::int32_t*>(matrix));  // anticlockwise
  const long clockwise = std::isfinite(degrees) ? (std::lrint(-degrees) + 360) % 360 : 0;
  return clockwise % 90 == 0 ? static_cast<int>(clockwise / 90) : 0;
}

}  // namespace rcar::libav
