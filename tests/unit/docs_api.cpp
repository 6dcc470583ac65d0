/// The C++ lines of the headers' doc comments, compiled and run (tests/architecture/check_snippets.py compares the
/// two).

#include <catch2/catch.hpp>
#include <filesystem>
#include <opencv2/core.hpp>
#include <rcar/any_recognizer.hpp>
#include <rcar/backend/native.hpp>
#include <rcar/core/hash.hpp>
#include <rcar/core/json.hpp>
#include <rcar/core/output_folder.hpp>
#include <rcar/data/any_folder.hpp>
#include <rcar/data/cache_writer.hpp>
#include <rcar/data/prefetch.hpp>
#include <rcar/graph/builder.hpp>
#include <rcar/heads/stack.hpp>
#include <rcar/keras_backbones.hpp>
#include <rcar/report/confusion_matrix.hpp>
#include <rcar/report/curves.hpp>
#include <rcar/video/decoder.hpp>
#include <rcar/video/gif.hpp>
#include <rcar/weights/keras/read_backbone.hpp>
#include <rcar/weights/torch/checkpoint.hpp>
#include <rcar/weights/torch/efficientnet_lite.hpp>

#include "tests/support/clips.hpp"
#include "tests/support/formula_weights.hpp"
#include "tests/support/toy_features.hpp"

namespace {

using namespace rcar;

/// A new folder with a clip, in which this process works until the end of the test.
class Place {
 public:
  Place() {
    std::filesystem::current_path(folder_.path());
    test::write_clip(folder_ / "clip.avi", 4, 7);
  }
  ~Place() { std::filesystem::current_path(before_); }

 private:
  std::filesystem::path before_ = std::filesystem::current_path();
  test::TempFolder folder_;
};

/// The weights of a backbone, drawn by a formula, as its native file holds them.
template <class Backbone>
weights::Store drawn_weights(const std::string& name) {
  const auto layers = graph::graph_of<Backbone>.view();
  auto store = test::formula_weights(layers);
  weights::set_origin(store, {name, graph::fingerprint(layers), "formula", "", "none"});
  return store;
}

void run_network(const weights::Store& store, const std::uint8_t* frames, int n, float* features) {
  using graph::plan_view;
  Network<backend::Default> network(plan_view<EfficientNetB0<224>>(), store);
  network.forward(frames, n, features);  // frames (N, D, D, 3) RGB bytes, features (N, F)
}

void convert_keras() {
  using namespace rcar::weights;
  using namespace rcar::weights::keras;
  auto read = read_keras_backbone("efficientnetb0_notop.h5", keras_backbones());
  write_safetensors("efficientnetb0.safetensors", read.store);
}

void convert_torch() {
  using namespace rcar::weights::torch;
  auto store = read_efficientnet_lite0("lite0.pth", graph::graph_of<EfficientNetLite0<224>>.view());
  weights::write_safetensors("lite0.safetensors", store);
}

}  // namespace

TEST_CASE("the types of the doc comments are what they say") {
  using namespace rcar::heads;
  using Model = rcar::Recognizer<rcar::EfficientNetB7<600>, rcar::LSTM, 20>;
  using Fast = Recognizer<InceptionV3<224>, GRU, 20>;
  using Exact = Recognizer<InceptionV3<224>, GRU, 20, backend::Native<backend::numerics::exact>>;
  using Layers = Stack<Recurrent<LSTM, 32>, Dropout<std::ratio<1, 2>>>;

  CHECK(Model::feature_dim == 2560);
  CHECK(Fast::feature_dim == 2048);
  CHECK(!std::is_same_v<Fast, Exact>);
  CHECK(SequenceHead<8, 4, LSTM, backend::Default, Layers>::description() ==
        "lstm(32) -> dropout(0.5) -> dense(softmax)");
}

TEST_CASE("the doc comments of core and data run") {
  const Place place;

  const std::string bytes = "second";
  Sha256 hash;
  hash.add("first");
  hash.add(bytes);
  auto name = hash.hex();  // 64 lower-case digits
  CHECK(name.size() == 64);

  std::int64_t sum = 0;
  {
    const auto use = [&](std::int64_t extent) { sum += extent; };
    const auto value = json::parse(R"({"shape": [3, 4]})");
    for (const json::Value& extent : value.at("shape").array()) use(extent.integer());
  }
  CHECK(sum == 7);

  {
    const std::string text = "epoch,loss\n";
    const OutputFolder out("out", {"model.rcar", "history.csv"});
    write_file(out / "history.csv", text);
  }
  CHECK(test::read_text("out/history.csv") == "epoch,loss\n");

  for (const char* tag : {"Punch", "Wave"})
    for (int i = 0; i < 4; ++i)
      test::write_clip(std::filesystem::path("videos") / tag / (std::to_string(i) + ".avi"), 3, i);
  {
    const TrainTest data = read_data({.folder = "videos"});
    CHECK(data.train.size() + data.test.size() == 8);
  }
  {
    const Dataset data = read_class_folders("videos");
    const auto labels = StringLookup::from_tags(data.tags());
    const int k = labels("Punch");  // labels.vocabulary()[k] is "Punch"
    CHECK(labels.vocabulary()[static_cast<std::size_t>(k)] == "Punch");
  }

  const FeatureCache cache("cache", "baseline");
  const std::string key = "what the features depend on";
  const std::size_t feature_dim = 2;
  const std::vector<float> features = {1, 2, 3, 4};
  CacheWriter writer(cache, feature_dim, 4);
  writer.add(key, features);  // from any thread
  writer.finish();            // all are written, or it throws
  std::string damage;
  CHECK(cache.load(key, feature_dim, 2, damage) == features);

  using Clip = std::size_t;
  const std::size_t n = 5;
  std::size_t used = 0;
  const auto decode = [](std::size_t i) { return i; };
  const auto use = [&](const Clip& clip) { used += clip; };
  Prefetch<Clip> clips(n, 4, 8, [&](std::size_t i) { return decode(i); });
  while (auto clip = clips.next()) use(*clip);
  CHECK(used == 10);
}

