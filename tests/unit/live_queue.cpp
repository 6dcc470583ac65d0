#include <catch2/catch.hpp>
#include <rcar/core/error.hpp>
#include <rcar/live/frame_queue.hpp>
#include <rcar/live/meter.hpp>
#include <thread>

using namespace rcar;
using namespace rcar::live;
using std::chrono::milliseconds;

namespace {

QueuedFrame frame(double time_s, std::size_t square = 3, int picture_side = 0) {
  QueuedFrame result;
  result.time_s = time_s;
  result.square.resize(square);
  if (picture_side) result.picture = cv::Mat(picture_side, picture_side, CV_8UC3, cv::Scalar::all(0));
  return result;
}

}  // namespace

TEST_CASE("a queue that waits hands over every frame in order and never holds more than it may") {
  FrameQueue queue(4, 1 << 20, Overflow::wait);
  std::thread sender([&] {
    for (int i = 0; i < 500; ++i) queue.push(frame(i));
    queue.finish();
  });
  int next = 0;
  while (!queue.over()) {
    const auto taken = queue.take(2, 3, milliseconds(1000));
    CHECK(taken.size() <= 3);
    for (const auto& each : taken) CHECK(each.time_s == next++);
  }
  sender.join();
  CHECK(next == 500);
  CHECK(queue.dropped() == 0);
}

TEST_CASE("where the oldest frames give way, what is left are the newest, and the lost ones are counted") {
  FrameQueue queue(3, 1 << 20, Overflow::drop_oldest);
  for (int i = 0; i < 10; ++i) queue.push(frame(i));
  const auto taken = queue.take(1, 10, milliseconds(0));
  REQUIRE(taken.size() == 3);
  CHECK(taken[0].time_s == 7);
  CHECK(taken[2].time_s == 9);
  CHECK(queue.dropped() == 7);
}

TEST_CASE("a frame that gives way is still drawn, as long as pictures have room") {
  FrameQueue queue(2, 10 * 300, Overflow::drop_oldest);
  for (int i = 0; i < 6; ++i) queue.push(frame(i, 3, 10));  // pictures of 300 bytes
  auto taken = queue.take(1, 9, milliseconds(0));
  REQUIRE(taken.size() == 6);
  CHECK(taken[3].square.empty());
  CHECK_FALSE(taken[4].square.empty());
  CHECK(queue.dropped() == 4);
  for (int i = 0; i < 30; ++i) queue.push(frame(i, 0, 10));
  taken = queue.take(0, 9, milliseconds(0));
  CHECK(taken.size() == 10);
  CHECK(taken.back().time_s == 29);
}

TEST_CASE("a gap is handed over at once, in its place, and never gives way") {
  FrameQueue queue(1, 1 << 20, Overflow::drop_oldest);
  queue.push(frame(1));
  QueuedFrame gap;
  gap.gap = true;
  queue.push(std::move(gap));
  queue.push(frame(2));
  queue.push(frame(3));
  const auto taken = queue.take(1, 9, milliseconds(0));
  REQUIRE(taken.size() == 2);
  CHECK(taken[0].gap);
  CHECK(taken[1].time_s == 3);
}

TEST_CASE("what ended the source is thrown once its last frame was taken, and a closed queue takes no more") {
  FrameQueue queue(4, 1 << 20, Overflow::wait);
  queue.push(frame(1));
  queue.finish(std::make_exception_ptr(VideoError("it broke off")));
  CHECK(queue.take(4, 4, milliseconds(0)).size() == 1);
  CHECK_THROWS_AS(queue.take(4, 4, milliseconds(0)), VideoError);
  CHECK(queue.over());
  FrameQueue closed(1, 1 << 20, Overflow::wait);
  closed.push(frame(1));
  std::thread closer([&] { closed.close(); });
  CHECK_FALSE(closed.push(frame(2)));  // waits for room until it is closed
  closer.join();
}

TEST_CASE("quantiles of latency are right to one percent, in memory that does not grow") {
  LatencyHistogram latency;
  CHECK(latency.quantile_s(0.5) == 0);
  for (int i = 1; i <= 100000; ++i) latency.add(i * 1e-5);  // 10 microseconds to 1 s
  CHECK(latency.quantile_s(0.5) == Approx(0.5).epsilon(0.011));
  CHECK(latency.quantile_s(0.95) == Approx(0.95).epsilon(0.011));
  CHECK(latency.quantile_s(1) == Approx(1).epsilon(0.011));
  CHECK(latency.longest_s() == 1);
  latency.add(1e9);
  latency.add(0);
  CHECK(latency.count() == 100002);
}

TEST_CASE("the recent rate is that of the last two seconds") {
  RecentRate rate;
  const RecentRate::Clock::time_point start{};
  CHECK(rate.per_second(start) == 0);
  for (int i = 0; i < 1000; ++i) rate.add(start + milliseconds(10 * i));
  CHECK(rate.per_second(start + milliseconds(9990)) == Approx(100).epsilon(0.02));
  for (int i = 0; i < 100; ++i) rate.add(start + milliseconds(10000 + 100 * i));
  CHECK(rate.per_second(start + milliseconds(19900)) == Approx(10).epsilon(0.1));
  CHECK(rate.per_second(start + milliseconds(30000)) == 0);
}
