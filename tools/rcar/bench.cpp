// rcar bench: how fast this machine is at each part of the work.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <optional>
#include <rcar/core/version.hpp>
#include <rcar/video/decoder.hpp>

#include "../random_weights.hpp"
#include "../scratch_folder.hpp"
#include "../stopwatch.hpp"
#include "../synthetic_clips.hpp"
#include "commands.hpp"
#include "network_options.hpp"
#include "program.hpp"

namespace rcar::tools {

namespace {

namespace fs = std::filesystem;

struct Options {
  fs::path weights, data;
  RecognizerChoice choice;
  std::string backend = "cpu";
  double seconds = 20;
};

constexpr synthetic::ClipOptions drawn{.width = 320, .height = 240, .frames = 40, .frames_per_second = 25};

Dataset draw_clips(const fs::path& folder) {
  for (const auto& kind : synthetic::classes) fs::create_directories(folder / kind.name);
  parallel_for(synthetic::classes.size(), [&](std::size_t kind, std::size_t) {
    synthetic::write_clip(synthetic::draw_clip(kind, 0, drawn), drawn.frames_per_second,
                          folder / synthetic::classes[kind].name / synthetic::clip_name(synthetic::classes[kind], 0));
  });
  return read_class_folders(folder);
}

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name") && line.find(": ") != std::string::npos) return line.substr(line.find(": ") + 2);
  return "unknown processor";
}

double seconds_since(const std::chrono::steady_clock::time_point& start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Calls `work`, which returns how much it did, until the seconds are over, once at least; how much a second.
template <class Work>
double rate(double seconds, Work work) {
  const auto start = std::chrono::steady_clock::now();
  double done = 0;
  do done += static_cast<double>(work());
  while (seconds_since(start) < seconds);
  return done / seconds_since(start);
}

/// Frames decoded a second, each clip on a thread of its own.
double decoding_rate(const Dataset& data, double seconds) {
  return rate(seconds, [&] {
    std::atomic<std::size_t> frames = 0;
    parallel_for(data.size(), [&](std::size_t i, std::size_t) {
      try {
        Decoder clip(data.path(i));
        for (Picture square; clip.grab() && clip.retrieve_square(square);) ++frames;
      } catch (const VideoError&) {  // extraction says which
      }
    });
    return frames.load();
  });
}

struct BackboneSpeed {
  double one_frame_ms = 0, frames_per_second = 0;
};

/// A frame alone, which all threads compute together, and many frames as extraction has them computed.
BackboneSpeed backbone_speed(const FeatureExtractor& extractor, double seconds) {
  constexpr std::size_t batch = 20;
  const auto side = static_cast<std::size_t>(extractor.image_dim),
             features = static_cast<std::size_t>(extractor.feature_dim);
  std::vector<std::uint8_t> frames(batch * side * side * 3);
  Random random(7);
  for (auto& value : frames) value = static_cast<std::uint8_t>(random.bits() >> 56);
  const std::size_t workers = extractor.calls == Calls::side_by_side ? thread_count() : 1;
  std::vector<float> out(workers * batch * features);
  const auto many = [&] {
    parallel_for(workers, [&](std::size_t worker, std::size_t) {
      extractor.run(frames.data(), batch, out.data() + worker * batch * features);
    });
    return workers * batch;
  };
  const auto one = [&] {
    extractor.run(frames.data(), 1, out.data());
    return std::size_t{1};
  };
  one();
  BackboneSpeed speed;
  speed.one_frame_ms = 1000 / rate(seconds / 3, one);
  many();
  speed.frames_per_second = rate(seconds * 2 / 3, many);
  return speed;
}

constexpr std::size_t training_clips = 195, training_classes = 5;  // five classes of UCF101

/// Epochs a second on random features; leaves the recognizer with a head.
double training_rate(AnyRecognizer& recognizer, double seconds) {
  const auto steps = static_cast<std::size_t>(recognizer.sequence_length()),
             features = static_cast<std::size_t>(recognizer.feature_dim());
  FeatureSet set{Features(Features::shape_type{training_clips, steps, features}),
                 Mask(Mask::shape_type{training_clips, steps}, true),
                 {},
                 {}};
  Random random(3);
  for (float& value : set.features) value = random.uniform(-1, 1);
  std::vector<std::string> names;
  for (std::size_t k = 0; k < training_classes; ++k) names.push_back("class " + std::to_string(k + 1));
  for (std::size_t i = 0; i < training_clips; ++i) {
    set.labels.push_back(static_cast<int>(i % training_classes));
    set.clips.push_back("clip " + std::to_string(i));
  }
  const StringLookup labels(names);
  const auto run = [&](int epochs) {  // without the first epoch, which allocates
    ExperimentOptions options;
    options.epochs = options.patience = epochs;
    options.validation = Validation::none;
    options.warn = {};
    std::chrono::steady_clock::time_point first;
    double taken = 0;
    options.on_epoch = [&](int, const History& history) {
      if (history.loss.size() == 1) first = std::chrono::steady_clock::now();
      taken = seconds_since(first);
    };
    recognizer.fit(set, labels, options);
    return static_cast<double>(epochs - 1) / taken;
  };
  const double estimate = run(4);
  return run(static_cast<int>(std::clamp(estimate * seconds, 4.0, 100000.0)));
}

struct Figures {
  double decoding = 0, training = 0, extraction = 0, clips = 0, prediction_ms = 0;
  BackboneSpeed backbone;
};

/// Returns the first clip that decodes.
fs::path measure_extraction(AnyRecognizer& recognizer, const Dataset& data, double seconds, Figures& figures) {
  const StringLookup labels = StringLookup::from_tags(data.tags());
  ExtractOptions options;
  options.progress = ProgressDisplay::off;
  std::size_t clips = 0, frames = 0;
  double taken = 0;
  fs::path readable;
  rate(seconds, [&] {
    const auto result = recognizer.process_videos_and_extract_features(data, labels, options);
    clips += result.features.size();
    frames += result.frames;
    taken += result.seconds;
    readable = data.directory / result.features.clips.front();
    return result.frames;
  });
  figures.extraction = static_cast<double>(frames) / taken;
  figures.clips = static_cast<double>(clips) / taken;
  return readable;
}

Figures measure(AnyRecognizer& recognizer, const Dataset& data, double seconds, const Console& console) {
  Figures figures;
  Progress progress("Measuring", 5, "parts", console.progress());
  figures.decoding = decoding_rate(data, seconds * 0.15);
  progress.advance(1, "the backbone");
  figures.backbone = backbone_speed(recognizer.extractor(), seconds * 0.35);
  progress.advance(1, "training of a head");
  figures.training = training_rate(recognizer, seconds * 0.15);
  progress.advance(1, "extraction");
  const fs::path clip = measure_extraction(recognizer, data, seconds * 0.25, figures);
  progress.advance(1, "prediction");
  figures.prediction_ms = 1000 / rate(seconds * 0.1, [&] {
                            recognizer.predict_video_sequence(clip);
                            return 1;
                          });
  progress.advance(1);
  return figures;
}

int bench(const Options& options, const Console& console) {
  RegisteredRecognizers::require(options.choice);
  require_backend(options.backend);
  const std::string& backbone = options.choice.backbone;
  const auto layers = RegisteredRecognizers::layers(backbone);
  double load = 0;
  if (::getloadavg(&load, 1) == 1 && load > 0.5 * static_cast<double>(thread_count())) {
    char text[160];
    std::snprintf(text, sizeof text, "Other programs are at work here (load %.1f), which makes all of this slower.",
                  load);
    console.warn(text);
  }
  const weights::Store store =
      options.weights.empty()
          ? random_weights(backbone, layers)
          : read_backbone_weights(options.weights, backbone, layers, [&](const auto& note) { console.note(note); });
  const auto recognizer = make_recognizer_on(options.backend, options.choice, store, Sampler::uniform);
  std::optional<ScratchFolder> scratch;
  if (options.data.empty())
    scratch.emplace("rcar-bench", "set TMPDIR to one that can be written, or give clips with --data");
  const Dataset data = scratch ? draw_clips(scratch->path()) : read_class_folders(options.data);
  if (data.size() == 0) throw DataError("There is no clip in " + quoted(options.data.string()) + ".");

  const Figures figures = measure(*recognizer, data, options.seconds, console);
  const std::string processor = processor_name(), engine = recognizer->extractor().instruction_set;
  const int dim = recognizer->image_dim();
  const std::string clips =
      scratch ? "drawn clips of 320 x 240 (Motion JPEG)" : "the clips of " + options.data.string();
  console.say(processor + ", " + counted(thread_count(), "thread", "threads") + ", " + engine + "; rcar " + version);
  console.say(backbone + " at " + std::to_string(dim) + " x " + std::to_string(dim) + ", " + options.choice.cell +
              ", " + (options.weights.empty() ? "random weights" : options.weights.string()) + "; " + clips);
  const auto row = [&](const char* name, double value, const char* unit) {
    char text[160];
    std::snprintf(text, sizeof text, "  %-34s %9.1f %s", name, value, unit);
    console.say(text);
  };
  row("decoding", figures.decoding, "frames/s");
  row("backbone, a frame alone", figures.backbone.one_frame_ms, "ms");
  row("backbone, many frames", figures.backbone.frames_per_second, "frames/s");
  row("extraction: clips to features", figures.extraction, "frames/s");
  row("", figures.clips, "clips/s");
  row("training a head (195 clips)", figures.training, "epochs/s");
  row("predicting a clip, file to label", figures.prediction_ms, "ms");
  console.say("Beside OpenVINO and Keras, in turn on the same machine: tools/bench/compare.");
  console.json({{"rcar", version},
                {"processor", processor},
                {"threads", thread_count()},
                {"engine", engine},
                {"backbone", backbone},
                {"image_dim", dim},
                {"cell", options.choice.cell},
                {"weights", options.weights.empty() ? "random" : options.weights.string()},
                {"clips", scratch ? "drawn" : options.data.string()},
                {"decoding_frames_per_second", figures.decoding},
                {"backbone_frame_ms", figures.backbone.one_frame_ms},
                {"backbone_frames_per_second", figures.backbone.frames_per_second},
                {"extraction_frames_per_second", figures.extraction},
                {"extraction_clips_per_second", figures.clips},
                {"training_epochs_per_second", figures.training},
                {"prediction_ms", figures.prediction_ms}});
  return exit_code::done;
}

}  // namespace

void add_bench(Program& program) {
  const auto options = std::make_shared<Options>();
  CLI::App& app = program.add(
      "bench", "Measures how fast this machine decodes, extracts, trains and predicts",
      "  rcar bench\n"
      "  rcar bench --backbone inceptionv3 --seconds 60\n"
      "  rcar bench --weights weights/efficientnetb0.safetensors --data videos --json\n"
      "Without --weights they are random, without --data clips are drawn: speed depends on neither much, but on the "
      "size and codec of clips it does.",
      [=](Console& console) { return bench(*options, console); });
  app.add_option("--weights,-w", options->weights, "Backbone weights (else random ones)")->group("Network");
  add_backbone_option(app, options->choice.backbone)->group("Network");
  app.add_option("--cell", options->choice.cell, "gru or lstm")
      ->capture_default_str()
      ->check(one_of({"gru", "lstm"}))
      ->group("Network");
  add_checked_backend_option(app, options->backend)->group("Network");
  app.add_option("--data", options->data, "Folder with one folder of clips a class (else clips are drawn)");
  app.add_option("--seconds", options->seconds, "How long to measure, without loading")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 3600.0));
}

}  // namespace rcar::tools
