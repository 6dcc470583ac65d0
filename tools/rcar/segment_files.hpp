#pragma once
// Files of one line a segment. About clips they appear whole, at the end; about a stream they grow as segments close,
// each line whole, so that others can follow them and a power failure costs no more than what is open.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <rcar/core/error.hpp>
#include <rcar/core/file.hpp>
#include <string>
#include <utility>

namespace rcar::tools {

enum class Growing { at_the_end, as_it_comes };

class LineFile {
 public:
  /// An empty path: no file. Throws FileError when it cannot be created.
  LineFile(std::filesystem::path path, Growing growing) : path_(std::move(path)) {
    if (path_.empty()) return;
    if (growing == Growing::at_the_end) {
      whole_.emplace(path_);
      return;
    }
    file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file_ < 0) fail();
  }
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;
  ~LineFile() {
    if (file_ >= 0) ::close(file_);
  }

  void write(const std::string& line) {
    if (whole_) whole_->write(line);
    for (std::size_t at = 0; file_ >= 0 && at < line.size();) {
      const ssize_t written = ::write(file_, line.data() + at, line.size() - at);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail();
      at += static_cast<std::size_t>(written);
    }
  }

  void finish() {
    if (whole_) whole_->commit();
    if (file_ >= 0 && ::close(std::exchange(file_, -1)) != 0) fail();
  }

 private:
  [[noreturn]] void fail() const {
    throw FileError("Cannot write " + quoted(path_.string()) + ": " + std::strerror(errno) +
                    "; check that the folder exists, is writable and has room.");
  }

  std::filesystem::path path_;
  std::optional<AtomicFile> whole_;
  int file_ = -1;
};

}  // namespace rcar::tools
