#pragma once
/// Work in a child process with limits, for libraries that hostile files bring down: its death costs the caller
/// nothing. No program is executed, so that a header-only user gets it too.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <new>
#include <span>
#include <string>

#include "error.hpp"

namespace rcar {

/// Memory that a child fills and its parent reads; it lies at the same address in both. What nobody touches costs
/// nothing, so the capacity may be generous.
class SharedMemory {
 public:
  /// Throws std::bad_alloc where the system has no such address space.
  explicit SharedMemory(std::size_t capacity) : capacity_(capacity + alignment) {
    void* memory =
        ::mmap(nullptr, capacity_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    memory_ = static_cast<std::byte*>(memory);
    header_ = new (memory) Header;
  }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  ~SharedMemory() { ::munmap(memory_, capacity_); }

  /// The next piece. Throws std::bad_alloc when all is taken.
  std::span<std::byte> take(std::size_t bytes) {
    const std::size_t at = header_->used;
    if (bytes > capacity_ - at) throw std::bad_alloc();
    header_->used = std::min(capacity_, (at + bytes + alignment - 1) / alignment * alignment);
    return {memory_ + at, bytes};
  }

  /// Says that `piece`, the last taken, is the result, whole.
  void set_result(std::span<const std::byte> piece) {
    header_->result_begin = static_cast<std::size_t>(piece.data() - memory_);
    header_->result_bytes = piece.size();
    header_->has_result.store(1, std::memory_order_release);
  }

  /// The result, empty when there is none. A child that a file took over may write any header: nothing of it leads
  /// outside this memory.
  std::span<const std::byte> result() const {
    const std::size_t begin = header_->result_begin, bytes = header_->result_bytes;
    if (header_->has_result.load(std::memory_order_acquire) != 1 || begin > capacity_ || bytes > capacity_ - begin)
      return {};
    return {memory_ + begin, bytes};
  }

  /// All of it; results name pieces by their place here.
  std::span<std::byte> all() const { return {memory_, capacity_}; }

 private:
  static constexpr std::size_t alignment = 64;
  struct Header {
    std::size_t used = alignment, result_begin = 0, result_bytes = 0;
    std::atomic<int> has_result{0};
  };

  std::size_t capacity_;
  std::byte* memory_ = nullptr;
  Header* header_ = nullptr;
};

/// What a child may take.
struct ChildLimits {
  std::uint64_t memory_bytes = 0;  // beside what the process has already
  unsigned cpu_s = 0;              // of the processor's time
};

/// How a child ended. Its own memory was too little: out_of_memory.
struct ChildEnd {
  enum Kind { finished, out_of_memory, out_of_time, died } kind = finished;
  std::string reason;  // of `died`: "Segmentation fault"
};

namespace detail {

/// Bytes of address space that this process has; 0 where the system does not say.
inline std::uint64_t address_space() {
  char text[64] = "";
  const int file = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  const ssize_t size = ::read(file, text, sizeof text - 1);
  ::close(file);
  unsigned long long pages = 0;
  return size > 0 && std::sscanf(text, "%llu", &pages) == 1 ? pages * static_cast<std::uint64_t>(::getpagesize()) : 0;
}

inline void limit(decltype(RLIMIT_CPU) what, std::uint64_t soft, std::uint64_t hard) {
  rlimit bound{};
  ::getrlimit(what, &bound);
  bound.rlim_max = std::min<rlim_t>(bound.rlim_max, hard);
  bound.rlim_cur = std::min<rlim_t>(bound.rlim_max, soft);
  ::setrlimit(what, &bound);
}

/// Makes the child quiet and bounded: its parent says in one line what there is to say.
inline void confine(const ChildLimits& limits) {
#if defined(__linux__)
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  std::signal(SIGINT, SIG_IGN);  // the parent's to answer
  for (const int each : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGXCPU}) std::signal(each, SIG_DFL);
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere >= 0) ::dup2(nowhere, STDOUT_FILENO), ::dup2(nowhere, STDERR_FILENO);
  limit(RLIMIT_CORE, 0, 0);
  limit(RLIMIT_CPU, limits.cpu_s, limits.cpu_s + 1);
  if (const std::uint64_t now = address_space()) limit(RLIMIT_AS, now + limits.memory_bytes, now + limits.memory_bytes);
}

}  // namespace detail

/// Calls `work` in a child process and waits for its end; what it computes it puts into SharedMemory, and it must catch
/// its own exceptions, but for std::bad_alloc. Throws FileError where no process can be started.
///
/// The child is a copy of this process with the calling thread alone. Work may take memory (glibc hands its locks over)
/// and use libraries that no other thread of the program is in at that moment; it must not use rcar's threads.
template <class Work>
ChildEnd run_in_child(const ChildLimits& limits, Work&& work) {
  constexpr int no_memory = 3;
  const pid_t child = ::fork();
  if (child < 0) throw FileError(std::string("Cannot start a process: ") + std::strerror(errno) + "; end some.");
  if (child == 0) {
    try {
      detail::confine(limits);
      work();
    } catch (const std::bad_alloc&) {
      ::_exit(no_memory);
    } catch (...) {
      ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  pid_t got = 0;
  while ((got = ::waitpid(child, &status, 0)) < 0 && errno == EINTR) {
  }
  if (got != child) return {};  // a program that waits for all children took its end: whether there is a result tells
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  if (WIFEXITED(status) && WEXITSTATUS(status) == no_memory) return {ChildEnd::out_of_memory, {}};
  if (WIFEXITED(status)) return {ChildEnd::died, "exit code " + std::to_string(WEXITSTATUS(status))};
  if (WTERMSIG(status) == SIGXCPU) return {ChildEnd::out_of_time, {}};
  return {ChildEnd::died, ::strsignal(WTERMSIG(status))};
}

}  // namespace rcar
