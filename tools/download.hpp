#pragma once
/// Fetching a file by HTTP into a .part file that the next try goes on from, by libcurl.

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <rcar/core/error.hpp>
#include <rcar/core/progress.hpp>
#include <rcar/core/version.hpp>
#include <string>
#include <thread>
#include <utility>

namespace rcar::tools {

/// The file that a download grows in, locked against a second program that fetches the same.
class PartFile {
 public:
  /// Throws FileError when the file cannot be opened or another program holds it.
  explicit PartFile(std::filesystem::path path) : path_(std::move(path)) {
    file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file_ < 0)
      throw FileError("Cannot write " + quoted(path_.string()) + ": " + std::strerror(errno) +
                      "; check that the folder exists and is writable.");
    if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
      ::close(file_);
      throw FileError("Another program is fetching " + quoted(path_.string()) + "; wait until it is done.");
    }
  }
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;
  /// An empty file is of no use to a later try.
  ~PartFile() {
    if (!path_.empty() && size() == 0) ::unlink(path_.c_str());
    ::close(file_);
  }

  const std::filesystem::path& path() const { return path_; }

  std::uint64_t size() const {
    struct stat info {};
    return ::fstat(file_, &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
  }

  bool append(const char* bytes, std::size_t count) {
    if (::lseek(file_, 0, SEEK_END) < 0) return false;
    while (count > 0) {
      const ssize_t written = ::write(file_, bytes, count);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return false;
      bytes += written;
      count -= static_cast<std::size_t>(written);
    }
    return true;
  }

  bool clear() { return ::ftruncate(file_, 0) == 0; }

  /// Gives the finished file its name. Throws FileError.
  void place(const std::filesystem::path& target) {
    if (::fsync(file_) != 0 || ::rename(path_.c_str(), target.c_str()) != 0)
      throw FileError("Cannot write " + quoted(target.string()) + ": " + std::strerror(errno) +
                      "; check that the folder is writable and has room.");
    path_.clear();
  }

 private:
  std::filesystem::path path_;
  int file_ = -1;
};

/// Fetches an address into a part file, going on where it ends. A connection that breaks is taken up again as long as
/// each try brings something.
class Download {
 public:
  static constexpr std::uint64_t max_bytes = std::uint64_t{4} << 30;
  static constexpr int max_tries = 8;

  Download(std::string url, PartFile& part, std::string title)
      : url_(std::move(url)), part_(part), title_(std::move(title)) {}

  /// Returns whether a part that was there before has been kept. Throws FileError: the reason alone, a clause without a
  /// full stop; what has come so far stays in the part file.
  bool run() {
    const bool resumed = part_.size() > 0;
    for (int attempt = 1;; ++attempt) {
      const std::uint64_t before = part_.size();
      const std::string reason = attempt_once(before);
      if (reason.empty()) return resumed && !restarted_;
      if (final_ || part_.size() <= before || attempt == max_tries) throw FileError(reason);
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
    }
  }

 private:
  /// Returns why it failed, empty when it did not.
  std::string attempt_once(std::uint64_t from) {
    const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), &curl_easy_cleanup);
    if (!curl) throw FileError("libcurl does not start");
    char message[CURL_ERROR_SIZE] = "";
    const std::string range = std::to_string(from) + "-";
    const std::string agent = std::string("rcar/") + version;
    from_ = from;
    started_ = false;
    curl_ = curl.get();
    const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(curl.get(), option, value); };
    set(CURLOPT_URL, url_.c_str());
    if (from > 0) set(CURLOPT_RANGE, range.c_str());
    set(CURLOPT_USERAGENT, agent.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    // An address that starts encrypted stays so.
    set(CURLOPT_REDIR_PROTOCOLS_STR, url_.starts_with("https:") ? "https" : "http,https");
    set(CURLOPT_FOLLOWLOCATION, 1L);
    set(CURLOPT_MAXREDIRS, 5L);
    set(CURLOPT_FAILONERROR, 1L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_CONNECTTIMEOUT, 20L);  // seconds
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);  // bytes a second ...
    set(CURLOPT_LOW_SPEED_TIME, 30L);  // ... for so many seconds: the line is dead
    set(CURLOPT_ERRORBUFFER, message);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &Download::on_progress);
    set(CURLOPT_XFERINFODATA, this);
    set(CURLOPT_WRITEFUNCTION, &Download::on_bytes);
    set(CURLOPT_WRITEDATA, this);
    const CURLcode code = curl_easy_perform(curl.get());
    if (code == CURLE_OK) return {};
    long status = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status == 416 && from > 0) return {};  // nothing beyond what is there; the hash will tell whether it is right
    final_ = code == CURLE_WRITE_ERROR || code == CURLE_HTTP_RETURNED_ERROR;
    if (!failure_.empty()) return failure_;
    return *message ? message : curl_easy_strerror(code);
  }

  static std::size_t on_bytes(char* bytes, std::size_t, std::size_t count, void* self) {
    return static_cast<Download*>(self)->receive(bytes, count);
  }
  std::size_t receive(const char* bytes, std::size_t count) {
    if (!std::exchange(started_, true)) {
      long status = 0;
      curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
      if (from_ > 0 && status != 206) {  // the server sends the whole file again
        part_.clear();
        restarted_ = true;
      }
    }
    if (part_.size() + count > max_bytes) {
      failure_ = "it is larger than any file of weights";
    } else if (!part_.append(bytes, count)) {
      failure_ = std::string("the disk refuses it: ") + std::strerror(errno);
    } else {
      return count;
    }
    return 0;
  }

  static int on_progress(void* self, curl_off_t total, curl_off_t, curl_off_t, curl_off_t) {
    static_cast<Download*>(self)->report(total);
    return 0;
  }
  void report(curl_off_t total) {
    constexpr std::uint64_t megabyte = 1'000'000;
    if (total <= 0 || !started_) return;
    if (!progress_) progress_.emplace(title_, (from_ + static_cast<std::uint64_t>(total)) / megabyte, "MB");
    const std::uint64_t megabytes = part_.size() / megabyte;
    if (megabytes > shown_) progress_->advance(megabytes - std::exchange(shown_, megabytes));
  }

  std::string url_;
  PartFile& part_;
  std::string title_;
  CURL* curl_ = nullptr;
  std::uint64_t from_ = 0, shown_ = 0;
  bool started_ = false, restarted_ = false, final_ = false;
  std::string failure_;
  std::optional<Progress> progress_;
};

}  // namespace rcar::tools
