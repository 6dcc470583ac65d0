#include <catch2/catch.hpp>
#include <opencv2/imgcodecs.hpp>
#include <rcar/heads/sequence_head.hpp>
#include <rcar/report/mistakes.hpp>
#include <rcar/report/report.hpp>
#include <string>
#include <vector>

#include "tests/support/toy_features.hpp"

using namespace rcar;

TEST_CASE("the last of a clip's probabilities over time is the head's answer, bit for bit") {
  const SequenceHead<6, 8, GRU> head(3, 5);
  const FeatureSet set = test::random_features(7, 8, 6, 3, 9);  // with scattered masks
  const Probabilities whole = head.predict(set.features, set.mask);
  for (std::size_t row = 0; row < set.size(); ++row) {
    const auto over_time = probabilities_over_time(
        [&](const Features& features, const Mask& mask) { return head.predict(features, mask); }, set, row);
    std::size_t frames = 0;
    for (std::size_t t = 0; t < 8; ++t) frames += set.mask(row, t);
    REQUIRE(over_time.shape(0) == frames);
    if (frames == 0) continue;
    for (std::size_t k = 0; k < 3; ++k) CHECK(over_time(frames - 1, k) == whole(row, k));
  }
}

TEST_CASE("probabilities over time know nothing of frames to come") {
  const SequenceHead<6, 8, LSTM> head(3, 5);
  const Predict predict = [&](const Features& features, const Mask& mask) { return head.predict(features, mask); };
  FeatureSet set = test::random_features(1, 8, 6, 3, 9);
  set.mask.fill(true);
  const Probabilities before = probabilities_over_time(predict, set, 0);
  for (std::size_t f = 0; f < 6; ++f) set.features(0, 5, f) += 3;
  const Probabilities after = probabilities_over_time(predict, set, 0);
  for (std::size_t t = 0; t < 8; ++t) CHECK((before(t, 0) == after(t, 0)) == (t < 5));
}

TEST_CASE("mistakes come surest first, and right answers not at all") {
  FeatureSet set = test::random_features(4, 2, 2, 2);
  set.labels = {0, 1, 0, 1};
  const Probabilities probabilities{{0.4f, 0.6f}, {0.1f, 0.9f}, {0.1f, 0.9f}, {0.6f, 0.4f}};
  const auto mistakes = find_mistakes(set, probabilities);
  REQUIRE(mistakes.size() == 3);
  CHECK(mistakes[0].clip == "clip2");
  CHECK(mistakes[1].clip == "clip0");  // as sure as clip3, and earlier
  CHECK(mistakes[2].clip == "clip3");
  CHECK(mistakes[2].predicted == 0);
  CHECK(mistakes[2].truth == 1);
}

TEST_CASE("a mistake whose clip is gone is shown without frames, with the reason") {
  FeatureSet set = test::random_features(3, 4, 2, 2);
  set.labels = {0, 0, 0};
  const Probabilities probabilities{{0.4f, 0.6f}, {0.1f, 0.9f}, {0.2f, 0.8f}};
  const auto shown = show_mistakes(
      set, probabilities,
      [](const Features& features, const Mask&) {
        return Probabilities(Probabilities::shape_type{features.shape(0), 2}, 0.5f);
      },
      [](const std::string& clip) -> SampledClip {
        if (clip == "clip1") throw VideoError("The clip 'clip1' is gone.");
        return {Frames(Frames::shape_type{5, 32, 32, 3}, std::uint8_t{90}), 10};
      },
      2, 48);
  REQUIRE(shown.size() == 2);
  CHECK(shown[0].clip == "clip1");
  CHECK(shown[0].fault == "The clip 'clip1' is gone.");
  CHECK(shown[0].sheet.frames == 0);
  CHECK(shown[1].fault.empty());
  CHECK(shown[1].sheet.frames == 5);
  CHECK(shown[1].sheet.side == 48);
}

TEST_CASE("a frame sheet holds every frame in its place, in true colours") {
  Frames frames(Frames::shape_type{5, 32, 32, 3});
  const std::uint8_t colors[5][3] = {{250, 0, 0}, {0, 250, 0}, {0, 0, 250}, {250, 250, 0}, {120, 120, 120}};
  for (std::size_t t = 0; t < 5; ++t)
    for (std::size_t i = 0; i < 32 * 32; ++i)
      for (std::size_t c = 0; c < 3; ++c) frames.data()[(t * 32 * 32 + i) * 3 + c] = colors[t][c];
  const FrameSheet sheet = make_frame_sheet(frames, 64);
  CHECK(sheet.columns == 3);
  const cv::Mat picture = cv::imdecode(sheet.jpeg, cv::IMREAD_COLOR);
  REQUIRE(picture.cols == 3 * 64);
  REQUIRE(picture.rows == 2 * 64);
  for (std::size_t t = 0; t < 5; ++t)
    for (const int offset : {1, 32, 62}) {  // also at its edges: no colour runs over from a neighbour
      const cv::Vec3b pixel =
          picture.at<cv::Vec3b>(static_cast<int>(t / 3) * 64 + offset, static_cast<int>(t % 3) * 64 + offset);
      for (int c = 0; c < 3; ++c) CHECK(std::abs(pixel[2 - c] - colors[t][c]) < 12);
    }
}

TEST_CASE("a frame sheet of no frames, or of a side that JPEG would mix, is refused") {
  const Frames frames(Frames::shape_type{1, 8, 8, 3}, std::uint8_t{1});
  CHECK_THROWS_AS(make_frame_sheet(Frames(Frames::shape_type{0, 8, 8, 3})), UsageError);
  CHECK_THROWS_AS(make_frame_sheet(Frames(Frames::shape_type{1, 8, 6, 3})), UsageError);
  CHECK_THROWS_AS(make_frame_sheet(frames, 50), UsageError);
  CHECK_THROWS_AS(make_frame_sheet(frames, 0), UsageError);
}

TEST_CASE("the classes of a part are counted row by row") {
  const FeatureSet set = test::random_features(7, 2, 2, 3);
  const std::vector<std::size_t> rows{0, 3, 4};
  CHECK(count_classes("test", set, 3).clips == std::vector<std::size_t>{3, 2, 2});
  CHECK(count_classes("train", set, 4, &rows).clips == std::vector<std::size_t>{2, 1, 0, 0});
}
