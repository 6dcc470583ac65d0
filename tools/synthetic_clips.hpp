#pragma once
/// The project's own labelled clips: drawn scenes in which only the order of events tells the classes of a pair apart.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <rcar/core/error.hpp>
#include <rcar/core/random.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace rcar::synthetic {

/// What happens while the phase of a clip goes from 0 to 1.
enum class Event { size, shape, texture };

/// The phase runs forward or backward.
enum class Direction { forward, backward };

struct ClipClass {
  std::string_view name;
  Event event;
  Direction direction;
};

/// Classes in pairs: the second shows the first one's event backward. A clip of either is drawn from the same
/// distribution of scenes and then played in its direction, so the frames of the two, taken without their order, are
/// equally distributed, and a head that ignores order guesses at best which of the two it sees.
inline constexpr std::array<ClipClass, 6> classes{{
    {"Growing", Event::size, Direction::forward},
    {"Shrinking", Event::size, Direction::backward},
    {"CircleThenSquare", Event::shape, Direction::forward},
    {"SquareThenCircle", Event::shape, Direction::backward},
    {"StripesThenDots", Event::texture, Direction::forward},
    {"DotsThenStripes", Event::texture, Direction::backward},
}};

/// Clips of one group share their background, as UCF101's groups share their place.
inline constexpr int clips_per_group = 3;

struct ClipOptions {
  int width = 160, height = 120;  // pixels
  int frames = 20;
  double frames_per_second = 10;
  std::uint64_t seed = 0;
};

/// "v_Growing_g02_c01.avi" for the fourth clip: the names of UCF101.
inline std::string clip_name(const ClipClass& kind, int index) {
  char ending[32];
  std::snprintf(ending, sizeof ending, "_g%02d_c%02d.avi", index / clips_per_group + 1, index % clips_per_group + 1);
  return "v_" + std::string(kind.name) + ending;
}

/// Everything about a clip but its direction. Lengths are in units of the frame's shorter side, from its centre.
struct Scene {
  Event event = Event::size;
  std::uint64_t background_seed = 0, noise_seed = 0;
  std::array<cv::Scalar, 2> background;  // BGR, blended by a soft pattern
  cv::Scalar object;                     // BGR
  float x = 0, y = 0;                    // centre of the object
  float size = 0;                        // half its extent
  float angle = 0;                       // radians, of squares
  bool square = false;
  float start = 0, end = 1;  // part of the clip during which the phase moves
  float change = 0.5f;       // phase at which shape or texture changes
  float period = 0.2f;       // of the texture
};

namespace detail {

/// A random colour of a given lightness (0..255): a hue with some white in it, scaled.
inline cv::Scalar color_of_lightness(Random& random, float lightness) {
  std::array<float, 3> channels{random.uniform(0.15f, 1), random.uniform(0.15f, 1), random.uniform(0.15f, 1)};
  const float luma = 0.114f * channels[0] + 0.587f * channels[1] + 0.299f * channels[2];
  for (float& channel : channels) channel = std::min(255.0f, channel * lightness / luma);
  return {channels[0], channels[1], channels[2]};
}

/// A soft pattern from 0 to 1: a few random values, blown up.
inline cv::Mat soft_pattern(std::uint64_t seed, cv::Size size) {
  Random random(seed, 3);
  cv::Mat coarse(5, 7, CV_32F), pattern;
  for (int y = 0; y < coarse.rows; ++y)
    for (int x = 0; x < coarse.cols; ++x) coarse.at<float>(y, x) = random.uniform();
  cv::resize(coarse, pattern, size, 0, 0, cv::INTER_LINEAR);
  return pattern;
}

/// Where stripes or dots cover the frame, 0..255 with soft edges.
inline cv::Mat texture(const Scene& scene, bool stripes, float cx, float cy, float unit, cv::Size extent) {
  cv::Mat coverage(extent, CV_8U);
  const float turn = scene.angle * 4, scale = 2 * std::numbers::pi_v<float> / (scene.period * unit);
  for (int row = 0; row < extent.height; ++row) {
    for (int column = 0; column < extent.width; ++column) {
      const float dx = (static_cast<float>(column) - cx) * scale, dy = (static_cast<float>(row) - cy) * scale;
      const float across = std::cos(dx * std::cos(turn) + dy * std::sin(turn));
      const float along = std::cos(dy * std::cos(turn) - dx * std::sin(turn));
      const float wave = stripes ? across : across + along - 0.6f;
      coverage.at<std::uint8_t>(row, column) = cv::saturate_cast<std::uint8_t>(127.5f + 400 * wave);
    }
  }
  return coverage;
}

}  // namespace detail

