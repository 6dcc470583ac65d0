/// Decoding of the real UCF101 clips.

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <map>
#include <opencv2/core.hpp>
#include <opencv2/videoio.hpp>
#include <rcar/core/threads.hpp>
#include <rcar/video/process_video.hpp>
#include <string>
#include <vector>

#include "tests/support/shared_data.hpp"

using namespace rcar;
namespace fs = std::filesystem;

namespace {

std::vector<fs::path> real_clips(const fs::path& shared, std::size_t step) {
  std::vector<fs::path> clips, some;
  for (const auto& entry : fs::recursive_directory_iterator(shared / "data/UCF-101"))
    if (entry.path().extension() == ".avi") clips.push_back(entry.path());
  std::sort(clips.begin(), clips.end());
  for (std::size_t i = 0; i < clips.size(); i += step) some.push_back(clips[i]);
  return some;
}

}  // namespace

TEST_CASE("real clips yield as many frames as cv2 counts, also where the container claims more", "[shared]") {
  const auto shared = test::shared_data();
  if (!shared) return;
  // (frames, claimed) by cv2.VideoCapture.grab of opencv-python
  const std::map<std::string, std::pair<std::size_t, std::size_t>> expected{
      {"Basketball/v_Basketball_g13_c01.avi", {299, 300}}, {"Basketball/v_Basketball_g13_c04.avi", {293, 300}},
      {"Basketball/v_Basketball_g16_c03.avi", {125, 131}}, {"Basketball/v_Basketball_g16_c04.avi", {90, 96}},
      {"Basketball/v_Basketball_g01_c04.avi", {108, 108}},
  };
  for (const auto& [name, counts] : expected) {
    const fs::path path = *shared / "data/UCF-101" / name;
    INFO(name);
    CHECK(Decoder(path).claimed_frame_count() == counts.second);
    CHECK(Decoder(path).frames_per_second() == Approx(25).epsilon(0.21));  // 25 or 29.97
    const Frames all = process_video(path, 0, 24);
    CHECK(all.shape(0) == counts.first);
    const Frames sampled = sample_video(path, Sampler::uniform, 20, 24);
    for (std::size_t i = 0; i < 20; ++i)
      CHECK(std::equal(sampled.data() + i * 24 * 24 * 3, sampled.data() + (i + 1) * 24 * 24 * 3,
                       all.data() + uniform_index(i, counts.first, 20) * 24 * 24 * 3));
  }
}

TEST_CASE("every tenth real clip decodes: `first` is the start of the whole clip, in parallel as alone", "[shared]") {
  const auto shared = test::shared_data();
  if (!shared) return;
  const auto clips = real_clips(*shared, 10);
  REQUIRE(clips.size() >= 30);
  std::vector<Frames> first(clips.size());
  parallel_for(clips.size(),
               [&](std::size_t i, std::size_t) { first[i] = sample_video(clips[i], Sampler::first, 20, 224); });
  for (std::size_t i = 0; i < clips.size(); ++i) {
    INFO(clips[i].filename().string());
    const Frames start = process_video(clips[i], 20, 224);
    CHECK((first[i] == start));
    const auto darkest_brightest = std::minmax_element(start.begin(), start.end());
    CHECK(*darkest_brightest.second - *darkest_brightest.first > 100);  // a picture, not a blank
  }
}

TEST_CASE("every thirtieth real clip: each frame is VideoCapture's, and `uniform` takes what the whole clip gives",
          "[shared]") {
  const auto shared = test::shared_data();
  if (!shared) return;
  for (const fs::path& path : real_clips(*shared, 30)) {
    INFO(path.filename().string());
    cv::VideoCapture capture(path.string(), cv::CAP_FFMPEG);
    Decoder decoder(path);
    std::size_t frames = 0, different = 0;
    for (cv::Mat expected, got; capture.read(expected); ++frames) {
      REQUIRE(decoder.grab());
      REQUIRE(decoder.retrieve(got));
      different += cv::norm(expected, got, cv::NORM_INF) != 0;
    }
    CHECK_FALSE(decoder.grab());
    CHECK(different == 0);
    const Frames all = process_video(path, 0, 48), sampled = sample_video(path, Sampler::uniform, 20, 48);
    REQUIRE(all.shape(0) == frames);
    for (std::size_t i = 0; i < 20; ++i)
      CHECK(std::equal(sampled.data() + i * 48 * 48 * 3, sampled.data() + (i + 1) * 48 * 48 * 3,
                       all.data() + uniform_index(i, frames, 20) * 48 * 48 * 3));
  }
}
