// Clips, decoded in a child process with limits: FFmpeg meets bytes that nobody vouches for. A crash, a hang and a
// hunger for memory are findings, whoever's they are.

#include <rcar/core/child_process.hpp>
#include <rcar/video/decoder.hpp>

#include "scratch.hpp"
#include "target.hpp"

namespace rcar::fuzz {
namespace {

/// Takes frames as the samplers do: converted, passed over, and the whole picture of the last.
void decode(const std::filesystem::path& path) {
  constexpr int most_frames = 24;
  Decoder clip(path);
  Picture square;
  cv::Mat whole;
  for (int frame = 0; frame < most_frames && clip.grab(); ++frame) {
    if (clip.retrieve_square(square))
      law(square.pixels.rows == square.pixels.cols && square.pixels.type() == CV_8UC3, "a centre square is a square");
    if (frame % 5 == 4) clip.pass(2);
    if (frame % 7 == 0 && clip.retrieve(whole)) law(!whole.empty(), "a frame has pixels");
  }
}

Outcome read(std::string_view input) {
  static const Scratch folder;
  static SharedMemory shared(1 << 16);
  const std::filesystem::path path = folder.path() / "clip";
  write(path, input);
  const ChildEnd end = run_in_child({std::uint64_t{1} << 30, 10}, [&] {
    const Outcome outcome = taken_unless_refused([&] { decode(path); });
    shared.all()[4096] = std::byte{outcome == Outcome::taken};
  });
  law(end.kind != ChildEnd::out_of_time, "decoding comes to an end");
  law(end.kind != ChildEnd::out_of_memory, "a clip takes no more memory than a frame of the largest size");
  law(end.kind == ChildEnd::finished, "decoding crashes nothing:", end.reason);
  return shared.all()[4096] == std::byte{1} ? Outcome::taken : Outcome::refused;
}

const Registered target({.name = "decode", .seeds = "", .run = read, .forks = true});

}  // namespace
}  // namespace rcar::fuzz
