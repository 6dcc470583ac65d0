#pragma once
/// Animated GIFs that browsers play: true colours, the right speed, for ever. Only this header knows giflib.

#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "../core/error.hpp"
#include "../core/file.hpp"
#include "../core/tensor.hpp"
#include "../core/threads.hpp"
#include "palette.hpp"

namespace rcar {

/// A frame of an animation and how long it shows, in GIF's unit of 1/100 s.
struct ScheduledFrame {
  std::size_t frame;
  int delay_cs;
  bool operator==(const ScheduledFrame&) const = default;
};

/// Times the frames in whole centiseconds so that each starts within half a centisecond of its true time: at 30
/// frames/s the delays are 3, 4, 3, 3, 4, 3 ... Browsers play delays below 2 cs at a tenth of the speed, so above 50
/// frames/s the frames that would start sooner are left out, and the animation's length stays right.
inline std::vector<ScheduledFrame> schedule_frames(std::size_t count, double frames_per_second) {
  const auto start_cs = [=](std::size_t frame) {
    return std::llround(static_cast<double>(frame) * 100.0 / frames_per_second);
  };
  std::vector<ScheduledFrame> schedule;
  long long shown_since = 0;
  const auto show_until = [&](long long time) {
    if (!schedule.empty()) schedule.back().delay_cs = static_cast<int>(std::clamp(time - shown_since, 2LL, 65535LL));
  };
  for (std::size_t frame = 0; frame < count; ++frame) {
    if (!schedule.empty() && start_cs(frame) - shown_since < 2) continue;
    show_until(start_cs(frame));
    shown_since = start_cs(frame);
    schedule.push_back({frame, 0});
  }
  show_until(start_cs(count));
  return schedule;
}

namespace detail {

/// giflib's state, writing into a string; whatever it refuses becomes a FileError.
class GifWriter {
 public:
  GifWriter(std::filesystem::path path, int width, int height) : path_(std::move(path)) {
    int error = 0;
    gif_.reset(EGifOpen(&bytes_, append, &error));
    if (!gif_) fail(error);
    EGifSetGifVersion(gif_.get(), true);  // 89a, which has delays
    check(EGifPutScreenDesc(gif_.get(), width, height, 8, 0, nullptr));
    // The extension that all browsers know: play again, 0 = without end.
    constexpr char application[] = "NETSCAPE2.0";
    constexpr std::array<GifByteType, 3> loop{1, 0, 0};
    check(EGifPutExtensionLeader(gif_.get(), APPLICATION_EXT_FUNC_CODE));
    check(EGifPutExtensionBlock(gif_.get(), 11, application));
    check(EGifPutExtensionBlock(gif_.get(), static_cast<int>(loop.size()), loop.data()));
    check(EGifPutExtensionTrailer(gif_.get()));
  }

  void add(std::vector<std::uint8_t>& indices, const std::vector<Color>& palette, int delay_cs) {
    const int width = gif_->SWidth, height = gif_->SHeight;
    GraphicsControlBlock control{DISPOSE_DO_NOT, false, delay_cs, NO_TRANSPARENT_COLOR};
    std::array<GifByteType, 4> extension;
    EGifGCBToExtension(&control, extension.data());
    check(EGifPutExtension(gif_.get(), GRAPHICS_EXT_FUNC_CODE, 4, extension.data()));
    const int entries = std::max(2, 1 << GifBitSize(static_cast<int>(palette.size())));
    std::array<GifColorType, 256> colors{};
    for (std::size_t i = 0; i < palette.size(); ++i) colors[i] = {palette[i][0], palette[i][1], palette[i][2]};
    const std::unique_ptr<ColorMapObject, void (*)(ColorMapObject*)> map(GifMakeMapObject(entries, colors.data()),
                                                                         GifFreeMapObject);
    if (!map) fail(E_GIF_ERR_NOT_ENOUGH_MEM);
    check(EGifPutImageDesc(gif_.get(), 0, 0, width, height, false, map.get()));
    for (int y = 0; y < height; ++y)
      check(EGifPutLine(gif_.get(), indices.data() + static_cast<std::ptrdiff_t>(y) * width, width));
  }

