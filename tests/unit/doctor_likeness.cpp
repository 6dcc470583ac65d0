/// Copies are told from clips that only look alike.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <filesystem>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <rcar/core/random.hpp>
#include <rcar/doctor/likeness.hpp>
#include <string>
#include <vector>

#include "tests/support/clips.hpp"
#include "tools/synthetic_clips.hpp"

using namespace rcar;
using namespace rcar::doctor;
namespace fs = std::filesystem;

namespace {

using Pictures = std::vector<cv::Mat>;

/// Writes frames as Motion JPEG of a quality from 0 to 100.
void encode(const fs::path& path, const Pictures& frames, double quality = 85, double rate = 10) {
  cv::VideoWriter writer(path.string(), cv::CAP_OPENCV_MJPEG, cv::VideoWriter::fourcc('M', 'J', 'P', 'G'), rate,
                         frames.front().size());
  REQUIRE(writer.isOpened());
  writer.set(cv::VIDEOWRITER_PROP_QUALITY, quality);
  for (const auto& frame : frames) writer.write(frame);
}

Pictures draw(std::size_t kind, int index, int frames = 40) {
  return synthetic::draw_clip(kind, index, {.frames = frames, .seed = 3});
}

template <class Change>
Pictures changed(Pictures frames, Change change) {
  for (auto& frame : frames) {
    cv::Mat out;
    change(frame, out);
    frame = out;
  }
  return frames;
}

ClipFacts facts_of(const fs::path& path) {
  ClipFacts facts = read_clip_file(path);
  decode_clip(path, facts);
  return facts;
}

LikeClips like(const std::vector<fs::path>& paths) {
  std::vector<ClipFacts> facts;
  for (const auto& path : paths) facts.push_back(facts_of(path));
  return find_like_clips(
      paths, facts, [](auto, auto) { return false; }, ProgressDisplay::off);
}

}  // namespace

TEST_CASE("a clip has as many thumbnails as frames, or half the most and more", "[doctor]") {
  const test::TempFolder folder;
  encode(folder / "a.avi", draw(0, 0, 21));
  for (const std::size_t most : {64, 21, 20, 8, 3, 2}) {
    const DecodedClip clip = decode_thumbnails(folder / "a.avi", 16, most);
    CHECK(clip.frames == 21);
    CHECK(clip.claimed == 21);
    CHECK(clip.width == 160);
    CHECK(clip.height == 120);
    CHECK(clip.codec == "mjpeg");
    CHECK(clip.frames_per_second == Approx(10));
    CHECK(clip.thumbnails.size() == (21 + clip.thumbnails.step - 1) / clip.thumbnails.step);
    CHECK(clip.thumbnails.size() <= most);
    CHECK((clip.thumbnails.step == 1 || clip.thumbnails.size() >= most / 2));
  }
  CHECK_THROWS_AS(decode_thumbnails(folder / "none.avi", 16, 8), VideoError);
  CHECK_THROWS_AS(decode_thumbnails(folder / "a.avi", 1, 8), UsageError);
}

TEST_CASE("thinned thumbnails are those of the frames that they name", "[doctor]") {
  const test::TempFolder folder;
  encode(folder / "a.avi", draw(2, 0, 21));
  const auto all = decode_thumbnails(folder / "a.avi", 16, 64).thumbnails;
  const auto some = decode_thumbnails(folder / "a.avi", 16, 5).thumbnails;
  REQUIRE(some.step > 1);
  for (std::size_t i = 0; i < some.size(); ++i)
    CHECK(std::equal(some.picture(i), some.picture(i) + 256, all.picture(i * some.step)));
}

TEST_CASE("the coarse distance of signatures is never more than the fine one, which is 0 of a clip to itself",
          "[doctor]") {
  Random random(5);
  std::vector<Signature> signatures;
  for (int i = 0; i < 12; ++i) {
    std::vector<std::uint8_t> pixels(Signature::size);
    const float base = random.uniform(0, 255), spread = random.uniform(0, 90);
    for (auto& pixel : pixels)
      pixel = static_cast<std::uint8_t>(std::clamp(base + spread * random.uniform(-1, 1), 0.0f, 255.0f));
    signatures.emplace_back(pixels);
  }
  for (const auto& a : signatures) {
    CHECK(distance(a, a) == Approx(0).margin(1e-6));
    for (const auto& b : signatures) {
      CHECK(least_distance(a, b) <= distance(a, b) + 1e-9);
      CHECK(distance(a, b) == Approx(distance(b, a)));
    }
  }
  CHECK_THROWS_AS(Signature(std::vector<std::uint8_t>(7)), DataError);
}

