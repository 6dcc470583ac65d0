#pragma once
/// Decodes clips ahead of whoever takes them, on threads of its own and within a bound of memory.

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace rcar {

/// Prepares items 0 to count - 1 by `prepare(index)` on `threads` threads; at most `ahead` of them are being prepared
/// or wait to be taken. Items come in the order in which they are ready, not of their index.
///
///     Prefetch<Clip> clips(n, 4, 8, [&](std::size_t i) { return decode(i); });
///     while (auto clip = clips.next()) use(*clip);
///
/// `prepare` is called from several threads at once. The destructor waits for the items under way and drops the rest.
template <class Item>
class Prefetch {
 public:
  Prefetch(std::size_t count, std::size_t threads, std::size_t ahead, std::function<Item(std::size_t)> prepare)
      : count_(count), left_(count), ahead_(std::max<std::size_t>(ahead, 1)), prepare_(std::move(prepare)) {
    const std::size_t useful = std::min({std::max<std::size_t>(threads, 1), ahead_, count_});
    try {
      for (std::size_t i = 0; i < useful; ++i) threads_.emplace_back([this] { serve(); });
    } catch (...) {
      stop();
      throw;
    }
  }
  Prefetch(const Prefetch&) = delete;
  Prefetch& operator=(const Prefetch&) = delete;
  ~Prefetch() { stop(); }

  /// The next item that is ready, nothing after the last; waits for it. Rethrows what `prepare` throws.
  std::optional<Item> next() {
    std::unique_lock lock(mutex_);
    if (left_ == 0) return std::nullopt;
    ready_.wait(lock, [this] { return !items_.empty() || failure_; });
    if (failure_) std::rethrow_exception(failure_);
    std::optional<Item> item(std::move(items_.front()));
    items_.pop_front();
    --left_;
    --in_flight_;
    lock.unlock();
    room_.notify_one();
    return item;
  }

 private:
  void serve() {
    for (;;) {
      std::size_t index;
      {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [this] { return stop_ || next_ == count_ || in_flight_ < ahead_; });
        if (stop_ || next_ == count_) return;
        index = next_++;
        ++in_flight_;
        if (next_ == count_) room_.notify_all();  // there is nothing more to wait for
      }
      try {
        Item item = prepare_(index);
        std::lock_guard lock(mutex_);
        items_.push_back(std::move(item));
      } catch (...) {
        std::lock_guard lock(mutex_);
        if (!failure_) failure_ = std::current_exception();
        stop_ = true;
        room_.notify_all();
      }
      ready_.notify_one();
    }
  }

  void stop() {
    {
      std::lock_guard lock(mutex_);
      stop_ = true;
    }
    room_.notify_all();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }

  const std::size_t count_;
  std::size_t next_ = 0, left_, in_flight_ = 0;
  const std::size_t ahead_;
  std::function<Item(std::size_t)> prepare_;
  std::deque<Item> items_;
  std::exception_ptr failure_;
  bool stop_ = false;
  std::mutex mutex_;
  std::condition_variable ready_, room_;
  std::vector<std::thread> threads_;
};

}  // namespace rcar
