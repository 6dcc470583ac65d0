/// The C++ lines of doc comments about runs, streams and time lines, compiled and run.

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <rcar/core/output_folder.hpp>
#include <rcar/data/any_folder.hpp>
#include <rcar/data/feature_store.hpp>
#include <rcar/doctor/case_file.hpp>
#include <rcar/doctor/diagnosis.hpp>
#include <rcar/live/output_names.hpp>
#include <rcar/live/overlay.hpp>
#include <rcar/live/timeline.hpp>
#include <rcar/report/tensorboard/message.hpp>
#include <rcar/video/decoder.hpp>
#include <rcar/video/stream.hpp>
#include <rcar/video/video_writer.hpp>

#include "tests/support/clips.hpp"

namespace {

using namespace rcar;

/// A new folder in which this process works until the end of the test.
class Place {
 public:
  Place() { std::filesystem::current_path(folder_.path()); }
  ~Place() { std::filesystem::current_path(before_); }

 private:
  std::filesystem::path before_ = std::filesystem::current_path();
  test::TempFolder folder_;
};

/// Frames of 8 x 8 to two features: the first two bytes.
FeatureExtractor small_extractor() {
  FeatureExtractor extractor;
  extractor.image_dim = 8;
  extractor.sequence_length = 3;
  extractor.feature_dim = 2;
  extractor.identity = "first bytes";
  extractor.run = [](const std::uint8_t* frames, std::size_t n, float* features) {
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t f = 0; f < 2; ++f) features[2 * i + f] = frames[i * 8 * 8 * 3 + f];
  };
  return extractor;
}

}  // namespace

TEST_CASE("the doc comments of folders and stores run") {
  const Place place;
  for (const char* tag : {"jump", "wave"})
    for (int i = 0; i < 5; ++i)
      test::write_clip(std::filesystem::path("videos") / tag / (std::to_string(i) + ".avi"), 3,
                       i + (tag[0] == 'j' ? 50 : 0));
  {
    const std::string text = "epoch,loss\n";
    const OutputFolder out("out", {"model.rcar", "history.csv"});
    write_file(out / "history.csv", text);
    CHECK(test::read_text("out/history.csv") == text);
  }
  {
    const Dataset data = read_class_folders("videos");
    const FeatureExtractor extractor = small_extractor();
    FeatureStore store("features", data, extractor);
    extract_features(data, extractor, store.sink());
    store.commit();
    CHECK(std::filesystem::file_size("features/features.npy") == 128 + 10 * 3 * 2 * sizeof(float));
  }
  std::size_t said = 0;
  {
    const auto file = doctor::examine(read_data({.folder = "videos"}), {});
    for (const doctor::Finding& finding : doctor::findings(file)) std::puts(finding.what.c_str());
    said = doctor::findings(file).size();
  }
  CHECK(said > 0);  // clips of three frames are too short for the default length
}

TEST_CASE("the doc comments of time lines run") {
  using namespace rcar::live;
  {
    OutputNames names("out");
    CHECK(names("a/jump.avi", ".mp4") == "out/jump.mp4");
    CHECK(names("b/jump.avi", ".mp4") == "out/jump-2.mp4");
    names("a/jump.avi", ".mp4");
    names("b/jump.avi", ".mp4");
  }
  {
    cv::Mat bgr(120, 160, CV_8UC3, cv::Scalar(200, 200, 200));
    const cv::Mat before = bgr.clone();
    Overlay overlay;
    overlay.draw(bgr, {"jump", 0.93, Overlay::Tone::label});
    CHECK(cv::norm(bgr, before, cv::NORM_INF) > 0);
  }
  std::size_t segments_seen = 0;
  const auto use = [&](const Segment& segment) { segments_seen += segment.frames; };
  {
    const Decision decision{0, 0.9};
    Segments segments(0.5, [&](const Segment& segment) { use(segment); });
    segments.add(0, 0.8, decision, 20);
    segments.finish();
  }
  CHECK(segments_seen == 20);
  {
    const std::vector<float> row(1280, 1.0f);
    const double time_s = 0.04;
    Features features;
    Mask mask;
    FeatureWindow window(20, 1280);
    window.push(row, time_s);
    window.fill(features, mask);  // (1, 20, 1280), (1, 20)
    CHECK(mask(0, 0));
    CHECK(!mask(0, 1));
  }
  std::size_t shown = 0;
  const auto show = [&](const Reading& reading) { shown += reading.smoothed.size(); };
  {
    const WindowModel model{small_extractor(), [](const Features&, const Mask&) {
                              Probabilities result(Probabilities::shape_type{1, 2});
                              result(0, 0) = 0.25f, result(0, 1) = 0.75f;
                              return result;
                            }};
    const std::vector<std::uint8_t> frames(4 * 8 * 8 * 3, 7);
    const std::vector<double> times{0, 0.04, 0.08, 0.12};
    const double end_s = 0.16;
    TimelinePredictor timeline(model, {}, [&](const Segment& segment) { use(segment); });
    for (const auto& reading : timeline.add(frames, times))
      if (reading) show(*reading);
    timeline.finish(end_s);
  }
  CHECK(shown == 2 * 2);  // windows are full from the third frame on
  CHECK(segments_seen == 24);
}

TEST_CASE("the doc comments of streams and videos run") {
  const Place place;
  {
    VideoWriter video("out.mp4", 25);
    for (int i = 0; i < 3; ++i) {
      const double time_s = i * 0.04;
      const cv::Mat bgr(48, 64, CV_8UC3, cv::Scalar(80 * i, 40, 90));
      video.add(bgr, time_s);
    }
    video.finish();
    Decoder clip("out.mp4");
    CHECK(clip.pass(10) == 3);
  }
  const std::string address = "http://127.0.0.1:9/nothing";  // the port that answers nothing
  const auto watch = [&] {
    Picture square;
    std::size_t used = 0;
    const auto use = [&](const Picture&) { ++used; };
    std::atomic<bool> stop{false};
    Stream camera(url_input(address, "the camera"), 10, stop);  // rtsp://, http://, udp://, ...
    while (camera.next() == Stream::Next::frame)
      if (camera.retrieve_square(square)) use(square);
  };
  CHECK_THROWS_AS(watch(), VideoError);
}

TEST_CASE("the doc comment of TensorBoard's messages runs") {
  using namespace rcar::tensorboard;
  Message value;
  value.text(1, "loss").number(2, 0.5f);
  Message summary;
  summary.message(1, value);
  CHECK(summary.bytes() == std::string("\x0a\x0b\x0a\x04loss\x15\0\0\0\x3f", 13));
}
