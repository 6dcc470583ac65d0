#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <opencv2/imgproc.hpp>
#include <rcar/live/reader.hpp>
#include <rcar/video/camera.hpp>
#include <rcar/video/process_video.hpp>
#include <rcar/video/video_writer.hpp>
#include <thread>

#include "tests/support/clips.hpp"
#include "tests/support/skip.hpp"

using namespace rcar;
using namespace rcar::live;
namespace fs = std::filesystem;
using std::chrono::milliseconds;

namespace {

std::vector<QueuedFrame> all_of(FrameQueue& queue) {
  std::vector<QueuedFrame> frames;
  while (!queue.over())
    for (auto& frame : queue.take(4, 4, milliseconds(2000))) frames.push_back(std::move(frame));
  return frames;
}

ReaderOptions small_frames() {
  ReaderOptions options;
  options.image_dim = 16;
  return options;
}

ReopenOptions once() {
  ReopenOptions options;
  options.reopen = false;
  options.timeout_s = 5;
  return options;
}

/// Writes a file into a pipe, from a thread of its own.
class Feeder {
 public:
  explicit Feeder(const fs::path& clip) {
    REQUIRE(::pipe(ends_) == 0);
    thread_ = std::thread([this, bytes = test::read_text(clip)] {
      for (std::size_t at = 0; at < bytes.size();) {
        const ssize_t written = ::write(ends_[1], bytes.data() + at, std::min<std::size_t>(bytes.size() - at, 1000));
        if (written < 0) break;
        at += static_cast<std::size_t>(written);
      }
      ::close(ends_[1]);
    });
  }
  ~Feeder() {
    thread_.join();
    ::close(ends_[0]);
  }
  int file() const { return ends_[0]; }

 private:
  int ends_[2] = {-1, -1};
  std::thread thread_;
};

}  // namespace

TEST_CASE("a clip's frames are those that extraction takes, with their times") {
  const test::TempFolder folder;
  test::write_clip(folder / "clip.avi", 30, 3);
  FrameQueue queue(8, 1 << 20, Overflow::wait);
  FrameReader reader(folder / "clip.avi", small_frames(), queue);
  const auto frames = all_of(queue);
  const Frames expected = process_video(folder / "clip.avi", 0, 16);
  REQUIRE(frames.size() == expected.shape(0));
  for (std::size_t i = 0; i < frames.size(); ++i) {
    CHECK(frames[i].time_s == Approx(static_cast<double>(i) / 25));
    CHECK(std::equal(frames[i].square.begin(), frames[i].square.end(), expected.data() + i * 16 * 16 * 3));
    CHECK(frames[i].picture.empty());
  }
  CHECK(reader.frames() == 30);
  CHECK(reader.frames_per_second() == 25);
}

TEST_CASE("frames between those of the network come as pictures alone, where pictures are wanted") {
  const test::TempFolder folder;
  test::write_clip(folder / "clip.avi", 10);
  auto options = small_frames();
  options.pictures = true;
  options.stride = 4;
  FrameQueue queue(8, 1 << 20, Overflow::wait);
  FrameReader reader(folder / "clip.avi", options, queue);
  const auto frames = all_of(queue);
  REQUIRE(frames.size() == 10);
  for (std::size_t i = 0; i < 10; ++i) {
    CHECK(frames[i].picture.size() == cv::Size(64, 48));
    CHECK(frames[i].square.empty() == (i % 4 != 0));
  }
}

TEST_CASE("a clip that is none is the queue's failure") {
  const test::TempFolder folder;
  test::write_text(folder / "text.avi", "no video");
  FrameQueue queue(8, 1 << 20, Overflow::wait);
  FrameReader reader(folder / "text.avi", small_frames(), queue);
  CHECK_THROWS_AS(all_of(queue), VideoError);
}

TEST_CASE("a pipe gives the frames of the clip that is written into it") {
  const test::TempFolder folder;
  test::write_clip(folder / "clip.avi", 40, 5);
  Feeder feeder(folder / "clip.avi");
  FrameQueue queue(4, 1 << 20, Overflow::wait);
  FrameReader reader([&] { return pipe_input(feeder.file(), "-"); }, FrameReader::Times::stated, once(), small_frames(),
                     queue);
  const auto frames = all_of(queue);
  const Frames expected = process_video(folder / "clip.avi", 0, 16);
  REQUIRE(frames.size() == expected.shape(0));
  for (std::size_t i = 0; i < frames.size(); ++i) {
    CHECK(frames[i].time_s == Approx(static_cast<double>(i) / 25));
    CHECK(std::equal(frames[i].square.begin(), frames[i].square.end(), expected.data() + i * 16 * 16 * 3));
  }
}

