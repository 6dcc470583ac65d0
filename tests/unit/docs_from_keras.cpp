/// The C++ of docs/from_keras.md, run on small clips (tests/architecture/check_snippets.py compares the two).

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <rcar/keras.hpp>
#include <rcar/recognizer.hpp>
#include <rcar/video/gif.hpp>
#include <rcar/weights/keras/read_head.hpp>
#include <rcar/weights/keras/write_head.hpp>

#include "tests/support/clips.hpp"
#include "tests/support/formula_weights.hpp"

namespace {

using namespace rcar;

using Model = Recognizer<InceptionV3<224>, GRU, 20>;

/// The folder in which this process works until the end of the test.
class WorkingFolder {
 public:
  explicit WorkingFolder(const std::filesystem::path& folder) { std::filesystem::current_path(folder); }
  ~WorkingFolder() { std::filesystem::current_path(before_); }

 private:
  std::filesystem::path before_ = std::filesystem::current_path();
};

}  // namespace

TEST_CASE("each part of the Keras pipeline has its C++", "[long]") {
  const test::TempFolder folder;
  const WorkingFolder working(folder.path());
  const auto layers = graph::graph_of<InceptionV3<224>>.view();
  auto store = test::formula_weights(layers);
  weights::set_origin(store, {"inceptionv3", graph::fingerprint(layers), "formula", "", "none"});
  std::filesystem::create_directories("weights");
  weights::write_safetensors("weights/inceptionv3.safetensors", store);
  std::string train_list = "video_name,tag\n", test_list = train_list;
  for (int i = 0; i < 8; ++i) {
    const std::string row = "v_" + std::to_string(i) + ".avi," + (i % 2 ? "Punch" : "CricketShot") + "\n";
    (i < 6 ? train_list : test_list) += row;
    test::write_clip(folder / ((i < 6 ? "train/v_" : "test/v_") + std::to_string(i) + ".avi"), 2, i * 30);
  }
  test::write_text(folder / "train.csv", train_list);
  test::write_text(folder / "test.csv", test_list);
  test::write_clip(folder / "clip.avi", 3, 9);

  {
    const Frames frames = process_video("clip.avi", 20, 224);  // (n, 224, 224, 3) RGB, n <= 20
    const Frame frame(Frame::shape_type{240, 320, 3}, 0);
    const Frame square = center_crop_frame(frame);  // (240, 240, 3)
    CHECK(frames.shape(0) == 3);
    CHECK(square.shape(0) == 240);
  }

  Model model = Model::load_backbone("weights/inceptionv3.safetensors");

  const Dataset train = read_dataset("train.csv", "train"), test = read_dataset("test.csv", "test");
  const StringLookup labels = StringLookup::from_tags(train.tags());
  const int k = labels("Punch");  // labels.vocabulary()[k] == "Punch"

  const FeatureSet train_set = model.process_videos_and_extract_features(train, labels).features;
  const FeatureSet test_set = model.process_videos_and_extract_features(test, labels).features;

  const History history = model.fit(train_set, labels);    // 60 epochs, batches of 64, patience 15
  const Evaluation evaluation = model.evaluate(test_set);  // loss, accuracy, probabilities

  const VideoPrediction prediction = model.predict_video_sequence("clip.avi");
  for (const auto& [label, probability] : prediction.classes)
    std::printf("%5.2f%%  %s\n", 100.0 * static_cast<double>(probability), label.c_str());
  frames_to_gif(prediction.frames, "clip.gif", prediction.frames_per_second);

  const auto [features, mask] = model.prepare_video_for_prediction(prediction.frames);  // (1, 20, 2048), (1, 20)

  CHECK(k == 1);
  CHECK(history.monitor == "val_loss");
  CHECK(evaluation.probabilities.shape(1) == 2);
  CHECK(features.shape(2) == 2048);
  CHECK(mask(0, 2));
  CHECK_FALSE(mask(0, 3));

  weights::Store head_store;
  model.head().store(head_store);
  weights::keras::write_keras_head("head.weights.h5", head_store);
  {
    const auto keras_head = weights::keras::read_keras_head("head.weights.h5");  // .keras and .h5 as well
    Model::SequenceHead head(static_cast<int>(keras_head.classes));
    head.load(keras_head.parameters);
    model.set_head(std::move(head), StringLookup({"CricketShot", "Punch"}));  // classes in the order of the outputs
  }
  CHECK(model.predict("clip.avi").front().probability == prediction.classes.front().probability);

  {
    ExperimentOptions like_keras;
    like_keras.validation = Validation::last;  // validation_split=0.3
    like_keras.batch_size = 32;                // fit() without batch_size
    like_keras.patience = 60;                  // no EarlyStopping
    like_keras.warn = nullptr;
    like_keras.epochs = 2;
    CHECK(model.fit(train_set, labels, like_keras).loss.size() == 2);
  }
}

TEST_CASE("weights of a Keras file are read without converting them first") {
  const auto read = [] {
    Recognizer<EfficientNetB0<224>, LSTM, 20> model(
        read_backbone_weights<EfficientNetB0<224>>("efficientnetb0_notop.h5"));
  };
  CHECK_THROWS_AS(read(), FileError);  // it is not there
}
