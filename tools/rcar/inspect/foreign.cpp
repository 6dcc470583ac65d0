// Files of Keras and PyTorch.
#include <rcar/any_recognizer.hpp>
#include <rcar/keras_backbones.hpp>
#include <rcar/weights/keras/read_backbone.hpp>
#include <rcar/weights/keras/read_head.hpp>
#include <rcar/weights/torch/efficientnet_lite.hpp>

#include "inspection.hpp"

namespace rcar::tools {

namespace {

namespace keras = weights::keras;

void describe_head(Inspection& found, const std::shared_ptr<const keras::KerasFile>& file,
                   const std::filesystem::path& path) {
  const keras::KerasHead head = keras::find_keras_head(file, path);
  found.facts["holds"] = head.cell + " head of the Keras pipeline";
  found.facts["features a frame"] = head.feature_dim;
  found.facts["classes"] = head.classes;
  if (head.sequence_length) found.facts["frames a clip"] = head.sequence_length;
  found.notes.emplace_back(
      "`rcar convert FILE model.rcar --classes A,B,.. --backbone NAME` makes a model of rcar of it.");
}

void describe_backbone(Inspection& found, const std::shared_ptr<const keras::KerasFile>& file,
                       const std::filesystem::path& path) {
  const auto read = keras::find_keras_backbone(file, path, keras_backbones(), {});
  found.facts["holds"] = read.backbone;
  const auto rescaling = read.store.metadata.find("rescaling");
  if (rescaling != read.store.metadata.end()) found.facts["rescaling"] = rescaling->second;
  found.notes.insert(found.notes.end(), read.notes.begin(), read.notes.end());
  found.notes.emplace_back("rcar takes it as --weights; `rcar convert` makes a file of it that loads faster.");
}

}  // namespace

Inspection inspect_keras(const std::filesystem::path& path) {
  Inspection found;
  found.kind = "weight file of Keras";
  std::shared_ptr<const keras::KerasFile> file;
  try {
    file = std::make_shared<const keras::KerasFile>(keras::read_keras_file(path));
  } catch (const WeightsError& error) {
    found.damage = error.what();
    return found;
  }
  found.kind = file->style == keras::FileStyle::legacy_h5    ? "weight file of Keras (.h5)"
               : file->style == keras::FileStyle::weights_h5 ? "weight file of Keras 3 (.weights.h5)"
                                                             : "model archive of Keras 3 (.keras)";
  nlohmann::ordered_json kinds = nlohmann::ordered_json::object();  // in the order in which they first occur
  std::size_t layers = 0;
  for (const auto& model : file->models)
    for (const auto& layer : model.layers) {
      ++layers;
      kinds[layer.kind] = kinds.value(layer.kind, 0) + 1;
      for (const auto& tensor : layer.tensors)
        found.tensors.push_back(tensor_facts(tensor.path, tensor.shape, tensor.values));
    }
  try {  // it may be a network that rcar does not know, which is no damage
    keras::is_head(*file) ? describe_head(found, file, path) : describe_backbone(found, file, path);
  } catch (const WeightsError& error) {
    found.notes.emplace_back(error.what());
  }
  found.facts["layers with weights"] = layers;
  if (layers > 0) found.facts["by kind"] = kinds;
  check_numbers(found, Numbers::any);  // converting refuses them
  return found;
}

Inspection inspect_torch(const std::filesystem::path& path) {
  Inspection found;
  found.kind = "checkpoint of PyTorch";
  weights::Store store;
  try {
    store = weights::torch::read_checkpoint(path);
  } catch (const WeightsError& error) {
    found.damage = error.what();
    return found;
  }
  try {
    weights::torch::convert_efficientnet_lite0(store, RegisteredRecognizers::layers("efficientnetlite0"));
    found.facts["holds"] = "efficientnetlite0";
    found.notes.emplace_back("`rcar convert` makes a file of it that rcar takes as --weights.");
  } catch (const WeightsError& error) {
    found.notes.push_back("It holds no weights of EfficientNet-Lite0: " + std::string(error.what()) + ".");
  }
  add_tensors(found, store, Numbers::any);
  return found;
}

}  // namespace rcar::tools
