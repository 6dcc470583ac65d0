#pragma once
/// A progress line for long work: bar, count, rate, time left. It draws on standard error; on a terminal in place, else
/// one line every ten seconds, so that logs stay readable. Nothing is shown for work under two seconds.

#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace rcar {

/// Whether a progress line is drawn: on a terminal only, or never.
enum class ProgressDisplay { automatic, off };

namespace detail {

/// What a progress line tells.
struct ProgressState {
  std::string title, unit, note;
  std::size_t done = 0, total = 0;
  double elapsed_s = 0;
  bool finished = false;
};

inline std::string clock_text(double seconds) {
  char text[32];
  const long s = std::lround(seconds);
  if (s >= 3600)
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  else
    std::snprintf(text, sizeof text, "%ld:%02ld", s / 60, s % 60);
  return text;
}

/// "12.5 frames/s"; slow work the other way round: "31 s per clip", the unit's plural being its name.
inline std::string rate_text(double per_second, const std::string& unit) {
  char number[32];
  if (per_second > 0 && per_second < 0.1) {
    std::snprintf(number, sizeof number, "%.0f", 1 / per_second);
    const bool plural = unit.size() > 1 && unit.back() == 's';
    return std::string(number) + " s per " + (plural ? unit.substr(0, unit.size() - 1) : unit);
  }
  std::snprintf(number, sizeof number, per_second < 1 ? "%.2f" : "%.1f", per_second);
  return std::string(number) + " " + unit + "/s";
}

/// The first `width` characters of UTF-8 text, with an ellipsis in place of the last where it was cut.
inline std::string cut_to_width(const std::string& text, std::size_t width) {
  std::size_t characters = 0, end = text.size();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) == 0x80) continue;  // the rest of a character
    if (characters + 1 == width) end = i;
    if (++characters > width) return width == 0 ? std::string() : text.substr(0, end) + "…";
  }
  return text;
}

/// Title [####....] done/total unit, rate, time left, note. `width`: the terminal's columns, which a line must not
/// fill, since one that wraps cannot be drawn in place; the bar grows smaller first, then the line's end is cut off. 0:
/// no terminal, nothing is cut.
inline std::string progress_line(const ProgressState& state, std::size_t width) {
  const double rate = state.elapsed_s > 0 ? static_cast<double>(state.done) / state.elapsed_s : 0;
  const double part =
      state.total ? std::fmin(1, static_cast<double>(state.done) / static_cast<double>(state.total)) : 1;
  const double left_s = rate > 0 && state.done < state.total ? static_cast<double>(state.total - state.done) / rate : 0;
  const std::string time =
      state.finished ? "took " + clock_text(state.elapsed_s)
                     : (rate > 0 || state.total == 0 ? "left " + clock_text(left_s) : std::string("left unknown"));
  const std::string text = std::to_string(state.done) + "/" + std::to_string(state.total) + " " + state.unit + ", " +
                           rate_text(rate, state.unit) + ", " + time + (state.note.empty() ? "" : ", " + state.note);
  std::size_t cells = 24;
  if (width > 0) {
    const std::size_t others = state.title.size() + 4 + text.size() + 1;
    if (others + cells > width) cells = others + 8 < width ? width - others : 8;
  }
  std::string bar(cells, '.');
  for (std::size_t i = 0; i < cells && static_cast<double>(i) < part * static_cast<double>(cells); ++i) bar[i] = '#';
  const std::string line = state.title + " [" + bar + "] " + text;
  return width > 0 ? cut_to_width(line, width - 1) : line;
}

/// Columns of the terminal on standard error: what it says itself, else COLUMNS, else 80.
inline std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const char* const columns = std::getenv("COLUMNS");
  const long value = columns ? std::strtol(columns, nullptr, 10) : 0;
  return value >= 20 && value <= 10000 ? static_cast<std::size_t>(value) : 80;
}

/// Whether lines on standard error can be drawn over: a terminal that is not a dumb one (TERM).
inline bool draws_in_place() {
  const char* const terminal = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && !(terminal && std::string_view(terminal) == "dumb");
}

}  // namespace detail

/// One line on standard error that says how far a piece of work is.
class Progress {
 public:
  /// `title` names the work, `unit` what is counted ("frames"), `total` how many there will be.
  Progress(std::string title, std::size_t total, std::string unit, ProgressDisplay display = ProgressDisplay::automatic)
      : terminal_(detail::draws_in_place()),
        off_(display == ProgressDisplay::off),
        start_(Clock::now()),
        drawn_(start_) {
    state_.title = std::move(title);
    state_.unit = std::move(unit);
    state_.total = total;
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { finish(); }

  /// Adds finished units; safe from any thread. `note` is shown at the end of the line.
  void advance(std::size_t units, const std::string& note = {}) {
    std::lock_guard lock(mutex_);
    state_.done += units;
    if (!note.empty()) state_.note = note;
    draw(Moment::under_way);
  }

  /// Takes units out of the total that need no work (found in a cache, or set aside).
  void skip(std::size_t units) {
    std::lock_guard lock(mutex_);
    state_.total -= units < state_.total ? units : state_.total;
  }

  /// Seconds since the start.
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  /// Ends the line. Called by the destructor too.
  void finish() {
    std::lock_guard lock(mutex_);
    if (!state_.finished && shown_) draw(Moment::last);
    state_.finished = true;
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
    state_.elapsed_s = std::chrono::duration<double>(now - start_).count();
    state_.finished = moment == Moment::last;
    const std::string line = detail::progress_line(state_, terminal_ ? detail::terminal_width() : 0);
    std::fprintf(stderr, "%s%s%s", terminal_ ? "\r\x1b[2K" : "", line.c_str(),
                 terminal_ && moment != Moment::last ? "" : "\n");
    std::fflush(stderr);
  }

  detail::ProgressState state_;
  bool terminal_, off_, shown_ = false;
  Clock::time_point start_, drawn_;
  std::mutex mutex_;
};

}  // namespace rcar
