#pragma once
/// A clip's file as FFmpeg reads it: its own bytes and no others. Playlists, and movies that point elsewhere, would
/// have FFmpeg open what their author likes, in the file system or the network.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <new>
#include <string>

#include "libav.hpp"

namespace rcar::libav {

/// Bounds on what a clip may ask for. Larger frames than cameras and screens have are refused before memory is taken.
inline constexpr std::int64_t most_pixels = std::int64_t{1} << 26;  // of one frame: 8192 x 8192

/// Bytes of one file for a demuxer. Must outlive the format context that reads them.
class ClipFile {
 public:
  ClipFile() = default;
  ClipFile(const ClipFile&) = delete;
  ClipFile& operator=(const ClipFile&) = delete;
  ~ClipFile() {
    if (file_ >= 0) ::close(file_);
  }

  /// A format context over the file, opened and probed; nothing when that fails.
  Owner<AVFormatContext> open(const std::filesystem::path& path) {
    constexpr int buffer_bytes = 1 << 15;
    file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file_ < 0) return nullptr;
    io_ = custom_io(buffer_bytes, this, &ClipFile::read, nullptr, &ClipFile::seek);
    AVFormatContext* format = avformat_alloc_context();
    if (!format) throw std::bad_alloc();
    format->pb = io_.get();
    format->io_open = [](AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) { return AVERROR(EPERM); };
    AVDictionary* options = nullptr;
    av_dict_set(&options, "protocol_whitelist", "none", 0);  // for what a playlist would open
    const std::string name = path.string();                  // its ending helps to tell the format
    const int failed = avformat_open_input(&format, name.c_str(), nullptr, &options);  // frees the context if it fails
    av_dict_free(&options);
    if (failed < 0) return nullptr;
    return Owner<AVFormatContext>(format);
  }

 private:
  static int read(void* self, std::uint8_t* bytes, int count) {
    for (;;) {
      const ssize_t got = ::read(static_cast<ClipFile*>(self)->file_, bytes, static_cast<std::size_t>(count));
      if (got > 0) return static_cast<int>(got);
      if (got == 0) return AVERROR_EOF;
      if (errno != EINTR) return AVERROR(errno);
    }
  }

  static std::int64_t seek(void* self, std::int64_t offset, int whence) {
    const int file = static_cast<ClipFile*>(self)->file_;
    if (whence & AVSEEK_SIZE) {
      struct stat info {};
      return ::fstat(file, &info) == 0 ? static_cast<std::int64_t>(info.st_size) : AVERROR(errno);
    }
    const off_t place = ::lseek(file, offset, whence & ~AVSEEK_FORCE);
    return place < 0 ? AVERROR(errno) : static_cast<std::int64_t>(place);
  }

  int file_ = -1;
  Owner<AVIOContext> io_;
};

}  // namespace rcar::libav