TEST_CASE("the doc comments of networks and heads run") {
  using graph::Padding;
  const std::array<float, 3> scale = {1, 1, 1}, offset = {0, 0, 0};
  graph::Builder net("small");
  auto x = net.preprocessing(net.input({32, 32, 3}), scale, offset);
  x = net.conv2d(x, 16, 3, {.stride = 2, .padding = Padding::same, .use_bias = false, .name = "stem_conv"});
  x = net.batch_normalization(x, {.name = "stem_bn"});
  x = net.activation(x, Activation::swish, "stem_activation");
  CHECK(net.layers().size() == 5);

  const std::uint64_t seed = 1;
  const rcar::Features features = xt::zeros<float>({2, 20, 2048});
  const Mask mask = xt::ones<bool>({2, 20});
  SequenceHead<2048, 20, GRU> head(5, seed);
  Probabilities p = head.predict(features, mask);  // (N, T, F), (N, T) -> (N, K)
  CHECK(p.shape(0) == 2);
  CHECK(p.shape(1) == 5);
}

TEST_CASE("the doc comments of video and report run") {
  const Place place;
  int used = 0;
  {
    const auto use = [&](const cv::Mat& frame) { used += frame.rows > 0; };
    Decoder clip("clip.avi");
    for (cv::Mat frame; clip.grab() && clip.retrieve(frame);) use(frame);
  }
  CHECK(used == 4);
  {
    Frames frames = process_video("clip.avi", 20, 224);
    CHECK(frames.shape(0) == 4);
  }
  {
    Frames frames = sample_video("clip.avi", Sampler::uniform, 20, 224);
    CHECK(frames.shape(1) == 224);
  }
  frames_to_gif(process_video("clip.avi", 20, 224), "clip.gif", 25);
  CHECK(test::read_text("clip.gif").starts_with("GIF89a"));

  struct {
    std::vector<std::string> class_names() const { return {"Punch", "Wave"}; }
  } const model;
  const std::vector<std::size_t> counts = {3, 1, 0, 4};
  draw_confusion_matrix(counts, model.class_names(), "confusion.png");
  CHECK(std::filesystem::file_size("confusion.png") > 0);

  const Curve curves[] = {{"loss", {0.9F, 0.4F}}, {"val_loss", {1.1F, 0.7F}}};
  draw_curves(curves, "curves.png", {.best_epoch = 1});
  CHECK(std::filesystem::file_size("curves.png") > 0);
}

TEST_CASE("the doc comments of whole networks and weight files run", "[long]") {
  const Place place;
  std::filesystem::create_directories("weights");
  weights::write_safetensors("weights/efficientnetb0.safetensors",
                             drawn_weights<EfficientNetB0<224>>("efficientnetb0"));
  {
    const weights::Store store = weights::read_safetensors("weights/efficientnetb0.safetensors");
    const std::vector<std::uint8_t> frames = test::formula_images(1, 224);
    std::vector<float> features(1280);
    run_network(store, frames.data(), 1, features.data());
    CHECK(features.front() != features.back());
  }
  {
    RecognizerChoice choice;
    choice.backbone = "efficientnetb0";
    choice.cell = "gru";
    const auto trained = make_recognizer(choice, weights::read_safetensors("weights/efficientnetb0.safetensors"));
    const std::vector<std::string> tags = {"Punch", "Wave"};
    const StringLookup labels = StringLookup::from_tags(tags);
    trained->fit(test::ordered_features(8, 20, 1280, 1), labels, {.epochs = 1});
    trained->save("action.rcar");
  }
  auto model = rcar::load_recognizer("action.rcar", "weights/efficientnetb0.safetensors");
  auto classes = model->predict_video_sequence("clip.avi").classes;
  CHECK(classes.size() == 2);

  std::filesystem::copy_file(std::filesystem::path(RCAR_TEST_DATA) / "torch_zip.pth", "efficientnet-lite0.pth");
  {
    weights::Store store = weights::torch::read_checkpoint("efficientnet-lite0.pth");
    CHECK(store.size() > 0);
  }
  // These need files of others: without them they say so.
  CHECK_THROWS_AS(convert_keras(), FileError);
  CHECK_THROWS_AS(convert_torch(), FileError);
}
