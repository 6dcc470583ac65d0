#pragma once
/// Files: mapped for reading, written aside and renamed, so that a crash leaves the old file or the new one, never
/// half.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "error.hpp"

namespace rcar {

/// What tells whether a file may have been written since: its size, when its content changed and when anything about
/// it did, the second of which no program can set back. Times are in ns since 1970.
struct FileStamp {
  std::uint64_t bytes = 0;
  std::int64_t modified_ns = 0, changed_ns = 0;

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

/// A whole file mapped read-only; processes that map the same file share its pages.
/// Throws FileError when the file is missing, not a regular file or not readable.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0)
      throw FileError("Cannot open " + quoted(path.string()) + ": " + std::strerror(errno) + "; check the path.");
    struct stat info {};
    if (::fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) {
      ::close(file);
      throw FileError(quoted(path.string()) + " is not a regular file; give the path of a file.");
    }
    size_ = static_cast<std::size_t>(info.st_size);
    const auto nanoseconds = [](const timespec& time) { return time.tv_sec * std::int64_t{1000000000} + time.tv_nsec; };
    stamp_ = {size_, nanoseconds(info.st_mtim), nanoseconds(info.st_ctim)};
    if (size_ > 0) {
      void* data = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
      const int reason = errno;
      ::close(file);
      if (data == MAP_FAILED)
        throw FileError("Cannot map " + quoted(path.string()) + ": " + std::strerror(reason) + ".");
      data_ = static_cast<const std::byte*>(data);
    } else {
      ::close(file);
    }
  }
  MappedFile(MappedFile&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)), stamp_(other.stamp_) {}
  MappedFile& operator=(MappedFile&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(stamp_, other.stamp_);
    return *this;
  }
  ~MappedFile() {
    if (data_) ::munmap(const_cast<std::byte*>(data_), size_);
  }

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }
  /// As the file was when it was opened.
  const FileStamp& stamp() const { return stamp_; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  FileStamp stamp_;
};

/// Whether a commit waits until the disk has the content and the name: else a power failure may leave a renamed file
/// that is not whole, or the old one, which is fine for files that are checked when they are read and can be made
/// again.
enum class Durability { on_disk, in_memory };

/// Waits until the disk knows the names in a folder: what was renamed or removed there stays so after a power failure.
/// A file system that offers no such promise is taken as it is. Throws FileError when the disk fails.
inline void sync_folder(const std::filesystem::path& folder) {
  const int file = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return;  // it may be written to and not read
  const int reason = ::fsync(file) == 0 ? 0 : errno;
  ::close(file);
  if (reason != 0 && reason != EINVAL && reason != ENOTSUP && reason != EROFS)
    throw FileError("Cannot write to the folder " + quoted(folder.string()) + ": " + std::strerror(reason) +
                    "; check the disk.");
}

