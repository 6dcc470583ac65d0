/// The decoder against cv2.VideoCapture, whose frames the Keras pipeline sees.

#include <array>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <rcar/core/random.hpp>
#include <rcar/video/process_video.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/clips.hpp"
#include "tests/support/skip.hpp"

using namespace rcar;
namespace fs = std::filesystem;

namespace {

/// A square that moves over a gradient, so that a picture depends on the one before it.
cv::Mat moving_picture(cv::Size size, int frame) {
  cv::Mat picture(size, CV_8UC3);
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x)
      picture.at<cv::Vec3b>(y, x) = {static_cast<std::uint8_t>(x * 5 + frame), static_cast<std::uint8_t>(y * 3 - frame),
                                     static_cast<std::uint8_t>(x + y * 2)};
  cv::circle(picture, {(frame * 3 + 10) % size.width, size.height / 2}, 9, cv::Scalar(30, 240, 90), cv::FILLED);
  return picture;
}

/// Writes such a clip by FFmpeg; false where OpenCV comes without that encoder.
bool write_moving_clip(const fs::path& path, const char (&codec)[5], cv::Size size, int frames) {
  cv::VideoWriter writer(path.string(), cv::CAP_FFMPEG, cv::VideoWriter::fourcc(codec[0], codec[1], codec[2], codec[3]),
                         25, size);
  for (int i = 0; writer.isOpened() && i < frames; ++i) writer.write(moving_picture(size, i));
  return writer.isOpened();
}

/// Compares every frame, its centre square, and what the container says.
void check_like_video_capture(const fs::path& path) {
  cv::VideoCapture capture(path.string(), cv::CAP_FFMPEG);
  REQUIRE(capture.isOpened());
  Decoder decoder(path);
  CHECK(decoder.frames_per_second() == capture.get(cv::CAP_PROP_FPS));
  CHECK(static_cast<double>(decoder.claimed_frame_count()) == capture.get(cv::CAP_PROP_FRAME_COUNT));
  std::size_t different = 0, frames = 0;
  for (cv::Mat expected, whole; capture.read(expected); ++frames) {
    REQUIRE(decoder.grab());
    Picture square;
    REQUIRE(decoder.retrieve(whole));
    REQUIRE(whole.size() == expected.size());
    different += cv::norm(whole, expected, cv::NORM_INF) != 0;
    REQUIRE(decoder.retrieve_square(square));
    std::vector<std::uint8_t> rgb(24 * 24 * 3), expected_rgb(rgb.size());
    resize_square(square, 24, rgb.data());
    crop_and_resize(expected, 24, expected_rgb.data());
    different += rgb != expected_rgb;
  }
  CHECK(different == 0);
  CHECK(frames > 0);
  CHECK_FALSE(decoder.grab());
}

/// Checks that `uniform`, which leaves frames undecoded, takes what decoding the whole clip gives.
void check_uniform(const fs::path& path, std::size_t steps) {
  constexpr std::size_t side = 24, bytes = side * side * 3;
  Frames all, sampled;
  try {
    all = process_video(path, 0, side);
  } catch (const VideoError&) {
    CHECK_THROWS_AS(sample_video(path, Sampler::uniform, steps, side), VideoError);
    return;
  }
  sampled = sample_video(path, Sampler::uniform, steps, side);
  const std::size_t frames = all.shape(0);
  REQUIRE(sampled.shape(0) == sampled_count(frames, steps));
  for (std::size_t i = 0; i < sampled.shape(0); ++i)
    CHECK(std::memcmp(sampled.data() + i * bytes, all.data() + uniform_index(i, frames, steps) * bytes, bytes) == 0);
}

}  // namespace

TEST_CASE("frames are those of VideoCapture to the bit, of any size and codec") {
  const test::TempFolder folder;
  for (const cv::Size size : {cv::Size{64, 48}, {320, 240}, {75, 41}, {41, 75}, {98, 62}, {62, 98}, {178, 100}}) {
    INFO(size.width << " x " << size.height);
    test::write_clip(folder / "motion_jpeg.avi", 3, 2, size);
    check_like_video_capture(folder / "motion_jpeg.avi");
    const cv::Size even(size.width & ~1, size.height & ~1);
    for (const auto& [name, codec] :
         {std::pair{"mpeg4.avi", "XVID"}, {"mpeg4.mp4", "mp4v"}, {"lossless.avi", "FFV1"}}) {
      const char code[5] = {codec[0], codec[1], codec[2], codec[3], 0};
      if (write_moving_clip(folder / name, code, even, 30)) check_like_video_capture(folder / name);
    }
  }
}

