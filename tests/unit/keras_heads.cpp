#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <rcar/backend/reference.hpp>
#include <rcar/heads/sequence_head.hpp>
#include <rcar/weights/keras/read_head.hpp>
#include <rcar/weights/keras/write_head.hpp>
#include <rcar/weights/safetensors.hpp>
#include <string>

namespace fs = std::filesystem;
namespace keras = rcar::weights::keras;
using Catch::Matchers::Contains;

namespace {

const fs::path data = RCAR_TEST_DATA;

/// A folder of its own that goes away with the test.
struct Folder {
  fs::path path = [] {
    std::string name = (fs::temp_directory_path() / "rcar-keras-XXXXXX").string();
    return fs::path(::mkdtemp(name.data()));
  }();
  ~Folder() { fs::remove_all(path); }
};

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

template <class Cell>
double worst_probability(const keras::KerasHead& head, const rcar::weights::Store& expected) {
  rcar::SequenceHead<12, 5, Cell, rcar::backend::Reference> model(3);
  model.load(head.parameters);
  rcar::Features features(rcar::Features::shape_type{4, 5, 12});
  rcar::Mask mask(rcar::Mask::shape_type{4, 5});
  std::ranges::copy(expected.find("features")->values, features.begin());
  std::ranges::transform(expected.find("mask")->values, mask.begin(), [](float value) { return value != 0; });
  const auto probabilities = model.predict(features, mask);
  double worst = 0;
  for (std::size_t i = 0; i < probabilities.size(); ++i)
    worst = std::max<double>(worst, std::abs(probabilities.data()[i] - expected.find("probabilities")->values[i]));
  return worst;
}

}  // namespace

TEST_CASE("every style of Keras file gives the same head") {
  for (const std::string cell : {"gru", "lstm"}) {
    const auto expected = rcar::weights::read_safetensors(data / ("keras_head_" + cell + "_expected.safetensors"));
    for (const std::string style : {".keras", ".weights.h5", ".h5", "_keras2.h5", "_tf.h5"}) {
      CAPTURE(cell, style);
      const auto head = keras::read_keras_head(data / ("keras_head_" + cell + style));
      CHECK(head.cell == cell);
      CHECK(head.feature_dim == 12);
      CHECK(head.classes == 3);
      CHECK(head.sequence_length == (style == ".keras" || style == ".h5" ? 5u : 0u));
      REQUIRE(head.parameters.size() == 10);
      for (const auto& tensor : head.parameters.tensors()) {
        CAPTURE(tensor.name);
        const auto* wanted = expected.find(tensor.name);
        REQUIRE(wanted);
        CHECK(wanted->shape == tensor.shape);
        CHECK(std::ranges::equal(wanted->values, tensor.values));
      }
    }
  }
}

TEST_CASE("a converted head gives Keras's probabilities, whatever the mask") {
  const auto gru = rcar::weights::read_safetensors(data / "keras_head_gru_expected.safetensors");
  CHECK(worst_probability<rcar::GRU>(keras::read_keras_head(data / "keras_head_gru.keras"), gru) < 1e-6);
  const auto lstm = rcar::weights::read_safetensors(data / "keras_head_lstm_expected.safetensors");
  CHECK(worst_probability<rcar::LSTM>(keras::read_keras_head(data / "keras_head_lstm_tf.h5"), lstm) < 1e-6);
}