TEST_CASE("what a pipe carries is no video: an error that names it") {
  const test::TempFolder folder;
  test::write_text(folder / "text", std::string(200, 'x'));
  Feeder feeder(folder / "text");
  FrameQueue queue(4, 1 << 20, Overflow::wait);
  FrameReader reader([&] { return pipe_input(feeder.file(), "standard input"); }, FrameReader::Times::stated, once(),
                     small_frames(), queue);
  CHECK_THROWS_WITH(all_of(queue), Catch::Contains("standard input"));
}

TEST_CASE("a pipe into which nobody writes can be left at once") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const auto begin = std::chrono::steady_clock::now();
  {
    FrameQueue queue(4, 1 << 20, Overflow::wait);
    FrameReader reader([&] { return pipe_input(ends[0], "-"); }, FrameReader::Times::stated, once(), small_frames(),
                       queue);
    CHECK(queue.take(1, 1, milliseconds(50)).empty());
  }
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("a camera that is not there is an error at once, or is waited for as long as asked") {
  FrameQueue queue(4, 1 << 20, Overflow::drop_oldest);
  {
    FrameReader reader([] { return camera_input("/dev/video-absent"); }, FrameReader::Times::arrival, {},
                       small_frames(), queue);
    CHECK_THROWS_WITH(all_of(queue), Catch::Contains("/dev/video-absent") && Catch::Contains("No such file"));
  }
  ReopenOptions patient;
  patient.first_wait_s = 0.05;
  patient.give_up_after_s = 0.3;
  std::vector<std::string> notes;
  patient.note = [&](const std::string& text) { notes.push_back(text); };
  FrameQueue other(4, 1 << 20, Overflow::drop_oldest);
  FrameReader reader([] { return camera_input("/dev/video-absent"); }, FrameReader::Times::arrival, patient,
                     small_frames(), other);
  CHECK_THROWS_WITH(all_of(other), Catch::Contains("given up"));
  CHECK(notes.size() >= 2);
}

TEST_CASE("a file that is no camera is refused as one") {
  FrameQueue queue(4, 1 << 20, Overflow::drop_oldest);
  FrameReader reader([] { return camera_input("/dev/null"); }, FrameReader::Times::arrival, {}, small_frames(), queue);
  CHECK_THROWS_WITH(all_of(queue), Catch::Contains("Cannot open '/dev/null'"));
  CHECK_THROWS_AS(device_input("no-such-format", "/dev/video0"), VideoError);
}

// libavdevice's own picture generator goes the way of a camera's frames.
TEST_CASE("a device's frames come, oldest ones give way, and it is opened again when it ends") {
  StreamInput generator;
  try {
    generator = device_input("lavfi", "testsrc=size=64x48:rate=100:duration=0.5");
  } catch (const VideoError&) {
    return test::skip("FFmpeg comes without lavfi here");
  }
  ReopenOptions again;
  again.first_wait_s = 0.02;
  std::vector<std::string> notes;
  again.note = [&](const std::string& text) { notes.push_back(text); };
  FrameQueue queue(2, 1 << 20, Overflow::drop_oldest);
  std::vector<QueuedFrame> taken;
  {
    FrameReader reader([&] { return generator; }, FrameReader::Times::arrival, again, small_frames(), queue);
    for (int i = 0; i < 500 && reader.reopened() < 2; ++i) {
      for (auto& frame : queue.take(1, 1, milliseconds(20))) taken.push_back(std::move(frame));
      std::this_thread::sleep_for(milliseconds(2));
    }
    CHECK(reader.reopened() >= 2);
    CHECK(reader.frames() >= 100);
  }
  CHECK(queue.dropped() > 0);
  CHECK(std::count_if(taken.begin(), taken.end(), [](const auto& frame) { return frame.gap; }) >= 1);
  double before = -1;
  for (const auto& frame : taken) {
    if (frame.gap) continue;
    CHECK(frame.time_s >= before);
    before = frame.time_s;
    CHECK(frame.square.size() == 16 * 16 * 3);
  }
  REQUIRE(notes.size() >= 2);
  CHECK_THAT(notes[0], Catch::Contains("dropped out"));
  CHECK_THAT(notes[1], Catch::Contains("is back"));
}