/// Writes a file aside (same folder) and renames it into place on commit(); without commit() nothing is left behind.
/// Throws FileError, with the system's reason, on any failed step.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path) : path_(std::move(path)), aside_(path_.string() + ".XXXXXX") {
    // Renaming would replace a device or a pipe, /dev/null say, by a file.
    if (struct stat info{}; ::stat(path_.c_str(), &info) == 0 && !S_ISREG(info.st_mode))
      throw FileError("Cannot write " + quoted(path_.string()) + ": it is " +
                      (S_ISDIR(info.st_mode) ? "a folder" : "no regular file") + "; give the path of a file.");
    file_ = ::mkstemp(aside_.data());
    if (file_ < 0) fail("create");
    ::fchmod(file_, 0644);
  }
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile() {
    if (file_ >= 0) {
      ::close(file_);
      ::unlink(aside_.c_str());
    }
  }

  void write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail("write");
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
  }
  void write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }

  /// Writes at a place of its own, from the file's start, in any order; `write` goes on where it was. It may be called
  /// from several threads at once where the places do not overlap.
  void write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail("write");
      bytes = bytes.subspan(static_cast<std::size_t>(written));
      offset += static_cast<std::uint64_t>(written);
    }
  }

  /// Reads what was written there before. Throws FileError when the file ends before.
  void read_at(std::uint64_t offset, std::span<std::byte> bytes) const {
    while (!bytes.empty()) {
      const ssize_t count = ::pread(file_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count == 0) errno = EIO;
      if (count <= 0) fail("read back");
      bytes = bytes.subspan(static_cast<std::size_t>(count));
      offset += static_cast<std::uint64_t>(count);
    }
  }

  /// Has the disk set `bytes` aside, so that its lack shows now; where the file system cannot, it shows when they are
  /// written.
  void reserve(std::uint64_t bytes) {
    if (::fallocate(file_, 0, 0, static_cast<off_t>(bytes)) != 0 && errno != EOPNOTSUPP && errno != EINVAL)
      fail("write");
  }

  /// Cuts the file to `bytes`, or fills it up with zeros.
  void resize(std::uint64_t bytes) {
    if (::ftruncate(file_, static_cast<off_t>(bytes)) != 0) fail("write");
  }

  void commit(Durability durability = Durability::on_disk) {
    if (durability == Durability::on_disk && ::fsync(file_) != 0) fail("write");
    if (::close(std::exchange(file_, -1)) != 0 || ::rename(aside_.c_str(), path_.c_str()) != 0) {
      const int reason = errno;
      ::unlink(aside_.c_str());
      errno = reason;
      fail("write");
    }
    if (durability == Durability::on_disk) sync_folder(path_.parent_path());
  }

 private:
  [[noreturn]] void fail(const char* what) const {
    throw FileError(std::string("Cannot ") + what + " " + quoted(path_.string()) + ": " + std::strerror(errno) +
                    "; check that the folder exists, is writable and has room.");
  }

  std::filesystem::path path_;
  std::string aside_;
  int file_ = -1;
};

/// Removes what killed programs left aside of `path` at least `age` ago. A day old, it cannot be of one that is still
/// writing; who holds a lock that all writers of `path` take need not wait.
inline void remove_abandoned(const std::filesystem::path& path, std::chrono::hours age = std::chrono::hours(24)) {
  const std::string prefix = path.filename().string() + '.';
  std::error_code error;
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  for (const auto& file : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = file.path().filename().string();
    if (name.size() != prefix.size() + 6 || !name.starts_with(prefix)) continue;
    const auto written = file.last_write_time(error);
    if (!error && written <= std::filesystem::file_time_type::clock::now() - age)
      std::filesystem::remove(file.path(), error);
  }
}

/// A whole file, read into memory: for files that others may cut meanwhile, at which a mapping would end the process.
/// Throws FileError when it is missing, not a regular file or not readable.
inline std::string read_file(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // not waiting for a pipe's writer
  if (file < 0)
    throw FileError("Cannot open " + quoted(path.string()) + ": " + std::strerror(errno) + "; check the path.");
  struct stat info {};
  std::string content;
  ssize_t count = 0;
  const bool regular = ::fstat(file, &info) == 0 && S_ISREG(info.st_mode);
  if (regular) {
    content.resize(static_cast<std::size_t>(info.st_size) + 1);  // one more, to see the end
    std::size_t size = 0;
    while ((count = ::read(file, content.data() + size, content.size() - size)) != 0) {
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) break;
      size += static_cast<std::size_t>(count);
      if (size == content.size()) content.resize(2 * size);
    }
    content.resize(size);
  }
  const int reason = errno;
  ::close(file);
  if (!regular) throw FileError(quoted(path.string()) + " is not a regular file; give the path of a file.");
  if (count < 0) throw FileError("Cannot read " + quoted(path.string()) + ": " + std::strerror(reason) + ".");
  return content;
}

/// Writes a whole file at once, aside and renamed.
inline void write_file(const std::filesystem::path& path, std::string_view content,
                       Durability durability = Durability::on_disk) {
  AtomicFile file(path);
  file.write(content);
  file.commit(durability);
}

}  // namespace rcar