TEST_CASE("a head written for Keras reads back as it was and has the structure of Keras's own file") {
  const Folder folder;
  for (const std::string cell : {"gru", "lstm"}) {
    CAPTURE(cell);
    const auto head = keras::read_keras_head(data / ("keras_head_" + cell + ".keras"));
    const fs::path ours = folder.path / (cell + ".weights.h5");
    keras::write_keras_head(ours, head.parameters);
    const auto back = keras::read_keras_head(ours);
    CHECK(rcar::weights::weights_hash(back.parameters) == rcar::weights::weights_hash(head.parameters));

    const keras::Hdf5File mine(ours), theirs(data / ("keras_head_" + cell + ".weights.h5"));
    CHECK(mine.members("layers") == theirs.members("layers"));
    for (const std::string& layer : theirs.members("layers")) {
      CAPTURE(layer);
      CHECK(mine.members("layers/" + layer) == theirs.members("layers/" + layer));
      CHECK(mine.members("layers/" + layer + "/vars") == theirs.members("layers/" + layer + "/vars"));
      CHECK(mine.strings("layers/" + layer + "/vars", "name") == theirs.strings("layers/" + layer + "/vars", "name"));
    }
    keras::write_keras_head(folder.path / "again.weights.h5", head.parameters);
    CHECK(bytes_of(ours) == bytes_of(folder.path / "again.weights.h5"));
  }
}

TEST_CASE("what is not the original's head cannot be written for Keras") {
  const Folder folder;
  auto head = keras::read_keras_head(data / "keras_head_gru.keras");
  rcar::weights::Store less;
  for (const auto& tensor : head.parameters.tensors())
    if (tensor.name != "gru_1/bias") less.add(tensor.name, tensor.shape, {tensor.values.begin(), tensor.values.end()});
  CHECK_THROWS_WITH(keras::write_keras_head(folder.path / "x.weights.h5", less), Contains("'gru_1/bias'"));
  CHECK_THROWS_AS(keras::write_keras_head(folder.path / "x.weights.h5", {}), rcar::WeightsError);
  CHECK_THROWS_AS(keras::write_keras_head(folder.path / "no" / "x.weights.h5", head.parameters), rcar::FileError);
  CHECK(fs::is_empty(folder.path));
}

TEST_CASE("a backbone, or a sequence model of other settings, is no head and the reason is named") {
  CHECK_THROWS_WITH(keras::read_keras_head(data / "keras_small.keras"), Contains("no GRU and no LSTM"));
  CHECK(keras::is_head(keras::read_keras_file(data / "keras_head_lstm_keras2.h5")));
  CHECK_FALSE(keras::is_head(keras::read_keras_file(data / "keras_small_nested.h5")));

  const auto altered = [](const std::string& from, const std::string& to) {
    auto file = keras::read_keras_file(data / "keras_head_gru.keras");
    std::string text = rcar::json::dump(*file.config);
    const auto at = text.find(from);
    REQUIRE(at != text.npos);
    file.config = rcar::json::parse(text.replace(at, from.size(), to));
    return std::make_shared<const keras::KerasFile>(std::move(file));
  };
  const auto refused = [&](const std::string& from, const std::string& to, const std::string& reason) {
    CAPTURE(from, to);
    CHECK_THROWS_WITH(keras::find_keras_head(altered(from, to), "x.keras"), Contains(reason));
  };
  refused(R"("recurrent_activation": "sigmoid")", R"("recurrent_activation": "hard_sigmoid")",
          R"('gru' has recurrent_activation "hard_sigmoid" where rcar's head has "sigmoid")");
  refused(R"("reset_after": true)", R"("reset_after": false)", "reset_after");
  refused(R"("go_backwards": false)", R"("go_backwards": true)", "go_backwards");
  refused(R"("activation": "softmax")", R"("activation": "linear")", R"("softmax")");
  refused(R"("class_name": "Dropout")", R"("class_name": "LayerNormalization")", "LayerNormalization");

  auto file = keras::read_keras_file(data / "keras_head_gru.weights.h5");
  for (auto& layer : file.models[0].layers)
    if (layer.kind == "gru") {  // reset_after=False: one row of biases
      layer.tensors[2].shape = {48};
      layer.tensors[2].values = layer.tensors[2].values.first(48);
      break;
    }
  CHECK_THROWS_WITH(keras::find_keras_head(std::make_shared<keras::KerasFile>(file), "x.h5"),
                    Contains("'gru/bias' needs the shape (2, 48)") && Contains("has (48,)"));
}