  const std::string& finish() {
    int error = 0;
    if (EGifCloseFile(gif_.release(), &error) != GIF_OK) fail(error);
    return bytes_;
  }

 private:
  struct Close {
    void operator()(GifFileType* gif) const { EGifCloseFile(gif, nullptr); }
  };

  static int append(GifFileType* gif, const GifByteType* bytes, int count) noexcept {
    try {
      static_cast<std::string*>(gif->UserData)
          ->append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(count));
      return count;
    } catch (...) {
      return 0;  // no exception may pass through C; giflib reports a failed write
    }
  }

  void check(int result) const {
    if (result != GIF_OK) fail(gif_->Error);
  }
  [[noreturn]] void fail(int error) const {
    const char* reason = GifErrorString(error);
    throw FileError("Cannot make the GIF " + quoted(path_.string()) + ": " + (reason ? reason : "giflib failed") +
                    "; use fewer or smaller frames.");
  }

  std::filesystem::path path_;
  std::string bytes_;
  std::unique_ptr<GifFileType, Close> gif_;
};

}  // namespace detail

/// Writes frames as an animated GIF that loops for ever. Every frame has its own 256 colours (make_palette), so photos
/// keep theirs; a frame of at most 256 colours is kept exactly.
///
/// frames             (T, H, W, 3) uint8 RGB, T >= 1, H and W up to 65535
/// frames_per_second  the speed, met on average to the centisecond (schedule_frames)
/// dithering          `floyd_steinberg` for drawings with soft gradients, at 1.4 to 2 times the bytes
///
/// Throws UsageError when there is no frame, a frame has another form, or the speed is not above zero; FileError when
/// the file cannot be written. The file appears whole or not at all.
///
///     frames_to_gif(process_video("clip.avi", 20, 224), "clip.gif", 25);
inline void frames_to_gif(const Frames& frames, const std::filesystem::path& path, double frames_per_second,
                          Dithering dithering = Dithering::none) {
  const std::size_t count = frames.shape(0), height = frames.shape(1), width = frames.shape(2);
  const std::string where = " for the GIF " + quoted(path.string());
  if (frames.size() == 0) throw UsageError("There is no frame" + where + "; pass at least one.");
  if (frames.shape(3) != 3)
    throw UsageError("The frames have " + std::to_string(frames.shape(3)) + " channels" + where +
                     "; pass RGB frames (T, H, W, 3).");
  if (height > 65535 || width > 65535)
    throw UsageError("The frames are larger than 65535 pixels" + where + "; resize them.");
  if (!std::isfinite(frames_per_second) || frames_per_second <= 0)
    throw UsageError("The speed is " + std::to_string(frames_per_second) + " frames/s" + where +
                     "; pass a number above zero.");

  detail::GifWriter gif(path, static_cast<int>(width), static_cast<int>(height));
  const auto schedule = schedule_frames(count, frames_per_second);
  struct Picture {
    std::vector<Color> palette;
    std::vector<std::uint8_t> indices;
  };
  // In blocks, so that a long animation's pictures are not all in memory beside its frames.
  std::vector<Picture> block(std::min<std::size_t>(schedule.size(), 4 * thread_count()));
  for (std::size_t begin = 0; begin < schedule.size(); begin += block.size()) {
    const std::size_t pictures = std::min(block.size(), schedule.size() - begin);
    parallel_for(pictures, [&](std::size_t i, std::size_t) {
      const std::span rgb(frames.data() + schedule[begin + i].frame * height * width * 3, height * width * 3);
      block[i].palette = make_palette(rgb);
      block[i].indices = map_to_palette(rgb, width, block[i].palette, dithering);
    });
    for (std::size_t i = 0; i < pictures; ++i)
      gif.add(block[i].indices, block[i].palette, schedule[begin + i].delay_cs);
  }
  write_file(path, gif.finish());
}

}  // namespace rcar