/// The scene of clip `index` of a class: all that varies but the direction, drawn from the seed. The distribution does
/// not depend on the direction; the background depends on the group only.
inline Scene draw_scene(std::size_t class_index, int index, std::uint64_t seed) {
  const auto group = static_cast<std::uint64_t>(index / clips_per_group);
  Scene scene;
  scene.event = classes[class_index].event;
  Random place(seed, 2 * group + 1);
  scene.background_seed = place.bits();
  const bool light_background = place.below(2) == 1;
  for (auto& color : scene.background)
    color = detail::color_of_lightness(place, light_background ? place.uniform(150, 210) : place.uniform(45, 95));

  Random random(seed, 2 * (class_index * 100'000 + static_cast<std::uint64_t>(index)) + 2);
  scene.noise_seed = random.bits();
  scene.object =
      detail::color_of_lightness(random, light_background ? random.uniform(30, 80) : random.uniform(170, 240));
  scene.x = random.uniform(-0.12f, 0.12f);
  scene.y = random.uniform(-0.12f, 0.12f);
  scene.size = random.uniform(0.22f, 0.34f);
  scene.angle = random.uniform(-0.2f, 0.2f);
  scene.square = random.below(2) == 1;
  scene.start = random.uniform(0, 0.15f);
  scene.end = 1 - random.uniform(0, 0.15f);
  scene.change = random.uniform(0.35f, 0.65f);
  scene.period = random.uniform(0.14f, 0.24f);
  return scene;
}

/// How far the event is at a frame, 0 to 1. Backward is forward with the frames in reverse order.
inline float phase(const Scene& scene, Direction direction, int frame, int frames) {
  const int step = direction == Direction::forward ? frame : frames - 1 - frame;
  const float time = frames > 1 ? static_cast<float>(step) / static_cast<float>(frames - 1) : 0.0f;
  return std::clamp((time - scene.start) / (scene.end - scene.start), 0.0f, 1.0f);
}

/// One BGR picture of a scene; `noise` is drawn anew for every frame.
inline cv::Mat render(const Scene& scene, float phase, const ClipOptions& options, Random& noise) {
  const cv::Size extent(options.width, options.height);
  const cv::Mat pattern = detail::soft_pattern(scene.background_seed, extent);
  float size = scene.size;
  bool square = scene.square;
  if (scene.event == Event::size) size = 0.06f + 0.36f * phase;
  if (scene.event == Event::shape) square = phase >= scene.change;

  // The object as coverage 0..255 with smooth edges, drawn in sixteenths of a pixel.
  constexpr int shift = 4;
  const float unit = static_cast<float>(std::min(extent.width, extent.height));
  const auto fixed = [](float pixels) { return static_cast<int>(std::lround(pixels * (1 << shift))); };
  const float cx = static_cast<float>(extent.width) / 2 + scene.x * unit,
              cy = static_cast<float>(extent.height) / 2 + scene.y * unit;
  cv::Mat coverage(extent, CV_8U, cv::Scalar(0));
  if (scene.event == Event::texture) {
    coverage = detail::texture(scene, phase < scene.change, cx, cy, unit, extent);
  } else if (square) {
    std::vector<cv::Point> corners;
    for (int corner = 0; corner < 4; ++corner) {
      const float turn = scene.angle + std::numbers::pi_v<float> * (0.25f + 0.5f * static_cast<float>(corner));
      const float reach = size * unit * 1.25f;  // about a circle's area
      corners.emplace_back(fixed(cx + reach * std::cos(turn)), fixed(cy + reach * std::sin(turn)));
    }
    cv::fillConvexPoly(coverage, corners, cv::Scalar(255), cv::LINE_AA, shift);
  } else {
    cv::circle(coverage, {fixed(cx), fixed(cy)}, fixed(size * unit), cv::Scalar(255), cv::FILLED, cv::LINE_AA, shift);
  }

  cv::Mat picture(extent, CV_8UC3);
  for (int row = 0; row < extent.height; ++row) {
    for (int column = 0; column < extent.width; ++column) {
      const float blend = pattern.at<float>(row, column);
      const float covered = static_cast<float>(coverage.at<std::uint8_t>(row, column)) / 255;
      const float grain = noise.uniform(-5, 5);
      auto& pixel = picture.at<cv::Vec3b>(row, column);
      for (int c = 0; c < 3; ++c) {
        const auto back = static_cast<float>(scene.background[0][c]) * blend +
                          static_cast<float>(scene.background[1][c]) * (1 - blend);
        const float color = back * (1 - covered) + static_cast<float>(scene.object[c]) * covered;
        pixel[c] = cv::saturate_cast<std::uint8_t>(color + grain);
      }
    }
  }
  return picture;
}

/// All frames of clip `index` of a class.
inline std::vector<cv::Mat> draw_clip(std::size_t class_index, int index, const ClipOptions& options) {
  const Scene scene = draw_scene(class_index, index, options.seed);
  Random noise(scene.noise_seed);
  std::vector<cv::Mat> frames;
  for (int frame = 0; frame < options.frames; ++frame)
    frames.push_back(
        render(scene, phase(scene, classes[class_index].direction, frame, options.frames), options, noise));
  return frames;
}

/// Writes frames as a Motion JPEG AVI, aside and renamed. The same frames give the same bytes.
/// Throws FileError when the file cannot be written whole (OpenCV says nothing of a full disk, so it is read back).
inline void write_clip(const std::vector<cv::Mat>& frames, double frames_per_second,
                       const std::filesystem::path& path) {
  const std::filesystem::path aside = path.parent_path() / (".partial_" + path.filename().string());
  std::size_t readable = 0;
  {
    cv::VideoWriter writer(aside.string(), cv::CAP_OPENCV_MJPEG, cv::VideoWriter::fourcc('M', 'J', 'P', 'G'),
                           frames_per_second, frames.front().size());
    if (writer.isOpened()) {
      writer.set(cv::VIDEOWRITER_PROP_QUALITY, 85);
      for (const auto& frame : frames) writer.write(frame);
    }
  }
  for (cv::VideoCapture reader(aside.string(), cv::CAP_OPENCV_MJPEG); reader.isOpened() && reader.grab();) ++readable;
  std::error_code failure;
  if (readable == frames.size()) std::filesystem::rename(aside, path, failure);
  if (readable != frames.size() || failure) {
    std::filesystem::remove(aside, failure);
    throw FileError("Cannot write the clip " + quoted(path.string()) +
                    "; check that the folder exists, is writable and has room.");
  }
}

}  // namespace rcar::synthetic
