#pragma once
/// Keras sequence model -> a head's parameters. Reads the original's: two recurrent layers (16 and 8 units), dropout,
/// dense 8 relu, dense K softmax, over inputs features and mask.

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config.hpp"
#include "read_file.hpp"

namespace rcar::weights::keras {

/// A sequence model's parameters and what they tell of it.
struct KerasHead {
  std::string cell;                 // "gru" or "lstm"
  std::size_t feature_dim = 0;      // F
  std::size_t classes = 0;          // K
  std::size_t sequence_length = 0;  // T; 0: the file does not say
  Store parameters;  // "gru/kernel", "gru/recurrent_kernel", "gru/bias", "gru_1/kernel", ..., "dense_1/bias"
};

/// A parameter of the original's head.
struct HeadTensor {
  std::string layer, role;
  Shape shape;
  std::string name() const { return layer + "/" + role; }
};

/// The parameters of the original's head, in Keras's order. F features, K classes.
inline std::vector<HeadTensor> original_head_tensors(const std::string& cell, std::size_t features,
                                                     std::size_t classes) {
  const std::size_t gates = cell == "gru" ? 3 : 4;
  std::vector<HeadTensor> out;
  std::size_t inputs = features;
  for (const auto& [layer, units] : {std::pair{cell, std::size_t{16}}, std::pair{cell + "_1", std::size_t{8}}}) {
    out.push_back({layer, "kernel", {inputs, gates * units}});
    out.push_back({layer, "recurrent_kernel", {units, gates * units}});
    out.push_back({layer, "bias", cell == "gru" ? Shape{2, gates * units} : Shape{gates * units}});  // GRU: reset_after
    inputs = units;
  }
  for (const auto& [layer, units] : {std::pair{"dense", std::size_t{8}}, std::pair{"dense_1", classes}}) {
    out.push_back({layer, "kernel", {8, units}});
    out.push_back({layer, "bias", {units}});
  }
  return out;
}

namespace detail {

/// Refuses a layer whose description asks for what rcar's head does not compute; what is not described passes.
inline void require_field(const json::Value& layer, const char* field, const json::Value& wanted) {
  const json::Value* config = layer.find("config");
  const json::Value* value = config ? config->find(field) : nullptr;
  if (!value || json::dump(*value) == json::dump(wanted)) return;
  const json::Value* name = config->find("name");
  throw WeightsError("its layer " + quoted(name && name->if_string() ? *name->if_string() : layer_class(layer)) +
                     " has " + field + " " + json::dump(*value) + " where rcar's head has " + json::dump(wanted));
}

/// Checks the description of the layers, and returns T where the features' input states it.
inline std::size_t check_head_config(const json::Value& config) {
  const json::Array* layers = find_layers(config, {"GRU", "LSTM"});
  if (!layers) return 0;
  std::size_t steps = 0, recurrent = 0, dense = 0;
  for (const json::Value& layer : *layers) {
    const std::string kind = layer_class(layer);
    if (kind == "GRU" || kind == "LSTM") {
      require_field(layer, "activation", "tanh");
      require_field(layer, "recurrent_activation", "sigmoid");
      require_field(layer, "go_backwards", false);
      require_field(layer, "use_bias", true);
      require_field(layer, "return_sequences", recurrent++ == 0);
      if (kind == "GRU") require_field(layer, "reset_after", true);
    } else if (kind == "Dense") {
      require_field(layer, "activation", dense++ == 0 ? "relu" : "softmax");
    } else if (kind == "InputLayer") {
      for (const char* field : {"batch_shape", "batch_input_shape"}) {
        const json::Value* inner = layer.find("config");
        const json::Value* shape = inner ? inner->find(field) : nullptr;
        if (shape && shape->if_array() && shape->array().size() == 3 && shape->array()[1].if_integer())
          steps = static_cast<std::size_t>(std::max<std::int64_t>(0, shape->array()[1].integer()));
      }
    } else if (kind != "Dropout" && kind != "Masking") {
      throw WeightsError("its layer of class " + quoted(kind) + " has no place in rcar's head");
    }
  }
  return steps;
}

inline KerasHead match_head(const KerasFile& file, const std::shared_ptr<const KerasFile>& owner) {
  const auto model = std::find_if(file.models.begin(), file.models.end(),
                                  [](const FileModel& m) { return m.count("gru") + m.count("lstm") > 0; });
  if (model == file.models.end()) throw WeightsError("it has no GRU and no LSTM layer");
  KerasHead head;
  head.cell = model->count("gru") > 0 ? "gru" : "lstm";
  if (file.config) head.sequence_length = check_head_config(*file.config);

  std::vector<const FileLayer*> layers;  // of the cell's kind, then dense: in the order of original_head_tensors
  for (const std::string& kind : {head.cell, std::string("dense")})
    for (const FileLayer& layer : model->layers)
      if (layer.kind == kind) layers.push_back(&layer);
  for (const FileLayer& layer : model->layers)
    if (layer.kind != head.cell && layer.kind != "dense")
      throw WeightsError("its layer of " + quoted("/" + layer.tensors[0].path) + " has no place in a " + head.cell +
                         " head");
  const FileTensor& first = layers.front()->tensors[0];
  const FileTensor& last = layers.back()->tensors.back();
  head.feature_dim = first.shape.empty() ? 0 : first.shape[0];
  head.classes = last.shape.empty() ? 0 : last.shape.back();

  std::size_t layer = 0, place = 0;
  std::string running;
  for (const HeadTensor& wanted : original_head_tensors(head.cell, head.feature_dim, head.classes)) {
    if (wanted.layer != running && !running.empty()) ++layer, place = 0;
    running = wanted.layer;
    if (layer >= layers.size() || place >= layers[layer]->tensors.size())
      throw WeightsError("tensor " + quoted(wanted.name()) + " of shape " + to_string(wanted.shape) + " is missing");
    const FileTensor& tensor = layers[layer]->tensors[place++];
    if (tensor.shape != wanted.shape || (!tensor.role.empty() && tensor.role != wanted.role))
      throw WeightsError("tensor " + quoted(wanted.name()) + " needs the shape " + to_string(wanted.shape) + " and " +
                         quoted("/" + tensor.path) + " has " + to_string(tensor.shape));
    head.parameters.add(wanted.name(), tensor.shape, tensor.values, owner);
  }
  if (layers.size() != layer + 1)
    throw WeightsError("it has " + std::to_string(layers.size()) + " layers with tensors where the head has " +
                       std::to_string(layer + 1));
  return head;
}

}  // namespace detail

/// Whether a file holds a sequence model rather than a backbone.
inline bool is_head(const KerasFile& file) {
  return std::none_of(file.models.begin(), file.models.end(),
                      [](const FileModel& m) { return m.count("conv2d") > 0; }) &&
         std::any_of(file.models.begin(), file.models.end(),
                     [](const FileModel& m) { return m.count("gru") + m.count("lstm") > 0; });
}

/// The original's sequence model in a file that was read from `path`; the result shares its memory.
/// Throws as read_keras_head does.
inline KerasHead find_keras_head(const std::shared_ptr<const KerasFile>& file, const std::filesystem::path& path) {
  KerasHead head;
  try {
    head = detail::match_head(*file, file);
  } catch (const Error& error) {
    throw WeightsError(quoted(path.string()) + " is not the original's sequence model: " + error.what() +
                       "; rcar reads recurrent 16, recurrent 8, dropout, dense 8, dense K.");
  }
  for (const Tensor& tensor : head.parameters.tensors()) require_finite(tensor.name, tensor.values, path.string());
  return head;
}

/// Reads the original's sequence model from a .h5, .weights.h5 or .keras file.
/// Throws FileError when the file cannot be opened; WeightsError in one sentence when it is damaged or another model:
/// then it names the first tensor or setting that does not fit.
inline KerasHead read_keras_head(const std::filesystem::path& path) {
  return find_keras_head(std::make_shared<const KerasFile>(read_keras_file(path)), path);
}

}  // namespace rcar::weights::keras
