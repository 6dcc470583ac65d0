#pragma once
/// The thread that reads a source: a clip to its end, a stream as long as it lasts, reopened when it drops out.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "../core/error.hpp"
#include "../video/decoder.hpp"
#include "../video/resize.hpp"
#include "../video/stream.hpp"
#include "frame_queue.hpp"
#include "window.hpp"

namespace rcar::live {

/// How a live source is read.
struct ReaderOptions {
  int image_dim = 224;     // D
  bool pictures = false;   // whole frames too, all of them, to draw on
  std::size_t stride = 1;  // which frames the network sees: FramePicker
  double spacing_s = 0;
};

/// How long a stream is waited for, and what is done when it drops out.
struct ReopenOptions {
  double timeout_s = 10;                       // nothing for so long: it dropped out
  std::optional<double> give_up_after_s = {};  // without a frame; nothing: the first opening must succeed, then never
  double first_wait_s = 0.5, longest_wait_s = 10;  // before it is opened again; doubled from time to time
  bool reopen = true;                              // false: the end of the stream is the end
  std::function<void(const std::string&)> note = {};
};

/// Fills a queue from one source on a thread of its own, which ends with the source, with `stop()`, or with this
/// object.
class FrameReader {
 public:
  using Clock = std::chrono::steady_clock;

  /// A clip, whole, in order.
  FrameReader(std::filesystem::path clip, const ReaderOptions& options, FrameQueue& queue)
      : options_(options), picker_(options.stride, options.spacing_s), queue_(queue) {
    thread_ = std::thread([this, clip = std::move(clip)] { run([&] { read_clip(clip); }); });
  }
  /// A stream. `clock` says whether times are those that the stream states, as is right for a pipe that nobody fills in
  /// real time, or those at which frames arrive.
  enum class Times { stated, arrival };
  FrameReader(std::function<StreamInput()> input, Times times, const ReopenOptions& reopen,
              const ReaderOptions& options, FrameQueue& queue)
      : options_(options), picker_(options.stride, options.spacing_s), queue_(queue), reopen_(reopen), times_(times) {
    thread_ = std::thread([this, input = std::move(input)] { run([&] { read_stream(input); }); });
  }
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;
  ~FrameReader() {
    stop();
    thread_.join();
  }

  /// Ends reading soon; frames that are queued stay.
  void stop() {
    stop_ = true;
    queue_.close();
  }

  std::size_t frames() const { return frames_; }
  std::size_t reopened() const { return reopened_; }
  std::size_t damaged_packets() const { return damaged_; }
  /// What a clip's container claims, 0 when nothing, or for a stream: good for a progress bar alone.
  std::size_t claimed_frames() const { return claimed_; }
  /// The source's stated rate, 25 where it states none.
  double frames_per_second() const { return rate_; }

 private:
  template <class Work>
  void run(Work work) {
    std::exception_ptr failure;  // handed on whole: the queue's reader may drop it while this thread goes on
    try {
      const OpenCvOnOneThread calm;
      work();
    } catch (...) {
      failure = std::current_exception();
    }
    queue_.finish(std::move(failure));
  }

  void read_clip(const std::filesystem::path& path) {
    Decoder clip(path);
    rate_ = clip.frames_per_second();
    claimed_ = clip.claimed_frame_count();
    while (!stop_ && clip.grab())
      if (!put(clip, stated(clip.time_s()), Clock::now())) break;
    if (frames_ == 0 && !stop_) clip.fail_without_frames();
  }

  void read_stream(const std::function<StreamInput()>& input) {
    double wait_s = reopen_.first_wait_s;
    auto last_frame = Clock::now();
    while (!stop_) {
      std::string reason;
      const StreamInput opened = input();
      if (const auto stream = open(opened, reason)) {
        const std::size_t before = frames_;
        if (!read_until_lost(*stream, opened.shown, last_frame, reason)) return;
        if (frames_ > before) {
          wait_s = reopen_.first_wait_s;
          last_frame = Clock::now();
          QueuedFrame gap;
          gap.gap = true;
          queue_.push(std::move(gap));
        }
        reason = quoted(opened.shown) + " dropped out: " + reason;
      }
      if (stop_) return;
      const double without_s = std::chrono::duration<double>(Clock::now() - last_frame).count();
      if (reopen_.give_up_after_s && without_s >= *reopen_.give_up_after_s)
        throw VideoError(reason + "; given up after " + std::to_string(std::lround(without_s)) +
                         " s without a frame, as --give-up-after says.");
      note(reason + "; it is opened again in " + seconds(wait_s) + " s.");
      sleep(wait_s);
      wait_s = std::min(2 * wait_s, reopen_.longest_wait_s);
    }
  }

