#pragma once
/// One pool of workers for the whole process. Work is divided into items that the caller fixes beforehand; which worker
/// takes which item is free, so results must not depend on it, and then do not depend on the number of threads.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "error.hpp"

namespace rcar {

/// Threads that rcar uses: `RCAR_NUM_THREADS` when set (1 to 1024), else the processors this process may run on.
/// Throws UsageError when the variable is not such a number.
inline std::size_t thread_count() {
  static const std::size_t count = [] {
    if (const char* text = std::getenv("RCAR_NUM_THREADS"); text && *text) {
      char* end = nullptr;
      const long value = std::strtol(text, &end, 10);
      if (*end || value < 1 || value > 1024)
        throw UsageError("RCAR_NUM_THREADS is " + quoted(text) + "; set it to a number from 1 to 1024, or unset it.");
      return static_cast<std::size_t>(value);
    }
    const unsigned hardware = std::thread::hardware_concurrency();
    return static_cast<std::size_t>(hardware ? hardware : 1);
  }();
  return count;
}

namespace detail {

/// Workers that wait for the next job awake for a while before they sleep: the steps of a network follow one another
/// within microseconds, and waking a thread takes thirty of them. A worker that wakes too late for a job lets it pass.
class ThreadPool {
 public:
  static ThreadPool& instance() {
    static ThreadPool pool(thread_count());
    return pool;
  }

  explicit ThreadPool(std::size_t threads) : awake_(threads <= std::thread::hardware_concurrency()) {
    for (std::size_t worker = 1; worker < threads; ++worker) workers_.emplace_back([this, worker] { serve(worker); });
  }

  ~ThreadPool() {
    {
      std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    for (auto& worker : workers_) worker.join();
  }

  /// Whether the calling thread is in an item of a job.
  static bool& inside() {
    static thread_local bool value = false;
    return value;
  }

  void run(std::size_t count, const std::function<void(std::size_t, std::size_t)>& item) {
    std::unique_lock one_job(job_mutex_, std::defer_lock);
    const auto taken = [&] { return one_job.try_lock(); };
    // A nested call runs where it is. So does one beside another thread's long job: that one's items may be waiting for
    // a lock which this thread holds.
    if (inside() || workers_.empty() || count < 2 || !spin(taken)) {
      for (std::size_t i = 0; i < count; ++i) item(i, 0);
      return;
    }
    item_ = &item;
    next_ = 0;
    count_ = count;
    failure_ = nullptr;
    const std::uint64_t job = (state_.load() / one_job_more + 1) * one_job_more;
    state_ = job | open;
    if (sleeping_ > 0) {
      { std::lock_guard lock(mutex_); }  // whoever has looked at the state and not yet slept sleeps now
      wake_.notify_all();
    }
    take(0);
    state_ &= ~open;
    const auto finished = [this] { return (state_.load() & inside_mask) == 0; };
    if (!spin(finished)) {
      std::unique_lock lock(mutex_);
      done_.wait(lock, finished);
    }
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  // The state: how many jobs there were, whether the last one still takes workers, and how many are at it.
  static constexpr std::uint64_t one_job_more = std::uint64_t{1} << 32, open = std::uint64_t{1} << 31,
                                 inside_mask = open - 1;

  /// Waits awake until `condition` holds; false when that takes too long.
  template <class Condition>
  bool spin(Condition condition) const {
    if (!awake_) return condition();
    const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(200);
    do {
      for (int i = 0; i < 64; ++i) {
        if (condition()) return true;
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
      }
    } while (std::chrono::steady_clock::now() < end);
    return false;
  }

  void take(std::size_t worker) {
    inside() = true;
    for (std::size_t i; (i = next_.fetch_add(1)) < count_;) {
      try {
        (*item_)(i, worker);
      } catch (...) {
        std::lock_guard lock(mutex_);
        if (!failure_) failure_ = std::current_exception();
        next_ = count_;
      }
    }
    inside() = false;
  }

  /// Joins the job that is open, if there is one this worker has not seen.
  bool join(std::uint64_t& seen) {
    std::uint64_t state = state_.load();
    while ((state & open) && state / one_job_more != seen) {
      if (!state_.compare_exchange_weak(state, state + 1)) continue;
      seen = state / one_job_more;
      return true;
    }
    return false;
  }

  void serve(std::size_t worker) {
    std::uint64_t seen = 0;
    for (;;) {
      const auto waiting = [&] { return stop_ || ((state_.load() & open) && state_.load() / one_job_more != seen); };
      if (!spin(waiting)) {
        std::unique_lock lock(mutex_);
        ++sleeping_;
        wake_.wait(lock, waiting);
        --sleeping_;
      }
      if (stop_) return;
      if (!join(seen)) continue;
      take(worker);
      if ((--state_ & (inside_mask | open)) == 0) {
        { std::lock_guard lock(mutex_); }
        done_.notify_one();
      }
    }
  }

  const bool awake_;
  std::vector<std::thread> workers_;
  std::mutex mutex_, job_mutex_;
  std::condition_variable wake_, done_;
  std::atomic<std::uint64_t> state_{0};
  std::atomic<std::size_t> sleeping_{0}, next_{0};
  std::size_t count_ = 0;
  const std::function<void(std::size_t, std::size_t)>* item_ = nullptr;
  std::exception_ptr failure_;
  std::atomic<bool> stop_{false};
};

}  // namespace detail

/// Whether the calling thread already works for a parallel_for, so that another one would run serially.
inline bool inside_parallel_for() { return detail::ThreadPool::inside(); }

/// Calls `item(index, worker)` for every index in [0, count), on all threads; worker < thread_count() names the thread,
/// for scratch memory. Nested calls, and one that another thread's call keeps waiting, run serially with worker 0, so
/// take scratch from the outer call or from this one, not from what several calls share.
/// The first exception thrown is rethrown here once every thread has stopped.
template <class Item>
void parallel_for(std::size_t count, Item&& item) {
  detail::ThreadPool::instance().run(count, std::function<void(std::size_t, std::size_t)>(std::ref(item)));
}

}  // namespace rcar
