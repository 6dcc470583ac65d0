#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <numeric>
#include <rcar/core/json.hpp>
#include <rcar/keras.hpp>
#include <rcar/recognizer.hpp>
#include <rcar/report/tables.hpp>

#include "tests/support/shared_data.hpp"

namespace {

using namespace rcar;

using Model = Recognizer<EfficientNetB0<224>, LSTM, 20>;

Dataset dataset(const std::filesystem::path& root, const std::string& names) {
  Dataset result{root, {}};
  const json::Value list = json::parse(names);
  for (const auto& name : list.array())
    result.entries.push_back({name.string(), name.string().substr(0, name.string().find('/'))});
  return result;
}

weights::Store with_prefix(const weights::Store& store, const std::string& prefix) {
  weights::Store result;
  for (const auto& tensor : store.tensors())
    if (tensor.name.starts_with(prefix))
      result.add(tensor.name.substr(prefix.size()), tensor.shape, {tensor.values.begin(), tensor.values.end()});
  return result;
}

}  // namespace

// Keras decoded the clips, computed the features and trained on its own (tests/golden/keras_replay.py); rcar does the
// same on its own from the clips. Only what is random is taken over: initial weights, batch order, dropout.
TEST_CASE("five epochs on real clips end with Keras's weights and labels", "[shared][long]") {
  const auto shared = test::shared_data();
  if (!shared) return;
  const auto golden = weights::read_safetensors(std::filesystem::path(RCAR_TEST_DATA) / "keras_replay.safetensors");
  const Dataset train = dataset(*shared / "data/UCF-101", golden.metadata.at("train"));
  const Dataset test = dataset(*shared / "data/UCF-101", golden.metadata.at("test"));
  const StringLookup labels = StringLookup::from_tags(train.tags());
  REQUIRE(train.size() == 195);
  REQUIRE(test.size() == 105);

  Model model(read_backbone_weights<EfficientNetB0<224>>(*shared / "weights/efficientnetb0_notop.h5"));
  const auto train_set = model.process_videos_and_extract_features(train, labels);
  const auto test_set = model.process_videos_and_extract_features(test, labels);
  REQUIRE(train_set.quarantine.empty());
  REQUIRE(test_set.quarantine.empty());

  Model::SequenceHead head(static_cast<int>(labels.size()));
  head.load(with_prefix(golden, "initial/"));
  FitOptions options;
  options.epochs = static_cast<int>(golden.find("order")->shape[0]);
  options.patience = options.epochs;
  options.batch_order = [&](int epoch, std::span<std::size_t> order) {
    const float* rows = golden.find("order")->values.data() + static_cast<std::size_t>(epoch - 1) * order.size();
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::size_t>(rows[i]);
  };
  const std::size_t batch_floats = 64 * Model::SequenceHead::dropout_units;
  options.dropout_mask = [&](int epoch, int batch, std::span<float> keep) {
    const float* scaled = golden.find("dropout")->values.data() +
                          static_cast<std::size_t>(epoch - 1) * train.size() * Model::SequenceHead::dropout_units +
                          static_cast<std::size_t>(batch - 1) * batch_floats;
    for (std::size_t i = 0; i < keep.size(); ++i) keep[i] = scaled[i] > 0 ? 1.f : 0.f;
  };
  REQUIRE(fit(head, train_set.features, FeatureSet{}, options).best_epoch == options.epochs);

  weights::Store ours;
  head.store(ours);
  double worst = 0;
  const weights::Store keras_weights = with_prefix(golden, "final/");
  for (const auto& tensor : keras_weights.tensors()) {
    const auto& mine = ours.find(tensor.name)->values;
    for (std::size_t i = 0; i < mine.size(); ++i)
      worst = std::max(worst, std::abs(double{mine[i]} - double{tensor.values[i]}));
  }
  const Probabilities probabilities = head.predict(test_set.features.features, test_set.features.mask);
  Probabilities keras = probabilities;
  std::copy(golden.find("probabilities")->values.begin(), golden.find("probabilities")->values.end(), keras.begin());
  const std::vector<int> mine = predicted_classes(probabilities), theirs = predicted_classes(keras);
  const auto same = std::inner_product(mine.begin(), mine.end(), theirs.begin(), 0, std::plus<>(), std::equal_to<>());
  WARN("after " << options.epochs << " epochs on " << train.size() << " clips: largest difference of a weight " << worst
                << ", same label as Keras on " << same << " of " << mine.size() << " test clips");
  CHECK(worst < 1e-3);
  CHECK(same == 105);
}