// Not against VideoCapture: OpenCV 4.6 turns such clips the wrong way.
TEST_CASE("a clip that its container turns is decoded upright") {
  const test::TempFolder folder;
  if (!write_moving_clip(folder / "clip.mp4", "mp4v", {80, 62}, 4)) return test::skip("OpenCV writes no MPEG-4 here");
  const std::string bytes = test::read_text(folder / "clip.mp4");
  const auto track = bytes.find("tkhd");
  REQUIRE(track != std::string::npos);
  constexpr std::int32_t one = 1 << 16;
  struct Turn {
    std::int32_t a, b, c, d;
    cv::RotateFlags flag;
  };
  for (const auto& [a, b, c, d, flag] : {Turn{0, one, -one, 0, cv::ROTATE_90_CLOCKWISE},
                                         {-one, 0, 0, -one, cv::ROTATE_180},
                                         {0, -one, one, 0, cv::ROTATE_90_COUNTERCLOCKWISE}}) {
    std::string turned = bytes;
    const std::int32_t matrix[] = {a, b, 0, c, d};
    for (std::size_t i = 0; i < 5; ++i) {  // big-endian, after version, flags, times, track, duration, layer, volume
      const std::uint32_t big = __builtin_bswap32(static_cast<std::uint32_t>(matrix[i]));
      std::memcpy(turned.data() + track + 44 + 4 * i, &big, 4);
    }
    test::write_text(folder / "turned.mp4", turned);
    Decoder plain(folder / "clip.mp4"), upright(folder / "turned.mp4");
    for (cv::Mat frame, expected, got; plain.grab() && plain.retrieve(frame);) {
      REQUIRE(upright.grab());
      REQUIRE(upright.retrieve(got));
      cv::rotate(frame, expected, flag);
      REQUIRE(got.size() == expected.size());
      CHECK(cv::norm(got, expected, cv::NORM_INF) == 0);
      Picture square;
      REQUIRE(upright.retrieve_square(square));
      CHECK(square.pixels.size() == cv::Size(62, 62));
    }
  }
}

TEST_CASE("frames left undecoded change nothing, in whole clips and in damaged ones") {
  const test::TempFolder folder;
  if (!write_moving_clip(folder / "clip.avi", "XVID", {96, 80}, 90)) return test::skip("OpenCV writes no MPEG-4 here");
  for (const std::size_t steps : {1, 2, 3, 5, 7, 20, 89, 100}) check_uniform(folder / "clip.avi", steps);
  const std::string bytes = test::read_text(folder / "clip.avi");
  Random random(3);
  const auto below = [&](std::size_t end) { return static_cast<std::size_t>(random.below(end)); };
  for (int trial = 0; trial < 60; ++trial) {
    INFO("trial " << trial);
    std::string damaged = bytes;
    if (trial % 3 == 0)  // anywhere in the data
      for (int i = 0; i < 6; ++i) damaged[4000 + below(bytes.size() - 4000)] ^= static_cast<char>(1 << below(8));
    std::vector<std::size_t> heads;  // of pictures
    for (auto at = bytes.find("\0\0\1\xb6", 0, 4); at != std::string::npos; at = bytes.find("\0\0\1\xb6", at + 4, 4))
      heads.push_back(at);
    REQUIRE(heads.size() >= 60);
    if (trial % 3 == 1)
      for (int i = 0; i < 3; ++i)
        damaged[heads[below(heads.size())] + 3 + below(6)] ^= static_cast<char>(1 << below(8));
    if (trial % 3 == 2) damaged.resize(4000 + below(bytes.size() - 4000));
    test::write_text(folder / "damaged.avi", damaged);
    check_uniform(folder / "damaged.avi", 6);
  }
}

TEST_CASE("the head of an MPEG-4 picture is read, and what is unclear is called so") {
  // start code, type, no whole second, marker, 5 bits of time, marker, coded
  const auto head = [](std::string bits) {
    bits.resize(64, '0');
    std::vector<std::uint8_t> bytes{0, 0, 1, 0xb6};
    for (std::size_t i = 0; i < bits.size(); i += 8)
      bytes.push_back(static_cast<std::uint8_t>(std::stoi(bits.substr(i, 8), nullptr, 2)));
    return mpeg4::kind(bytes, 25);
  };
  CHECK(head("00"
             "0"
             "1"
             "00011"
             "1"
             "1") == mpeg4::Kind::key);
  CHECK(head("01"
             "0"
             "1"
             "00011"
             "1"
             "1") == mpeg4::Kind::between);
  CHECK(head("01"
             "110"
             "1"
             "00011"
             "1"
             "1") == mpeg4::Kind::between);
  CHECK(head("10"
             "0"
             "1"
             "00011"
             "1"
             "1") == mpeg4::Kind::unsure);  // both ways
  CHECK(head("11"
             "0"
             "1"
             "00011"
             "1"
             "1") == mpeg4::Kind::unsure);  // a sprite
  CHECK(head("01"
             "0"
             "1"
             "00011"
             "1"
             "0") == mpeg4::Kind::unsure);  // not coded
  CHECK(head("01"
             "0"
             "0"
             "00011"
             "1"
             "1") == mpeg4::Kind::unsure);  // a marker that is none
  CHECK(head("01"
             "0"
             "1"
             "00011"
             "0"
             "1") == mpeg4::Kind::unsure);
  const std::uint8_t other[12] = {0, 0, 1, 0xb0};
  CHECK(mpeg4::kind(other, 25) == mpeg4::Kind::unsure);
  CHECK(mpeg4::kind({}, 25) == mpeg4::Kind::unsure);
  CHECK(mpeg4::kind(other, 0) == mpeg4::Kind::unsure);
}
