#include <catch2/catch.hpp>
#include <rcar/core/progress.hpp>
#include <string>

using namespace rcar;
using detail::progress_line;
using detail::ProgressState;

namespace {

ProgressState half() { return {"Training clips", "frames", "", 500, 1000, 10, false}; }

/// Columns that text takes: its characters, all of width one here.
std::size_t columns(const std::string& text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

}  // namespace

TEST_CASE("a progress line tells part, count, rate and time left") {
  CHECK(progress_line(half(), 0) ==
        "Training clips [############............] 500/1000 frames, 50.0 frames/s, left 0:10");
  ProgressState state = half();
  state.done = 1000;
  state.elapsed_s = 3725;
  state.finished = true;
  state.note = "loss 0.5";
  CHECK(progress_line(state, 0) ==
        "Training clips [########################] 1000/1000 frames, 0.27 frames/s, took 1:02:05, loss 0.5");
}

TEST_CASE("slow work tells seconds a unit, and work that has not begun no time") {
  ProgressState state{"Training", "epochs", "", 2, 10, 62, false};
  CHECK(progress_line(state, 0) == "Training [#####...................] 2/10 epochs, 31 s per epoch, left 4:08");
  state.done = 0;
  CHECK(progress_line(state, 0).ends_with("left unknown"));
}

TEST_CASE("a progress line is shorter than the terminal is wide: its bar shrinks, then its end is cut") {
  ProgressState state = half();
  state.note = "loss 0.1234, accuracy 0.9876, validation loss 0.2345 für Übungen";
  for (std::size_t width = 20; width < 200; ++width) {
    const std::string line = progress_line(state, width);
    CHECK(columns(line) < width);
    if (width < 100) CHECK(line.ends_with("…"));
  }
  CHECK(progress_line(half(), 80) == "Training clips [##########..........] 500/1000 frames, 50.0 frames/s, left 0:10");
  CHECK(progress_line(half(), 200) == progress_line(half(), 0));
}

TEST_CASE("text is never cut inside a character") {
  CHECK(detail::cut_to_width("äöü", 3) == "äöü");
  CHECK(detail::cut_to_width("äöü", 2) == "ä…");
  CHECK(detail::cut_to_width("äöü", 1) == "…");
  CHECK(detail::cut_to_width("äöü", 0).empty());
}

TEST_CASE("more done than there was to do is a full bar and no time left") {
  ProgressState state = half();
  state.done = 1200;
  const std::string line = progress_line(state, 0);
  CHECK(line.find("[########################]") != std::string::npos);
  CHECK(line.ends_with("left 0:00"));
}
