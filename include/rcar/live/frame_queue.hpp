#pragma once
/// Frames on their way from the thread that decodes to the one that computes.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <opencv2/core.hpp>
#include <utility>
#include <vector>

namespace rcar::live {

/// A frame of a source, or the place where the source dropped out.
struct QueuedFrame {
  using Clock = std::chrono::steady_clock;

  std::vector<std::uint8_t> square;  // (D, D, 3) RGB for the network; empty: it shall not see this frame
  cv::Mat picture;                   // the whole frame, BGR, to draw on; empty: not wanted
  double time_s = 0;                 // from the source's first frame
  Clock::time_point arrived{};
  bool gap = false;  // no frame: what follows does not join on to what was before

  std::size_t bytes() const { return square.size() + picture.total() * picture.elemSize(); }
};

/// What happens when frames come faster than they are taken: their sender waits, or the oldest ones give way, so that
/// what is computed is never older than a few frames.
enum class Overflow { wait, drop_oldest };

/// One thread pushes, another takes.
class FrameQueue {
 public:
  /// Holds at most `most` frames for the network. Frames beside them, and large ones, count by `most_bytes`.
  FrameQueue(std::size_t most, std::size_t most_bytes, Overflow overflow)
      : most_(std::max<std::size_t>(most, 1)), most_bytes_(most_bytes), overflow_(overflow) {}

  void set_overflow(Overflow overflow) {
    std::lock_guard lock(mutex_);
    overflow_ = overflow;
  }

  /// False when nobody takes frames any more.
  bool push(QueuedFrame frame) {
    std::unique_lock lock(mutex_);
    if (overflow_ == Overflow::wait) room_.wait(lock, [&] { return closed_ || frames_.empty() || has_room(frame); });
    if (closed_) return false;
    bytes_ += frame.bytes();
    squares_ += frame.square.empty() ? 0 : 1;
    frames_.push_back(std::move(frame));
    if (overflow_ == Overflow::drop_oldest) give_way();
    ready_.notify_one();
    return true;
  }

  /// The source has ended, or failed; what is queued can still be taken.
  void finish(std::exception_ptr failure = nullptr) {
    std::lock_guard lock(mutex_);
    finished_ = true;
    failure_ = std::move(failure);
    ready_.notify_one();
  }

  /// Nothing will be taken any more.
  void close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    room_.notify_one();
  }

  /// The next frames in order, with at most `most` for the network among them. Waits until `enough` for the network are
  /// there, or the queue is full, or the source has ended, but no longer than `wait`. Empty: nothing came in that time,
  /// or it is over (`over()`). Rethrows what ended the source, once all frames are taken.
  std::vector<QueuedFrame> take(std::size_t enough, std::size_t most, std::chrono::milliseconds wait) {
    std::unique_lock lock(mutex_);
    ready_.wait_for(lock, wait, [&] {
      return finished_ || squares_ >= std::min(enough, most_) || bytes_ >= most_bytes_ || has_gap();
    });
    std::vector<QueuedFrame> taken;
    std::size_t squares = 0;
    while (!frames_.empty() && (squares < most || frames_.front().square.empty())) {
      squares += frames_.front().square.empty() ? 0 : 1;
      bytes_ -= frames_.front().bytes();
      taken.push_back(std::move(frames_.front()));
      frames_.pop_front();
    }
    squares_ -= squares;
    room_.notify_one();
    if (taken.empty() && finished_) {
      over_ = true;
      if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    }
    return taken;
  }

  bool over() const {
    std::lock_guard lock(mutex_);
    return over_;
  }
  /// Frames that the network should have seen and that gave way.
  std::size_t dropped() const {
    std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  bool has_gap() const { return !frames_.empty() && frames_.back().gap; }
  bool has_room(const QueuedFrame& frame) const {
    return bytes_ + frame.bytes() <= most_bytes_ && (frame.square.empty() || squares_ < most_);
  }

  /// The oldest frame of the network gives way; its picture, if there is one, is still drawn. Beyond the bytes pictures
  /// give way too.
  void give_way() {
    for (auto frame = frames_.begin(); squares_ > most_ && frame != frames_.end();) {
      if (frame->square.empty()) {
        ++frame;
        continue;
      }
      bytes_ -= frame->square.size();
      frame->square = {};
      --squares_;
      ++dropped_;
      frame = frame->picture.empty() ? frames_.erase(frame) : frame + 1;
    }
    while (bytes_ > most_bytes_ && frames_.size() > 1) {
      if (frames_.front().gap) break;
      if (!frames_.front().square.empty()) --squares_, ++dropped_;
      bytes_ -= frames_.front().bytes();
      frames_.pop_front();
    }
  }

  std::size_t most_, most_bytes_;
  Overflow overflow_;
  mutable std::mutex mutex_;
  std::condition_variable ready_, room_;
  std::deque<QueuedFrame> frames_;
  std::size_t squares_ = 0, bytes_ = 0, dropped_ = 0;
  bool finished_ = false, closed_ = false, over_ = false;
  std::exception_ptr failure_;
};

}  // namespace rcar::live
