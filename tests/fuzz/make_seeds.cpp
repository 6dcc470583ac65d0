// Writes the seeds that are no text into FOLDER/<target>/; run it after a change of a file format:
//   rcar_fuzz_seeds tests/fuzz/seeds tests/golden/data

#include <filesystem>
#include <opencv2/videoio.hpp>
#include <rcar/backend/reference.hpp>
#include <rcar/data/feature_cache.hpp>
#include <rcar/heads/cell.hpp>
#include <rcar/heads/original.hpp>
#include <rcar/heads/sequence_head.hpp>
#include <rcar/model_file.hpp>
#include <rcar/train/training_state.hpp>
#include <rcar/weights/keras/hdf5_writer.hpp>
#include <rcar/weights/keras/read_file.hpp>
#include <rcar/weights/packed_file.hpp>

#include "tests/support/torch_file.hpp"

namespace fs = std::filesystem;

namespace {

fs::path place(const fs::path& folder, const std::string& target, const std::string& name) {
  fs::create_directories(folder / target);
  return folder / target / name;
}

template <class Cell>
void write_model(const fs::path& path) {
  rcar::ModelFile model;
  model.backbone = "efficientnetb0";
  model.graph = std::string(64, 'a');
  model.image_dim = 224, model.sequence_length = 3, model.feature_dim = 4;
  model.cell = Cell::name;
  model.classes = {"Dive", "Punch", "Jump"};
  const rcar::SequenceHead<4, 3, Cell, rcar::backend::Reference> head(3, 7);
  model.head = head.description();
  model.training.validation = "stratified";
  head.store(model.parameters);
  rcar::save_model(path, model);
}

void write_state(const fs::path& path) {
  rcar::TrainingState state;
  state.values = state.best = {1, 2, 3, 4};
  state.adam = {.m = {1, 1, 1, 1}, .v = {2, 2, 2, 2}, .steps = 3};
  state.history.loss = {1, 0.5}, state.history.accuracy = {0.5, 0.75};
  rcar::TrainingStateFile(path, {{"head", "gru"}}, 4, 0, {}).write(state);
}

void write_packed(const fs::path& path) {
  rcar::weights::PackedFile file;
  file.store.add("stem", {16}, std::vector<float>(16, 1));
  file.store.add("top", {32}, std::vector<float>(32, 2));
  file.weights_stamp = "1 2 3";
  rcar::weights::write_packed(
      path, {{"format", "rcar-packed"}, {"version", "1"}, {"engine", "native avx2"}, {"layout", "x"}}, file);
}

/// The cache names entries by a hash; a seed is that file.
void write_cache(const fs::path& folder) {
  const fs::path scratch = folder / "scratch";
  const rcar::FeatureCache cache(scratch, "avx2");
  const std::vector<float> features{1, 2, 3, 4, 5, 6};
  cache.store("key", features, 3);
  fs::copy_file(cache.path("key"), place(folder, "cache_entry", "two_frames"), fs::copy_options::overwrite_existing);
  fs::copy_file(scratch / "cache.json", place(folder, "cache_marker", "avx2"), fs::copy_options::overwrite_existing);
  fs::remove_all(scratch);
}

void write_torch(const fs::path& folder) {
  rcar::write_file(place(folder, "torch_checkpoint", "one_tensor"),
                   rcar::test::torch_state_dict({{"_conv_stem.weight", {2, 1, 1, 1}}}));
  rcar::write_file(place(folder, "torch_pickle", "one_tensor"),
                   "\x80\x02}" + rcar::test::pickled("weight") + rcar::test::TorchTensor{}.pickle() + "s.");
}

/// A dense layer by itself, in Keras 3's layout and in the older one.
void write_weights_h5(const fs::path& path, const rcar::weights::Store& values) {
  rcar::weights::keras::Hdf5Writer layers;
  layers.group("layers/dense/vars");
  layers.attribute("layers/dense/vars", "name", "dense");
  layers.write("layers/dense/vars/0", *values.find("kernel"));
  layers.save(path);
}
void write_legacy_h5(const fs::path& path, const rcar::weights::Store& values) {
  rcar::weights::keras::Hdf5Writer legacy;
  legacy.group("dense/dense");
  legacy.attribute("/", "layer_names", "dense");
  legacy.attribute("dense", "weight_names", "dense/kernel:0");
  legacy.write("dense/dense/kernel:0", *values.find("kernel"));
  legacy.save(path);
}

/// Six small frames, in the containers and codecs that clips have most often.
void write_clips(const fs::path& folder) {
  constexpr std::pair<const char*, const char*> kinds[] = {
      {"mjpeg.avi", "MJPG"}, {"mpeg4.avi", "XVID"}, {"mpeg4.mp4", "mp4v"}};
  for (const auto& [name, code] : kinds) {
    const fs::path path = place(folder, "decode", name);
    cv::VideoWriter writer(path.string(), cv::VideoWriter::fourcc(code[0], code[1], code[2], code[3]), 25, {32, 32});
    for (int i = 0; i < 6; ++i) {
      cv::Mat frame(32, 32, CV_8UC3, cv::Scalar(40, 90, 160));
      frame(cv::Rect(4 * i, 3 * i, 8, 8)).setTo(cv::Scalar(255, 10 * i, 0));
      writer.write(frame);
    }
  }
}

/// What a child sends of a file, without the values' memory: they lie at the start of it.
void write_result(const fs::path& folder, const fs::path& file, const std::string& name) {
  namespace keras = rcar::weights::keras;
  keras::KerasFile read = keras::read_keras_file(file);
  std::vector<float> values(1024);
  for (auto& model : read.models)
    for (auto& layer : model.layers)
      for (auto& tensor : layer.tensors)
        tensor.values = std::span(values).first(std::min<std::size_t>(tensor.values.size(), 1024));
  rcar::write_file(place(folder, "keras_result", name), keras::encode(read, "{}", std::as_bytes(std::span(values))));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "usage: make_seeds FOLDER GOLDEN_FOLDER\n"), 2;
  const fs::path folder = argv[1];
  write_model<rcar::GRU>(place(folder, "model", "gru"));
  write_model<rcar::LSTM>(place(folder, "model", "lstm"));
  write_packed(place(folder, "packed", "two_tensors"));
  write_state(place(folder, "training_state", "two_epochs"));
  write_cache(folder);
  write_torch(folder);
  write_clips(folder);
  rcar::weights::Store values;
  values.add("kernel", {2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6});
  write_weights_h5(place(folder, "keras", "dense.weights.h5"), values);
  write_legacy_h5(place(folder, "keras", "dense.h5"), values);
  write_result(folder, folder / "keras" / "dense.h5", "dense");
  write_result(folder, fs::path(argv[2]) / "keras_head_gru.weights.h5", "gru");
}
