#pragma once
/// Writes entries of the feature cache beside the computation: a write waits for the disk, and no core should.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "feature_cache.hpp"

namespace rcar {

/// Writes entries one after the other on a thread of its own; at most `waiting` of them are in memory.
///
///     CacheWriter writer(cache, feature_dim, 4);
///     writer.add(key, features);   // from any thread
///     writer.finish();             // all are written, or it throws
///
/// The destructor writes what was added, too, so that whatever ends a run loses no finished clip.
class CacheWriter {
 public:
  CacheWriter(const FeatureCache& cache, std::size_t feature_dim, std::size_t waiting)
      : cache_(cache), feature_dim_(feature_dim), waiting_(waiting), thread_([this] { serve(); }) {}
  CacheWriter(const CacheWriter&) = delete;
  CacheWriter& operator=(const CacheWriter&) = delete;
  ~CacheWriter() { stop(); }

  /// Takes features (n, F); waits while too many are waiting. Throws FileError when an earlier one could not be
  /// written.
  void add(std::string key, std::vector<float> features) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return entries_.size() < waiting_ || failure_; });
    if (failure_) std::rethrow_exception(failure_);
    entries_.push_back({std::move(key), std::move(features)});
    lock.unlock();
    ready_.notify_one();
  }

  /// Waits until everything is written. Throws FileError when something could not be.
  void finish() {
    stop();
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  struct Entry {
    std::string key;
    std::vector<float> features;
  };

  void serve() {
    for (std::unique_lock lock(mutex_);;) {
      ready_.wait(lock, [this] { return stop_ || !entries_.empty(); });
      if (entries_.empty()) return;
      const Entry entry = std::move(entries_.front());
      entries_.pop_front();
      room_.notify_one();
      lock.unlock();
      std::exception_ptr failure;
      try {
        cache_.store(entry.key, entry.features, feature_dim_);
      } catch (...) {
        failure = std::current_exception();
      }
      lock.lock();
      if (!failure) continue;
      failure_ = failure;
      room_.notify_all();
      return;
    }
  }

  void stop() {
    {
      std::lock_guard lock(mutex_);
      stop_ = true;
    }
    ready_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  const FeatureCache& cache_;
  const std::size_t feature_dim_, waiting_;
  std::deque<Entry> entries_;
  std::exception_ptr failure_;
  bool stop_ = false;
  std::mutex mutex_;
  std::condition_variable ready_, room_;
  std::thread thread_;  // last: it uses all others
};

}  // namespace rcar