  /// Nothing, and the reason, when it cannot be opened. Throws that when there is no use in trying again.
  std::unique_ptr<Stream> open(const StreamInput& input, std::string& reason) {
    try {
      return std::make_unique<Stream>(input, reopen_.timeout_s, stop_);
    } catch (const VideoError& error) {
      if (stop_) return nullptr;
      if (frames_ == 0 && !reopen_.give_up_after_s) throw;
      reason = error.what();
      if (reason.ends_with('.')) reason.pop_back();
      return nullptr;
    }
  }

  /// False when it is over: stopped, or at an end behind which nothing comes.
  bool read_until_lost(Stream& stream, const std::string& shown, Clock::time_point last_frame, std::string& reason) {
    const bool is_file = stream.is_file();
    if (is_file) {
      queue_.set_overflow(Overflow::wait);
      times_ = Times::stated;
    }
    rate_ = stream.frames_per_second().value_or(25);
    begin_opening();
    std::size_t got = 0;
    Stream::Next next;
    while ((next = stream.next()) == Stream::Next::frame) {
      if (got++ == 0 && frames_ > 0) {
        ++reopened_;
        note(quoted(shown) + " is back after " +
             seconds(std::chrono::duration<double>(Clock::now() - last_frame).count()) + " s.");
      }
      if (!begin_) begin_ = stream.arrived();
      const double time_s = times_ == Times::stated ? stated(stream.time_s())
                                                    : std::chrono::duration<double>(stream.arrived() - *begin_).count();
      if (!put(stream, time_s, stream.arrived())) return false;
    }
    damaged_ += stream.damaged_packets();
    if (next == Stream::Next::stopped) return false;
    reason = next == Stream::Next::end ? "its sender ended it" : stream.reason();
    if (next == Stream::Next::end && (is_file || !reopen_.reopen)) {
      if (frames_ == 0)
        throw VideoError(quoted(shown) + " ended without a frame that can be decoded; check its sender.");
      return false;
    }
    if (is_file || !reopen_.reopen)
      throw VideoError(quoted(shown) + " broke off: " + reason + "; what came before that is predicted.");
    return true;
  }

  void begin_opening() {
    first_stated_s_.reset();
    opening_s_ = last_s_ ? *last_s_ + 1 / rate_ : 0;
  }

  /// From the first frame; where the source states no time, by its rate. Never goes back.
  double stated(std::optional<double> time_s) {
    const double by_rate = last_s_ ? *last_s_ + 1 / rate_ : 0;
    if (!time_s || !std::isfinite(*time_s)) return by_rate;
    if (!first_stated_s_) first_stated_s_ = *time_s;
    return std::max(opening_s_ + *time_s - *first_stated_s_, last_s_.value_or(0));
  }

  template <class Source>
  bool put(Source& source, double time_s, Clock::time_point arrived) {
    ++frames_;
    last_s_ = time_s;
    const bool wanted = picker_(time_s);
    if (!wanted && !options_.pictures) return true;
    QueuedFrame frame;
    frame.time_s = time_s;
    frame.arrived = arrived;
    if (options_.pictures && !source.retrieve(frame.picture)) return true;
    if (wanted) {
      Picture square;
      if (!source.retrieve_square(square)) return true;
      const auto side = static_cast<std::size_t>(options_.image_dim);
      frame.square.resize(side * side * 3);
      resize_square(square, options_.image_dim, frame.square.data());
    }
    return queue_.push(std::move(frame));
  }

  void note(const std::string& text) const {
    if (reopen_.note) reopen_.note(text);
  }

  static std::string seconds(double value) {
    const long tenths = std::lround(value * 10);
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
  }

  void sleep(double wait_s) const {
    const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(wait_s));
    while (!stop_ && Clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }

  ReaderOptions options_;
  FramePicker picker_;
  FrameQueue& queue_;
  ReopenOptions reopen_;
  Times times_ = Times::stated;
  std::atomic<bool> stop_{false};
  std::atomic<std::size_t> frames_{0}, reopened_{0}, damaged_{0}, claimed_{0};
  std::atomic<double> rate_{25};
  std::optional<Clock::time_point> begin_;
  std::optional<double> last_s_, first_stated_s_;
  double opening_s_ = 0;
  std::thread thread_;
};

}  // namespace rcar::live
