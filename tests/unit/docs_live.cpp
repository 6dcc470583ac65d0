/// The snippets of docs/live.md.

#include <catch2/catch.hpp>
#include <rcar/live/timeline.hpp>
#include <rcar/recognizer.hpp>

#include "tests/support/clips.hpp"
#include "tests/support/formula_weights.hpp"

using namespace rcar;

TEST_CASE("the example of docs/live.md runs") {
  Recognizer<EfficientNetLite0<32>, GRU, 4> model(
      test::formula_weights(graph::graph_of<EfficientNetLite0<32>>.view(), {}, 0.1));
  model.set_head(decltype(model)::SequenceHead(2, 3), StringLookup({"jump", "wave"}));
  const Frames frames(Frames::shape_type{6, 32, 32, 3}, std::uint8_t{90});
  const std::vector<double> times{0, 0.04, 0.08, 0.12, 0.16, 0.2};
  std::vector<std::string> seen;
  live::WindowModel window{model.extractor(), [&](const Features& features, const Mask& mask) {
                             return model.head().predict(features, mask);
                           }};
  live::TimelinePredictor timeline(window, {}, [&](const live::Segment& segment) {
    if (segment.label) seen.push_back(model.labels().vocabulary()[*segment.label]);
  });
  timeline.add(std::span(frames.data(), frames.size()), times);  // (n, D, D, 3) RGB, n times in seconds
  timeline.finish(times.back() + 0.04);
  CHECK(seen.size() == 1);
  CHECK(timeline.frames() == 6);
}
