/// What is drawn into frames, and the videos that are written.

#include <catch2/catch.hpp>
#include <opencv2/imgproc.hpp>
#include <rcar/live/overlay.hpp>
#include <rcar/video/decoder.hpp>
#include <rcar/video/video_writer.hpp>

#include "tests/support/clips.hpp"

using namespace rcar;
namespace fs = std::filesystem;

namespace {

cv::Mat grey(int width, int height, int value = 120) { return {height, width, CV_8UC3, cv::Scalar::all(value)}; }

std::size_t files_in(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), {}));
}

}  // namespace

TEST_CASE("the label stands in a band along the lower edge, the rest of the frame is untouched") {
  live::Overlay overlay;
  cv::Mat frame = grey(320, 240);
  overlay.draw(frame, {"jump", 0.75, live::Overlay::Tone::label});
  const int top = 240 - 240 / 9;
  CHECK(cv::norm(frame.rowRange(0, top), grey(320, top), cv::NORM_INF) == 0);
  CHECK(frame.at<cv::Vec3b>(top + 1, 319) == cv::Vec3b(46, 46, 46));  // translucent
  const cv::Vec3b bar = frame.at<cv::Vec3b>(239, 10);
  CHECK(frame.at<cv::Vec3b>(239, 239) == bar);
  CHECK(frame.at<cv::Vec3b>(239, 241) != bar);
  double darkest = 0, brightest = 0;
  cv::minMaxLoc(frame.rowRange(top, 236).colRange(0, 100).clone().reshape(1), &darkest, &brightest);
  CHECK(brightest > 230);  // letters
  cv::Mat other = grey(320, 240);
  overlay.draw(other, {"wave", 0.75, live::Overlay::Tone::label});
  CHECK(cv::norm(frame, other, cv::NORM_INF) > 100);
  cv::Mat again = grey(320, 240);
  overlay.draw(again, {"jump", 0.75, live::Overlay::Tone::label});
  CHECK(cv::norm(frame, again, cv::NORM_INF) == 0);
}

TEST_CASE("a caption of any length fits any frame, and tiny frames stay as they are") {
  live::Overlay overlay;
  for (const cv::Size size : {cv::Size{40, 40}, {41, 77}, {64, 48}, {640, 40}, {1920, 1080}}) {
    cv::Mat frame = grey(size.width, size.height);
    overlay.draw(frame, {std::string(200, 'W'), 1.5, live::Overlay::Tone::label});
    CHECK(cv::norm(frame, grey(size.width, size.height), cv::NORM_INF) > 0);
    overlay.draw(frame, {"\xc3\xbc\n\x01", -1, live::Overlay::Tone::quiet});
  }
  cv::Mat tiny = grey(39, 100);
  overlay.draw(tiny, {"jump", 0.5, live::Overlay::Tone::label});
  CHECK(cv::norm(tiny, grey(39, 100), cv::NORM_INF) == 0);
}

TEST_CASE("a written video holds its frames at their times, whatever their size") {
  const test::TempFolder folder;
  for (const char* name : {"video.mp4", "video.mkv", "video.avi", "endless.mp4"}) {
    INFO(name);
    const auto form = name[0] == 'e' ? VideoForm::endless : VideoForm::whole;
    VideoWriter writer(folder / name, 25, form);
    for (int i = 0; i < 30; ++i) writer.add(grey(75, 41, 40 + 6 * i), 3 + i / 25.0);
    CHECK(writer.finish());
    Decoder decoder(folder / name);
    int frames = 0;
    double first = 0;
    for (cv::Mat frame; decoder.grab() && decoder.retrieve(frame); ++frames) {
      CHECK(frame.size() == cv::Size(76, 42));
      CHECK(cv::mean(frame)[1] == Approx(40 + 6 * frames).margin(6));
      REQUIRE(decoder.time_s());
      if (frames == 0) first = *decoder.time_s();
      CHECK(*decoder.time_s() - first == Approx(frames / 25.0).margin(0.002));
    }
    CHECK(frames == 30);
  }
}

TEST_CASE("frames of another size, and times that stand still, do not end a video") {
  const test::TempFolder folder;
  VideoWriter writer(folder / "video.mp4", 25);
  for (int i = 0; i < 10; ++i) writer.add(grey(i < 5 ? 64 : 128, 48), i < 3 ? 0 : i);
  CHECK(writer.finish());
  Decoder decoder(folder / "video.mp4");
  int frames = 0;
  for (cv::Mat frame; decoder.grab() && decoder.retrieve(frame); ++frames) CHECK(frame.size() == cv::Size(64, 48));
  CHECK(frames == 10);
}

TEST_CASE("a video that is not finished, or has no frame, leaves nothing") {
  const test::TempFolder folder;
  {
    VideoWriter writer(folder / "broken.mp4", 25);
    writer.add(grey(64, 48), 0);
  }
  {
    VideoWriter writer(folder / "empty.mp4", 25);
    CHECK_FALSE(writer.finish());
  }
  CHECK_THROWS_AS(VideoWriter(folder / "video.txt", 25), UsageError);
  CHECK_THROWS_AS(VideoWriter(folder / "absent" / "video.mp4", 25), FileError);
  CHECK(files_in(folder.path()) == 0);
}

TEST_CASE("a disk that is full is a file error, and nothing is left") {
  if (!fs::exists("/dev/full")) return;
  CHECK_THROWS_AS(VideoWriter("/dev/full", 25), Error);
}
