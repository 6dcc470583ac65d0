#include <gif_lib.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <memory>
#include <numbers>
#include <rcar/core/random.hpp>
#include <rcar/video/gif.hpp>
#include <string>
#include <vector>

#include "tests/support/clips.hpp"

using namespace rcar;

namespace {

struct ReadGif {
  int width = 0, height = 0, loops = -1;
  std::vector<int> delays_cs;
  std::vector<std::vector<std::uint8_t>> frames;  // (H, W, 3)
};

ReadGif read_gif(const std::filesystem::path& path) {
  int error = 0;
  const auto close = [](GifFileType* gif) { DGifCloseFile(gif, nullptr); };
  const std::unique_ptr<GifFileType, decltype(close)> gif(DGifOpenFileName(path.c_str(), &error), close);
  REQUIRE(gif);
  REQUIRE(DGifSlurp(gif.get()) == GIF_OK);
  ReadGif out{gif->SWidth, gif->SHeight, -1, {}, {}};
  for (int i = 0; i < gif->ImageCount; ++i) {
    const SavedImage& image = gif->SavedImages[i];
    GraphicsControlBlock control{};
    REQUIRE(DGifSavedExtensionToGCB(gif.get(), i, &control) == GIF_OK);
    out.delays_cs.push_back(control.DelayTime);
    CHECK(control.TransparentColor == NO_TRANSPARENT_COLOR);
    for (int e = 0; e + 1 < image.ExtensionBlockCount; ++e) {
      const auto& block = image.ExtensionBlocks[e];
      if (block.Function != APPLICATION_EXT_FUNC_CODE) continue;
      CHECK(std::string(reinterpret_cast<const char*>(block.Bytes), static_cast<std::size_t>(block.ByteCount)) ==
            "NETSCAPE2.0");
      const auto& next = image.ExtensionBlocks[e + 1];
      REQUIRE(next.ByteCount == 3);
      out.loops = next.Bytes[1] | next.Bytes[2] << 8;
    }
    REQUIRE(image.ImageDesc.ColorMap);
    std::vector<std::uint8_t> rgb;
    for (int pixel = 0; pixel < image.ImageDesc.Width * image.ImageDesc.Height; ++pixel) {
      const GifColorType color = image.ImageDesc.ColorMap->Colors[image.RasterBits[pixel]];
      rgb.insert(rgb.end(), {color.Red, color.Green, color.Blue});
    }
    out.frames.push_back(std::move(rgb));
  }
  return out;
}

/// Soft gradients of many colours with some grain, different in every frame.
Frames photo_like(std::size_t count, std::size_t height, std::size_t width) {
  Frames frames = Frames::from_shape({count, height, width, 3});
  Random random(7);
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t y = 0; y < height; ++y)
      for (std::size_t x = 0; x < width; ++x)
        for (std::size_t c = 0; c < 3; ++c) {
          const double light = std::sin(static_cast<double>(x + 2 * y + 9 * i) / 30);
          const double tint = std::sin(static_cast<double>(x * (c + 1)) / 60 + static_cast<double>(y) / 90);
          frames(i, y, x, c) = static_cast<std::uint8_t>(128 + 80 * light + 30 * tint + random.uniform(-5, 5));
        }
  return frames;
}

double mean_error(const ReadGif& gif, const Frames& frames) {
  double sum = 0;
  std::size_t at = 0;
  for (const auto& frame : gif.frames)
    for (const auto value : frame) sum += std::abs(static_cast<int>(value) - frames.data()[at++]);
  REQUIRE(at == frames.size());
  return sum / static_cast<double>(at);
}

}  // namespace

TEST_CASE("a GIF read back has the frames, the size, the delays, and plays without end") {
  const test::TempFolder folder;
  const Frames frames = photo_like(6, 37, 53);
  frames_to_gif(frames, folder / "clip.gif", 30);
  const ReadGif gif = read_gif(folder / "clip.gif");
  CHECK(gif.width == 53);
  CHECK(gif.height == 37);
  CHECK(gif.loops == 0);
  CHECK(gif.delays_cs == std::vector<int>{3, 4, 3, 3, 4, 3});
  CHECK(test::read_text(folder / "clip.gif").substr(0, 6) == "GIF89a");
}

TEST_CASE("the colours of photos survive within a few levels") {
  const test::TempFolder folder;
  const Frames frames = photo_like(3, 120, 160);
  frames_to_gif(frames, folder / "plain.gif", 25);
  CHECK(mean_error(read_gif(folder / "plain.gif"), frames) < 4);
  frames_to_gif(frames, folder / "dithered.gif", 25, Dithering::floyd_steinberg);
  CHECK(mean_error(read_gif(folder / "dithered.gif"), frames) < 6);
}

TEST_CASE("a frame of at most 256 colours is kept exactly, each frame with colours of its own") {
  const test::TempFolder folder;
  for (const std::size_t colors : {1, 2, 3, 17, 255, 256}) {
    Frames frames = Frames::from_shape({2, 16, 16, 3});
    for (std::size_t i = 0; i < 2; ++i)
      for (std::size_t pixel = 0; pixel < 256; ++pixel) {
        const std::size_t color = pixel % colors + 256 * i;
        auto* rgb = frames.data() + (i * 256 + pixel) * 3;
        rgb[0] = static_cast<std::uint8_t>(color * 7), rgb[1] = static_cast<std::uint8_t>(color);
        rgb[2] = static_cast<std::uint8_t>(200 * i);
      }
    frames_to_gif(frames, folder / "clip.gif", 10);
    CHECK(mean_error(read_gif(folder / "clip.gif"), frames) == 0);
  }
}

TEST_CASE("equal frames give equal bytes, and one frame is a GIF too") {
  const test::TempFolder folder;
  const Frames frames = photo_like(1, 40, 40);
  frames_to_gif(frames, folder / "a.gif", 10);
  frames_to_gif(frames, folder / "b.gif", 10);
  CHECK(test::read_text(folder / "a.gif") == test::read_text(folder / "b.gif"));
  CHECK(read_gif(folder / "a.gif").delays_cs == std::vector<int>{10});
}

TEST_CASE("frames faster than GIFs can be are thinned, so that the length stays") {
  const test::TempFolder folder;
  frames_to_gif(photo_like(30, 8, 8), folder / "fast.gif", 100);
  CHECK(read_gif(folder / "fast.gif").delays_cs == std::vector<int>(15, 2));
}

TEST_CASE("what cannot be a GIF is refused, and no file appears") {
  const test::TempFolder folder;
  const Frames good = photo_like(2, 8, 8);
  CHECK_THROWS_AS(frames_to_gif(Frames::from_shape({0, 8, 8, 3}), folder / "x.gif", 10), UsageError);
  CHECK_THROWS_AS(frames_to_gif(Frames::from_shape({1, 8, 8, 4}), folder / "x.gif", 10), UsageError);
  for (const double rate : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()})
    CHECK_THROWS_AS(frames_to_gif(good, folder / "x.gif", rate), UsageError);
  CHECK(std::filesystem::is_empty(folder.path()));
  CHECK_THROWS_AS(frames_to_gif(good, folder / "missing" / "x.gif", 10), FileError);
}
