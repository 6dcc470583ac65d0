#include <catch2/catch.hpp>
#include <cmath>
#include <rcar/core/random.hpp>
#include <rcar/live/segments.hpp>
#include <rcar/live/smoothing.hpp>
#include <vector>

using namespace rcar;
using namespace rcar::live;

namespace {

std::vector<Segment> segments_of(double min_duration_s, const std::vector<int>& labels) {
  std::vector<Segment> closed;
  Segments segments(min_duration_s, [&](const Segment& segment) { closed.push_back(segment); });
  for (std::size_t i = 0; i < labels.size(); ++i) {
    Decision decision;
    if (labels[i] >= 0) decision.label = static_cast<std::size_t>(labels[i]);
    decision.probability = 0.5 + 0.1 * labels[i];
    segments.add(static_cast<double>(i), static_cast<double>(i + 1), decision, 2);
  }
  segments.finish();
  return closed;
}

}  // namespace

TEST_CASE("exponential smoothing follows a step as its time constant says, whatever the rate of the frames") {
  for (const int per_second : {4, 25, 100}) {
    Smoother smoother(Smoothing::exponential, 0.5);
    smoother.add(std::vector<float>{1, 0}, 0);
    std::vector<double> last;
    for (int i = 1; i <= per_second; ++i) last = smoother.add(std::vector<float>{0, 1}, double(i) / per_second);
    CHECK(last[1] == Approx(1 - std::exp(-1 / 0.5)));
    CHECK(last[0] + last[1] == Approx(1));
  }
}

TEST_CASE("the mean is that of the last seconds alone, and 0 seconds smooth nothing") {
  Smoother mean(Smoothing::mean, 1);
  for (int i = 0; i < 10; ++i) mean.add(std::vector<float>{1, 0}, i * 0.25);
  CHECK(mean.add(std::vector<float>{0, 1}, 2.5)[1] == Approx(0.25));
  CHECK(mean.add(std::vector<float>{0, 1}, 2.75)[1] == Approx(0.5));
  CHECK(mean.add(std::vector<float>{0, 1}, 9)[1] == 1);
  for (const Smoothing kind : {Smoothing::exponential, Smoothing::mean}) {
    Smoother none(kind, 0);
    none.add(std::vector<float>{1, 0}, 0);
    CHECK(none.add(std::vector<float>{0.25F, 0.75F}, 0.001) == std::vector<double>{0.25, 0.75});
  }
  CHECK_THROWS_AS(Smoother(Smoothing::mean, -1), UsageError);
  CHECK_THROWS_AS(Smoother(Smoothing::mean, std::nan("")), UsageError);
  CHECK(parse_smoothing("mean") == Smoothing::mean);
  CHECK_THROWS_AS(parse_smoothing("median"), UsageError);
}

TEST_CASE("without hysteresis the most likely class is the label from the threshold on") {
  Decider decide(0.5, 0);
  Random random(5);
  for (int i = 0; i < 1000; ++i) {
    const double p = static_cast<double>(random.below(1001)) / 1000;
    const Decision decision = decide(std::vector{p, 1 - p});
    CHECK(decision.label == std::optional<std::size_t>(p >= 0.5 ? 0 : 1));
    CHECK(decision.probability == std::max(p, 1 - p));
  }
  CHECK(decide(std::vector{0.4, 0.3, 0.3}) == Decision{std::nullopt, 0.4});
}

TEST_CASE("a label that stands is kept within the hysteresis and given up beyond it") {
  Decider decide(0.5, 0.1);
  const auto label = [&](std::vector<double> p) { return decide(p).label.value_or(99); };
  CHECK(label({0.45, 0.30, 0.25}) == 99);  // not yet sure
  CHECK(label({0.50, 0.30, 0.20}) == 0);
  CHECK(label({0.41, 0.39, 0.20}) == 0);  // within 0.1 of the threshold
  CHECK(label({0.45, 0.54, 0.01}) == 0);  // another is ahead, by less than 0.1
  CHECK(label({0.40, 0.55, 0.05}) == 1);
  CHECK(label({0.39, 0.39, 0.22}) == 99);
  CHECK(label({0.45, 0.45, 0.10}) == 99);  // from nothing the threshold counts in full
  decide(std::vector{0.5, 0.3, 0.2});
  decide.clear();
  CHECK(label({0.45, 0.30, 0.25}) == 99);
  CHECK_THROWS_AS(Decider(1.1, 0), UsageError);
  CHECK_THROWS_AS(Decider(0.5, -0.1), UsageError);
  CHECK_THROWS_AS(Decider(std::nan(""), 0), UsageError);
}

TEST_CASE("equal labels are joined, with the mean probability of their decisions") {
  const auto segments = segments_of(0, {0, 0, 1, -1, -1, -1});
  REQUIRE(segments.size() == 3);
  CHECK(segments[0].end_s == 2);
  CHECK(segments[0].frames == 4);
  CHECK(segments[0].mean_probability == Approx(0.5));
  CHECK(segments[1].mean_probability == Approx(0.6));
  CHECK_FALSE(segments[2].label);
  CHECK(segments[2].start_s == 3);
  CHECK(segments[2].end_s == 6);
}

TEST_CASE("a span that is too short counts for its neighbour and leaves its probability out") {
  const auto blip = segments_of(2, {0, 0, 0, 1, 0, 0, 1, 1, 1});
  REQUIRE(blip.size() == 2);
  CHECK(blip[0].label == std::optional<std::size_t>(0));
  CHECK(blip[0].end_s == 6);
  CHECK(blip[0].frames == 12);
  CHECK(blip[0].mean_probability == Approx(0.5));
  CHECK(blip[1].start_s == 6);
  const auto start = segments_of(2, {1, 0, 0, 0});
  REQUIRE(start.size() == 1);
  CHECK(start[0].start_s == 0);
  CHECK(start[0].frames == 8);
  const auto flicker = segments_of(2, {0, 0, 1, 2, 1, 2});
  REQUIRE(flicker.size() == 1);
  CHECK(flicker[0].end_s == 6);
  CHECK(segments_of(2, {1}).size() == 1);  // a source shorter than that still has its label
  CHECK(segments_of(0, {}).empty());
}

TEST_CASE("segments follow one another without gap, hold every frame, and none but a lone one is too short") {
  Random random(11);
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<int> labels(1 + random.below(40));
    for (int& label : labels) label = static_cast<int>(random.below(4)) - 1;
    const double least = static_cast<double>(random.below(5));
    const auto segments = segments_of(least, labels);
    REQUIRE(!segments.empty());
    double at = 0;
    std::size_t frames = 0;
    for (std::size_t i = 0; i < segments.size(); ++i) {
      CHECK(segments[i].start_s == at);
      if (segments.size() > 1) CHECK(segments[i].duration_s() >= least);
      if (i > 0) CHECK(segments[i].label != segments[i - 1].label);
      at = segments[i].end_s;
      frames += segments[i].frames;
    }
    CHECK(at == static_cast<double>(labels.size()));
    CHECK(frames == 2 * labels.size());
  }
}

TEST_CASE("what is open can be held on and is closed once") {
  std::vector<Segment> closed;
  Segments segments(0, [&](const Segment& segment) { closed.push_back(segment); });
  segments.hold(5, 3);  // nothing is open yet
  segments.add(0, 1, {0, 0.9}, 1);
  segments.hold(1.5, 2);
  segments.finish();
  segments.finish();
  REQUIRE(closed.size() == 1);
  CHECK(closed[0].end_s == 1.5);
  CHECK(closed[0].frames == 3);
  CHECK(closed[0].mean_probability == Approx(0.9));
}
