#pragma once
/// A lock that the kernel gives back when its process ends, however it ends.

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>

#include "error.hpp"

namespace rcar {

/// Held from construction on. The file is there while the lock is held; one that a killed process left means nothing.
class FileLock {
 public:
  /// `what` is protected, for the message: "the folder 'out'". Throws FileError when another process holds the lock,
  /// naming it, or the file cannot be made. Where the file system knows no locks, held() is false afterwards.
  FileLock(std::filesystem::path path, const std::string& what) : path_(std::move(path)) {
    for (;;) {
      file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
      if (file_ < 0)
        throw FileError("Cannot create " + quoted(path_.string()) + ": " + std::strerror(errno) +
                        "; check that the folder exists, is writable and has room.");
      if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
        const int reason = errno;
        const std::string holder = reason == EWOULDBLOCK ? written_in_it() : std::string();
        ::close(std::exchange(file_, -1));
        if (reason == EINTR) continue;
        if (reason != EWOULDBLOCK) return;
        throw FileError("Another process" + (holder.empty() ? "" : " (" + holder + ")") + " is writing to " + what +
                        "; wait until it ends, or give another folder.");
      }
      if (still_there()) break;  // else its holder gave it back, and the file away, since it was opened
      ::close(std::exchange(file_, -1));
    }
    const std::string text = std::to_string(::getpid()) + "\n";  // for people: the lock does not need it
    if (::ftruncate(file_, 0) != 0 || ::pwrite(file_, text.data(), text.size(), 0) < 0) return;
  }
  FileLock(FileLock&& other) noexcept : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)) {}
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(file_, other.file_);
    return *this;
  }
  ~FileLock() {
    if (file_ < 0) return;
    ::unlink(path_.c_str());  // while it is held, so that nobody holds a file without a name
    ::close(file_);
  }

  bool held() const { return file_ >= 0; }

 private:
  bool still_there() const {
    struct stat opened {
    }, named{};
    return ::fstat(file_, &opened) == 0 && ::stat(path_.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
           opened.st_dev == named.st_dev;
  }

  std::string written_in_it() const {
    char text[16];
    const ssize_t count = ::pread(file_, text, sizeof text, 0);
    std::string digits;
    for (ssize_t i = 0; i < count && std::isdigit(static_cast<unsigned char>(text[i])); ++i) digits += text[i];
    return digits.empty() ? "" : "number " + digits;
  }

  std::filesystem::path path_;
  int file_ = -1;
};

}  // namespace rcar
