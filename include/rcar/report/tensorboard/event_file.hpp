#pragma once
/// A TensorBoard event file: records that are appended whole, so that a run that is killed leaves a file that reads to
/// its last one.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "../../core/crc32c.hpp"
#include "../../core/error.hpp"
#include "message.hpp"

namespace rcar::tensorboard {

/// Seconds since 1970, as events are stamped.
inline double wall_time_s() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// TFRecord's frame around the bytes of a message: their number, its checksum, the bytes, their checksum.
inline std::string framed(std::string_view bytes) {
  const auto little_endian = [](std::uint64_t value, int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
    return out;
  };
  const std::string length = little_endian(bytes.size(), 8);
  return length + little_endian(masked_crc32c(length), 4) + std::string(bytes) + little_endian(masked_crc32c(bytes), 4);
}

/// A new file `events.out.tfevents.SECONDS.HOST.PROCESS.N` in a folder, which is made where it is not there.
/// TensorBoard reads all files of a folder as one run, in the order of their names.
class EventFile {
 public:
  /// Throws FileError when the folder or the file cannot be made.
  explicit EventFile(const std::filesystem::path& folder) {
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    if (failure)
      throw FileError("Cannot make the folder " + quoted(folder.string()) + " for TensorBoard: " + failure.message() +
                      "; choose another.");
    char host[256] = "host";
    ::gethostname(host, sizeof host - 1);
    for (char& c : host)
      if (c == '/') c = '_';
    static std::atomic<int> files{0};
    path_ = folder / ("events.out.tfevents." + std::to_string(static_cast<std::int64_t>(wall_time_s())) + "." + host +
                      "." + std::to_string(::getpid()) + "." + std::to_string(files++));
    file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
    if (file_ < 0) fail();
    Message first;
    add(first.number(1, wall_time_s()).text(3, "brain.Event:2"));
    flush();
  }
  EventFile(const EventFile&) = delete;
  EventFile& operator=(const EventFile&) = delete;
  ~EventFile() {
    if (file_ >= 0) ::close(file_);
  }

  const std::filesystem::path& path() const { return path_; }

  /// Adds an `Event` to those that the next flush() writes.
  void add(const Message& event) { waiting_ += framed(event.bytes()); }

  /// An event of one `Summary.Value`.
  void add_value(const Message& value, std::int64_t step) {
    Message summary, event;
    summary.message(1, value);
    event.number(1, wall_time_s()).integer(2, static_cast<std::uint64_t>(step)).message(5, summary);
    add(event);
  }

  /// Appends what waits. Throws FileError, the file then ending with its last whole record, when there is no room.
  void flush() {
    struct stat before {};
    if (::fstat(file_, &before) != 0) fail();
    std::string_view rest = waiting_;
    while (!rest.empty()) {
      const ssize_t written = ::write(file_, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) {
        const int reason = errno;
        (void)!::ftruncate(file_, before.st_size);
        waiting_.clear();
        errno = reason;
        fail();
      }
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
    waiting_.clear();
  }

 private:
  [[noreturn]] void fail() const {
    throw FileError("Cannot write TensorBoard's file " + quoted(path_.string()) + ": " + std::strerror(errno) +
                    "; check that the folder is writable and has room.");
  }

  std::filesystem::path path_;
  std::string waiting_;
  int file_ = -1;
};

/// Metadata for one of TensorBoard's plugins. `description`: a line of Markdown below what is shown.
inline Message plugin_metadata(std::string_view plugin, std::string_view content = {},
                               std::string_view description = {}) {
  Message data, metadata;
  data.text(1, plugin).text(2, content);
  return metadata.message(1, data).text(3, description);
}

/// A `Summary.Value` of the Scalars view.
inline Message scalar_value(std::string_view tag, double value) {
  Message out;
  return out.text(1, tag).number(2, static_cast<float>(value));
}

/// A `Summary.Value` of the Images view: PNG or JPEG bytes, and pixels.
inline Message image_value(std::string_view tag, std::string_view encoded, std::size_t width, std::size_t height,
                           std::string_view description = {}) {
  Message tensor, out;
  tensor.integer(1, 7).message(2, Message().message(2, Message().integer(1, 3)));  // DT_STRING of shape (3)
  tensor.text(8, std::to_string(width)).text(8, std::to_string(height)).text(8, encoded);
  return out.text(1, tag).message(8, tensor).message(9, plugin_metadata("images", {}, description));
}

}  // namespace rcar::tensorboard
