#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>
#include <rcar/video/gif.hpp>
#include <vector>

using namespace rcar;

namespace {

std::vector<int> delays(std::size_t count, double frames_per_second) {
  std::vector<int> out;
  for (const auto& frame : schedule_frames(count, frames_per_second)) out.push_back(frame.delay_cs);
  return out;
}

}  // namespace

TEST_CASE("a rate that divides a hundred has equal delays") {
  CHECK(delays(4, 25) == std::vector<int>{4, 4, 4, 4});
  CHECK(delays(3, 50) == std::vector<int>{2, 2, 2});
  CHECK(delays(2, 1) == std::vector<int>{100, 100});
}

TEST_CASE("other rates spread the rounding, so that the speed is right on average") {
  CHECK(delays(6, 30) == std::vector<int>{3, 4, 3, 3, 4, 3});
  for (const double rate : {7.0, 12.5, 23.976, 29.97, 30.0, 40.0, 48.0, 60.0, 120.0, 999.0}) {
    const auto schedule = schedule_frames(500, rate);
    long long time_cs = 0;
    for (const auto& shown : schedule) {
      REQUIRE(std::abs(static_cast<double>(time_cs) - static_cast<double>(shown.frame) * 100 / rate) <= 0.5001);
      time_cs += shown.delay_cs;
    }
    CHECK(std::abs(static_cast<double>(time_cs) - 500 * 100 / rate) <= 2);
  }
}

TEST_CASE("no delay is below two centiseconds; faster clips lose frames, not speed") {
  for (const double rate : {51.0, 60.0, 100.0, 240.0})
    for (const auto& shown : schedule_frames(300, rate)) REQUIRE(shown.delay_cs >= 2);
  CHECK(schedule_frames(300, 100).size() == 150);
  CHECK(schedule_frames(300, 50).size() == 300);
  CHECK(schedule_frames(1, 1000) == std::vector<ScheduledFrame>{{0, 2}});
}
