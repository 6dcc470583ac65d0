// Uses rcar::video alone: no network is compiled.

#include <cstdio>
#include <rcar/video/gif.hpp>
#include <rcar/video/process_video.hpp>

int main() {
  const rcar::Frames grey =
      xt::broadcast(std::uint8_t{128}, {std::size_t{2}, std::size_t{8}, std::size_t{8}, std::size_t{3}});
  rcar::frames_to_gif(grey, "grey.gif", 10);
  const rcar::Frames read = rcar::process_video("grey.gif", 2, 8);
  std::printf("%zu frames, first value %d\n", read.shape(0), read(0, 0, 0, 0));
  return read.shape(0) == 2 && read(0, 0, 0, 0) > 120 && read(0, 0, 0, 0) < 136 ? 0 : 1;
}
