/// The C++ of docs/tutorial.md, run step by step on small clips (tests/architecture/check_snippets.py compares the
/// two).

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <rcar/any_recognizer.hpp>
#include <rcar/data/split.hpp>
#include <rcar/video/gif.hpp>

#include "tests/support/clips.hpp"
#include "tests/support/formula_weights.hpp"
#include "tests/support/toy_features.hpp"

namespace {

using namespace rcar;

using Model = Recognizer<EfficientNetLite0<224>, GRU, 20>;

/// A folder as the tutorial has it, in which this process works until the end of the test.
class TutorialFolder {
 public:
  TutorialFolder() {
    std::filesystem::current_path(folder_.path());
    for (int i = 0; i < 4; ++i) {
      test::write_clip(folder_ / ("videos/jump/" + std::to_string(i) + ".avi"), 3, i);
      test::write_clip(folder_ / ("videos/wave/" + std::to_string(i) + ".avi"), 3, 100 + i);
    }
    test::write_clip(folder_ / "clip.avi", 4, 7);
    const auto layers = graph::graph_of<EfficientNetLite0<224>>.view();
    auto store = test::formula_weights(layers);
    weights::set_origin(store, {"efficientnetlite0", graph::fingerprint(layers), "formula", "", "none"});
    std::filesystem::create_directories("weights");
    weights::write_safetensors("weights/efficientnetlite0.safetensors", store);
  }
  ~TutorialFolder() { std::filesystem::current_path(before_); }

 private:
  std::filesystem::path before_ = std::filesystem::current_path();
  test::TempFolder folder_;
};

}  // namespace

TEST_CASE("the tutorial's program trains, saves, loads and predicts", "[long]") {
  const TutorialFolder folder;

  const Dataset all = read_class_folders("videos");      // videos/<class>/<clip>
  const TrainTest data = split_train_test(all, 0.3, 1);  // 30 % of every class for the test, drawn from seed 1
  const StringLookup labels = StringLookup::from_tags(data.train.tags());

  Model model = Model::load_backbone("weights/efficientnetlite0.safetensors", Sampler::uniform);

  ExtractOptions extract;
  extract.cache = "cache";
  const ExtractResult train_set = model.process_videos_and_extract_features(data.train, labels, extract);
  const ExtractResult test_set = model.process_videos_and_extract_features(data.test, labels, extract);
  for (const QuarantinedClip& each : train_set.quarantine)
    std::printf("%s: %s\n", each.clip.c_str(), each.reason.c_str());

  ExperimentOptions options;
  options.epochs = 30;
  options.seed = 7;
  options.checkpoint = "best_weights.safetensors";
  options.on_epoch = [](int epoch, const History& history) {
    std::printf("epoch %d: loss %.3f\n", epoch, history.loss.back());
  };
  const History history = model.fit(train_set.features, labels, options);

  const Evaluation result = model.evaluate(test_set.features);
  std::printf("test accuracy %.1f%%, loss %.3f\n", 100 * result.accuracy, result.loss);

  model.save("model.rcar");
  Model loaded = Model::load("model.rcar", "weights/efficientnetlite0.safetensors");

  const VideoPrediction prediction = loaded.predict_video_sequence("clip.avi");
  for (const auto& [label, probability] : prediction.classes)
    std::printf("%6.2f%%  %s\n", 100.0 * static_cast<double>(probability), label.c_str());
  frames_to_gif(prediction.frames, "clip.gif", prediction.frames_per_second);

  CHECK(labels.vocabulary() == std::vector<std::string>{"jump", "wave"});
  CHECK(train_set.features.size() + test_set.features.size() == 8);
  CHECK(history.best_epoch > 0);
  CHECK(std::filesystem::exists("best_weights.safetensors"));
  CHECK(loaded.card().test_accuracy == Approx(result.accuracy));
  CHECK(prediction.frames.shape(0) == 4);
  CHECK(prediction.classes.front().probability == model.predict("clip.avi").front().probability);
  CHECK(test::read_text("clip.gif").starts_with("GIF89a"));

  const auto any = load_recognizer("model.rcar", "weights/efficientnetlite0.safetensors");
  const auto classes = any->predict_video_sequence("clip.avi").classes;

  CHECK(any->feature_dim() == 1280);
  CHECK(classes.front().label == prediction.classes.front().label);
  CHECK(classes.front().probability == prediction.classes.front().probability);

  SECTION("the second extraction comes from the cache") {
    const ExtractResult again = model.process_videos_and_extract_features(data.train, labels, extract);
    CHECK(again.cached == again.features.size());
    CHECK(again.features.features == train_set.features.features);
  }
}

TEST_CASE("the tutorial's head trains on features of one's own") {
  const FeatureSet train = test::ordered_features(24, 20, 64, 1), validation = test::ordered_features(8, 20, 64, 2);

  SequenceHead<64, 20, LSTM> head(2, 1);  // 64 features a frame, 20 frames; 2 classes, initial weights from seed 1
  const History history = fit(head, train, validation, {.epochs = 5, .batch_size = 8});
  const Evaluation evaluation = evaluate(head, validation);
  const Probabilities probabilities = head.predict(validation.features, validation.mask);  // (N, K)

  CHECK(history.loss.size() == 5);
  CHECK(evaluation.probabilities == probabilities);
}

namespace {

using Wide =
    heads::Stack<heads::Recurrent<LSTM, 64>, heads::Dropout<std::ratio<1, 2>>, heads::Dense<32, Activation::relu>>;
using WideModel = Recognizer<EfficientNetLite0<224>, LSTM, 20, backend::Default, Wide>;

}  // namespace

TEST_CASE("the tutorial's own head says what it is") {
  CHECK(WideModel::SequenceHead::description() == "lstm(64) -> dropout(0.5) -> dense(32, relu) -> dense(softmax)");
}

TEST_CASE("the tutorial's registry makes what it lists and refuses the rest") {
  const auto layers = graph::graph_of<EfficientNetLite0<96>>.view();
  auto backbone_weights = test::formula_weights(layers);
  weights::set_origin(backbone_weights, {"efficientnetlite0", graph::fingerprint(layers), "formula", "", "none"});

  using Mine = Registry<Entry<EfficientNetLite0<96>, GRU, 12>, Entry<EfficientNetLite0<96>, LSTM, 12>>;
  RecognizerChoice choice;
  choice.backbone = "efficientnetlite0";
  choice.cell = "lstm";
  choice.sequence_length = 12;
  const auto recognizer = make_recognizer<Mine>(choice, backbone_weights);  // std::unique_ptr<AnyRecognizer>

  CHECK(recognizer->image_dim() == 96);
  choice.sequence_length = 40;
  CHECK_THROWS_WITH(make_recognizer<Mine>(choice, backbone_weights),
                    Catch::Contains("Entry<EfficientNetLite0<96>, LSTM, 40>"));
}
