#pragma once
/// A progress line for long work: bar, count, rate, time left. It draws on standard error; on a terminal in place, else
/// one line every ten seconds, so that logs stay readable. Nothing is shown for work under two seconds.

#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <mutex>
#include <string>
#include <utility>

namespace rcar {

/// Whether a progress line is drawn: on a terminal only, or never.
enum class ProgressDisplay { automatic, off };

/// One line on standard error that says how far a piece of work is.
class Progress {
 public:
  /// `title` names the work, `unit` what is counted ("frames"), `total` how many there will be.
  Progress(std::string title, std::size_t total, std::string unit, ProgressDisplay display = ProgressDisplay::automatic)
      : title_(std::move(title)),
        unit_(std::move(unit)),
        total_(total),
        terminal_(::isatty(STDERR_FILENO) == 1),
        off_(display == ProgressDisplay::off),
        start_(Clock::now()),
        drawn_(start_) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { finish(); }

  /// Adds finished units; safe from any thread. `note` is shown at the end of the line.
  void advance(std::size_t units, const std::string& note = {}) {
    std::lock_guard lock(mutex_);
    done_ += units;
    if (!note.empty()) note_ = note;
    draw(Moment::under_way);
  }

  /// Takes units out of the total that need no work (found in a cache, or set aside).
  void skip(std::size_t units) {
    std::lock_guard lock(mutex_);
    total_ -= units < total_ ? units : total_;
  }

  /// Seconds since the start.
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  /// Ends the line. Called by the destructor too.
  void finish() {
    std::lock_guard lock(mutex_);
    if (!finished_ && shown_) draw(Moment::last);
    finished_ = true;
  }

 private:
  using Clock = std::chrono::steady_clock;
  enum class Moment { under_way, last };

  void draw(Moment moment) {
    const auto now = Clock::now();
    const double wait_s = shown_ ? (terminal_ ? 0.1 : 10.0) : 2.0;
    if (off_ || (moment == Moment::under_way && std::chrono::duration<double>(now - drawn_).count() < wait_s)) return;
    drawn_ = now;
    shown_ = true;
    const double elapsed_s = std::chrono::duration<double>(now - start_).count();
    const double rate = elapsed_s > 0 ? static_cast<double>(done_) / elapsed_s : 0;
    const double part = total_ ? static_cast<double>(done_) / static_cast<double>(total_) : 1;
    const double left_s = rate > 0 && done_ < total_ ? static_cast<double>(total_ - done_) / rate : 0;
    std::string bar(24, '.');
    for (std::size_t i = 0; i < bar.size() && static_cast<double>(i) < part * 24; ++i) bar[i] = '#';
    std::fprintf(stderr, "%s%s [%s] %zu/%zu %s, %.1f %s/s, %s %s%s%s%s", terminal_ ? "\r\x1b[2K" : "", title_.c_str(),
                 bar.c_str(), done_, total_, unit_.c_str(), rate, unit_.c_str(),
                 moment == Moment::last ? "took" : "left",
                 clock_text(moment == Moment::last ? elapsed_s : left_s).c_str(), note_.empty() ? "" : ", ",
                 note_.c_str(), terminal_ && moment != Moment::last ? "" : "\n");
    std::fflush(stderr);
  }

  static std::string clock_text(double seconds) {
    char text[32];
    const long s = std::lround(seconds);
    if (s >= 3600)
      std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
      std::snprintf(text, sizeof text, "%ld:%02ld", s / 60, s % 60);
    return text;
  }

  std::string title_, unit_, note_;
  std::size_t total_, done_ = 0;
  bool terminal_, off_, shown_ = false, finished_ = false;
  Clock::time_point start_, drawn_;
  std::mutex mutex_;
};

}  // namespace rcar
