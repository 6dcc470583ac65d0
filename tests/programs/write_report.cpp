// Trains a small head on made-up features and writes what a run leaves for people: report.html, the TensorBoard folder
// and the tables that the two are compared with.
//   write_report OUT [plain|hostile|many|perfect|resumed]
// hostile: names of classes and clips that would break a careless page; many: 101 classes; perfect: no mistake;
// resumed: as if the run had been killed in epoch 21, in the middle of a record, and gone on from epoch 16.

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <rcar/core/random.hpp>
#include <rcar/heads/sequence_head.hpp>
#include <rcar/report/html_report.hpp>
#include <rcar/report/tables.hpp>
#include <rcar/report/tensorboard/run_events.hpp>
#include <rcar/train/fit.hpp>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Head = rcar::SequenceHead<12, 20, rcar::LSTM>;

/// Clips whose class shows in the phase of a wave over time; `noise` makes neighbouring classes hard to tell apart.
rcar::FeatureSet draw_features(int clips, int classes, float noise, std::uint64_t seed, const std::string& prefix) {
  const auto n = static_cast<std::size_t>(clips);
  rcar::FeatureSet set{rcar::Features(rcar::Features::shape_type{n, 20, 12}, 0.f),
                       rcar::Mask(rcar::Mask::shape_type{n, 20}, false),
                       {},
                       {}};
  rcar::Random random(seed);
  for (std::size_t i = 0; i < n; ++i) {
    const int label = static_cast<int>(i) % classes;
    const std::size_t frames = i % 5 == 4 ? 13 : 20;  // some clips are shorter
    for (std::size_t t = 0; t < frames; ++t) {
      set.mask(i, t) = true;
      for (std::size_t f = 0; f < 12; ++f) {
        const double angle =
            2 * std::numbers::pi * (static_cast<double>(label) / classes + static_cast<double>(t * f) / 60);
        set.features(i, t, f) = static_cast<float>(std::cos(angle)) + noise * static_cast<float>(random.normal());
      }
    }
    set.labels.push_back(label);
    set.clips.push_back(prefix + std::to_string(i) + ".avi");
  }
  return set;
}

std::vector<std::string> class_names(const std::string& kind, int classes) {
  if (kind == "hostile")
    return {"</script><script>document.title='broken'</script>",
            "\"quotes' & <b>bold</b>",
            std::string("\xe2\x80\xae") + "desrever",
            "\xff\xfe no UTF-8",
            "\xe8\xb7\xb3\xe6\xb0\xb4",
            "<!-- <script>" + std::string(120, 'x')};
  if (kind == "many") {
    std::vector<std::string> names;
    names.reserve(static_cast<std::size_t>(classes));
    for (int k = 0; k < classes; ++k) names.push_back("Class number " + std::to_string(k));
    return names;
  }
  return {"Basketball", "Diving", "JumpingJack", "Punch", "PushUps", "RopeClimbing"};
}

/// A ball that crosses the picture while the light changes.
rcar::SampledClip draw_clip(std::size_t frames) {
  constexpr int size = 224;
  rcar::SampledClip clip{rcar::Frames(rcar::Frames::shape_type{frames, size, size, 3}), 25};
  for (std::size_t t = 0; t < frames; ++t) {
    cv::Mat picture(size, size, CV_8UC3, clip.frames.data() + t * size * size * 3);
    picture = cv::Scalar(40 + 6.0 * static_cast<double>(t), 90, 140);
    cv::circle(picture, {20 + static_cast<int>(t) * 9, 180 - static_cast<int>(t) * 6}, 22, {240, 190, 60}, cv::FILLED);
  }
  return clip;
}

void write(const fs::path& out, const std::string& kind) {
  fs::create_directories(out);
  const int classes = kind == "many" ? 101 : 6;
  const float noise = kind == "perfect" ? 0.02f : 0.9f;
  const std::vector<std::string> names = class_names(kind, classes);
  const std::string prefix = kind == "hostile" ? "<img src=x onerror=alert(1)>\xc3\xa4\"'&\n" : "v_clip_";
  const rcar::FeatureSet train = draw_features(classes * (kind == "many" ? 6 : 20), classes, noise, 1, "train_");
  const rcar::FeatureSet test = draw_features(classes * (kind == "many" ? 3 : 15), classes, noise, 2, prefix);
  const rcar::StringLookup labels(names);
  const rcar::Split split = rcar::split_validation(train, labels, rcar::Validation::stratified, 0.3, 1);

  rcar::FitOptions options;
  options.epochs = kind == "many" ? 6 : kind == "perfect" ? 150 : 45;
  options.batch_size = 16;
  options.patience = options.epochs;
  options.learning_rate = 0.01f;
  const std::vector<rcar::tensorboard::HyperParameter> settings{{"backbone", kind == "hostile" ? names[3] : "made up"},
                                                                {"epochs", options.epochs},
                                                                {"learning_rate", 0.01},
                                                                {"grouped", true}};
  std::optional<rcar::RunEvents> events;
  const auto begin = [&] {
    events.emplace(out / "events", rcar::RunEventsOptions{options.learning_rate});
    events->start(settings);
  };
  begin();
  options.on_epoch = [&](int epoch, const rcar::History& history) {
    events->epoch(epoch, history);
    if (kind != "resumed" || epoch != 20) return;
    const fs::path killed = events->path();
    events.reset();
    std::ofstream(killed, std::ios::app | std::ios::binary) << rcar::tensorboard::framed("cut").substr(0, 13);
    begin();
  };
  Head head(classes, 1);
  const rcar::History history = rcar::fit(head, train.select(split.train), train.select(split.validation), options);
  const rcar::Evaluation evaluation = rcar::evaluate(head, test);

  rcar::Report report;
  report.title = kind == "hostile" ? "</title><h1>" + names[0] : "LSTM on made-up features";
  report.summary = "A head trained on waves, to show the page & <its> \"parts\".";
  report.classes = names;
  add_training(report, history, train, split);
  add_test(
      report, test, evaluation,
      [&](const rcar::Features& features, const rcar::Mask& mask) { return head.predict(features, mask); },
      [&](const std::string& clip) {
        if (clip == test.clips[3]) throw rcar::VideoError("The clip " + rcar::quoted(clip) + " is gone.");
        return draw_clip(20);
      });
  report.quarantine = {{prefix + "broken.avi", "The file is empty, with <b>no</b> frame."}};
  report.warnings.push_back("1 group has clips in both training and test set (" + names[0] + " g01).");
  report.data.push_back({"Clips shorter than 20 frames", "some"});
  report.facts = {rcar::machine_facts(), rcar::version_facts()};
  report.command_line = rcar::this_command_line();
  rcar::write_html_report(out / "report.html", report);
  rcar::write_history(out / "history.csv", history);
  rcar::write_predictions(out / "predictions.csv", test, names, evaluation.probabilities);
  events->finish(report, evaluation);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  try {
    write(argv[1], argc > 2 ? argv[2] : "plain");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  return 0;
}
