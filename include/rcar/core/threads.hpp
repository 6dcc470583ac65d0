#pragma once
/// One pool of workers for the whole process. Work is divided into items that the caller fixes beforehand; which worker
/// takes which item is free, so results must not depend on it, and then do not depend on the number of threads.

#include <atomic>
#include <condition_variable>
#include <cstddef>
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

class ThreadPool {
 public:
  static ThreadPool& instance() {
    static ThreadPool pool(thread_count());
    return pool;
  }

  explicit ThreadPool(std::size_t threads) {
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
    const bool inside = ThreadPool::inside();  // a nested call runs where it is
    if (inside || workers_.empty() || count < 2) {
      for (std::size_t i = 0; i < count; ++i) item(i, 0);
      return;
    }
    std::lock_guard one_job(job_mutex_);
    {
      std::lock_guard lock(mutex_);
      item_ = [&item](std::size_t i, std::size_t worker) {
        bool& inside = ThreadPool::inside();
        inside = true;
        try {
          item(i, worker);
        } catch (...) {
          inside = false;
          throw;
        }
        inside = false;
      };
      next_ = 0;
      count_ = count;
      active_ = workers_.size();
      failure_ = nullptr;
      ++generation_;
    }
    wake_.notify_all();
    take(0);
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return active_ == 0; });
    item_ = nullptr;
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void take(std::size_t worker) {
    for (std::size_t i; (i = next_.fetch_add(1)) < count_;) {
      try {
        item_(i, worker);
      } catch (...) {
        std::lock_guard lock(mutex_);
        if (!failure_) failure_ = std::current_exception();
        next_ = count_;
      }
    }
  }

  void serve(std::size_t worker) {
    for (std::size_t seen = 0;;) {
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return stop_ || generation_ != seen; });
        if (stop_) return;
        seen = generation_;
      }
      take(worker);
      std::lock_guard lock(mutex_);
      if (--active_ == 0) done_.notify_one();
    }
  }

  std::vector<std::thread> workers_;
  std::mutex mutex_, job_mutex_;
  std::condition_variable wake_, done_;
  std::function<void(std::size_t, std::size_t)> item_;
  std::atomic<std::size_t> next_{0};
  std::size_t count_ = 0, active_ = 0, generation_ = 0;
  std::exception_ptr failure_;
  bool stop_ = false;
};

}  // namespace detail

/// Whether the calling thread already works for a parallel_for, so that another one would run serially.
inline bool inside_parallel_for() { return detail::ThreadPool::inside(); }

/// Calls `item(index, worker)` for every index in [0, count), on all threads; worker < thread_count() names the thread,
/// for scratch memory. Nested calls run serially with worker 0 of the nested call, so take scratch from the outer one.
/// The first exception thrown is rethrown here once every thread has stopped.
template <class Item>
void parallel_for(std::size_t count, Item&& item) {
  detail::ThreadPool::instance().run(count, std::function<void(std::size_t, std::size_t)>(std::ref(item)));
}

}  // namespace rcar