TEST_CASE("a copy is found whatever its quality, size, rate, brightness and length", "[doctor]") {
  const test::TempFolder folder;
  for (const std::size_t kind : {0, 3}) {
    const Pictures frames = draw(kind, 1, 48);
    encode(folder / "original.avi", frames);
    encode(folder / "poor.avi", frames, 25);
    encode(folder / "small.avi", changed(frames, [](auto& in, auto& out) {
             cv::resize(in, out, {96, 96}, 0, 0, cv::INTER_AREA);
           }));
    encode(folder / "bright.avi", changed(frames, [](auto& in, auto& out) { in.convertTo(out, -1, 0.85, 20); }));
    Pictures slower;
    for (std::size_t i = 0; i < frames.size(); i += 2) slower.push_back(frames[i]);
    encode(folder / "half_the_rate.avi", slower, 60, 5);
    encode(folder / "cut.avi", Pictures(frames.begin() + 3, frames.end() - 2), 60);
    for (const char* copy : {"poor.avi", "small.avi", "bright.avi", "half_the_rate.avi", "cut.avi"}) {
      INFO(kind << " " << copy);
      const auto found = like({folder / "original.avi", folder / copy});
      CHECK(found.duplicates == std::vector<std::vector<std::size_t>>{{0, 1}});
      CHECK(found.look_alikes.empty());
    }
  }
}

TEST_CASE("clips that are drawn alike, or played backward, are no copies", "[doctor]") {
  const test::TempFolder folder;
  std::vector<fs::path> paths;
  for (std::size_t kind = 0; kind < synthetic::classes.size(); ++kind)
    for (int index = 0; index < 3; ++index) {
      paths.push_back(folder / (std::to_string(kind) + "_" + std::to_string(index) + ".avi"));
      Pictures frames = draw(kind, index, 24);
      encode(paths.back(), frames);
      paths.push_back(folder / (std::to_string(kind) + "_" + std::to_string(index) + "_backward.avi"));
      std::reverse(frames.begin(), frames.end());
      encode(paths.back(), frames);
    }
  CHECK(like(paths).duplicates.empty());
}

TEST_CASE("equal files are duplicates, and all copies of a clip are one set, in any order", "[doctor]") {
  const test::TempFolder folder;
  encode(folder / "a.avi", draw(0, 0));
  encode(folder / "b.avi", draw(0, 0), 40);
  fs::copy_file(folder / "a.avi", folder / "c.avi");
  encode(folder / "d.avi", draw(0, 5));
  fs::copy_file(folder / "d.avi", folder / "e.avi");
  encode(folder / "f.avi", draw(4, 9));
  std::vector<std::string> names{"a.avi", "b.avi", "c.avi", "d.avi", "e.avi", "f.avi"};
  do {
    std::vector<fs::path> paths;
    for (const auto& name : names) paths.push_back(folder / name);
    std::set<std::set<std::string>> sets;
    for (const auto& set : like(paths).duplicates) {
      std::set<std::string> members;
      for (const std::size_t clip : set) members.insert(names[clip]);
      sets.insert(members);
    }
    CHECK(sets == std::set<std::set<std::string>>{{"a.avi", "b.avi", "c.avi"}, {"d.avi", "e.avi"}});
    std::rotate(names.begin(), names.begin() + 1, names.end());
  } while (names.front() != "a.avi");
}

TEST_CASE("clips of one scene look alike unless it is known", "[doctor]") {
  const test::TempFolder folder;
  // The same ground; another part of it changes.
  for (const int x : {20, 110}) {
    Pictures frames;
    for (int i = 0; i < 30; ++i) {
      cv::Mat frame(120, 160, CV_8UC3, cv::Scalar(90, 120, 60));
      cv::rectangle(frame, {0, 70, 160, 50}, cv::Scalar(30, 60, 160), cv::FILLED);
      cv::rectangle(frame, {60, 10, 40, 40}, cv::Scalar(200, 220, 240), cv::FILLED);
      cv::circle(frame, {x + i % 15, 90 - i % 7}, 5, cv::Scalar(100, 100, 150), cv::FILLED);
      frames.push_back(frame);
    }
    encode(folder / (std::to_string(x) + ".avi"), frames);
  }
  const std::vector<fs::path> paths{folder / "20.avi", folder / "110.avi"};
  CHECK(like(paths).duplicates.empty());
  CHECK(like(paths).look_alikes == std::vector<std::vector<std::size_t>>{{0, 1}});
  const std::vector<ClipFacts> facts{facts_of(paths[0]), facts_of(paths[1])};
  CHECK(find_like_clips(
            paths, facts, [](auto, auto) { return true; }, ProgressDisplay::off)
            .look_alikes.empty());
}

TEST_CASE("clips that cannot be read have a fault and are like nothing", "[doctor]") {
  const test::TempFolder folder;
  test::write_text(folder / "text.avi", "no video");
  test::write_text(folder / "empty.avi", "");
  const std::vector<fs::path> paths{folder / "text.avi", folder / "text.avi", folder / "empty.avi",
                                    folder / "none.avi"};
  for (const auto& path : paths) CHECK_FALSE(facts_of(path).readable());
  CHECK_THAT(facts_of(folder / "none.avi").fault, Catch::Contains("There is no clip"));
  CHECK_THAT(facts_of(folder / "empty.avi").fault, Catch::Contains("0 bytes"));
  CHECK(like(paths).duplicates.empty());
}
