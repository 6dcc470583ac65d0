#pragma once
/// Keras's legacy .h5 (Keras 2, tf.keras, and Keras 3's `model.save("x.h5")`): attribute `layer_names` in the order of
/// `model.layers`, in each layer's group `weight_names`. A full model keeps them in the group `model_weights`.

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hdf5_file.hpp"
#include "keras_file.hpp"

namespace rcar::weights::keras {

namespace detail {

/// A list of names. Keras cuts one that exceeds HDF5's 64 KiB into `name0`, `name1`, ...
inline std::vector<std::string> legacy_names(const Hdf5File& file, const std::string& group, const std::string& name) {
  if (file.has_attribute(group, name)) return file.strings(group, name);
  std::vector<std::string> all;
  for (int part = 0; file.has_attribute(group, name + std::to_string(part)); ++part)
    for (std::string& item : file.strings(group, name + std::to_string(part))) all.push_back(std::move(item));
  if (all.empty()) throw WeightsError("it has no attribute " + quoted(name) + " at " + quoted("/" + group));
  return all;
}

/// A layer's kind, told from its tensors: legacy files do not name classes.
inline std::string legacy_kind(const std::vector<FileTensor>& tensors) {
  const auto find = [&](std::string_view role) {
    const auto it = std::find_if(tensors.begin(), tensors.end(), [&](const auto& t) { return t.role == role; });
    return it == tensors.end() ? nullptr : &*it;
  };
  if (const FileTensor* recurrent = find("recurrent_kernel"); recurrent && recurrent->shape.size() == 2)
    return recurrent->shape[1] == 3 * recurrent->shape[0] ? "gru" : "lstm";
  if (find("moving_mean")) return "batch_normalization";
  if (find("mean") && find("variance")) return "normalization";
  if (find("depthwise_kernel")) return find("pointwise_kernel") ? "separable_conv2d" : "depthwise_conv2d";
  if (const FileTensor* kernel = find("kernel")) {
    if (kernel->shape.size() == 2) return "dense";
    if (kernel->shape.size() == 4)  // Keras 3 names a depthwise kernel just "kernel"
      return kernel->shape[3] == 1 && kernel->shape[2] > 1 ? "depthwise_conv2d" : "conv2d";
  }
  return "other";
}

/// "stem_conv/kernel:0" -> {"stem_conv", "kernel"}
inline std::pair<std::string, std::string> legacy_layer_and_role(const std::string& weight) {
  const std::size_t slash = weight.rfind('/');
  const std::string layer = slash == weight.npos ? "" : weight.substr(0, slash);
  const std::string last = slash == weight.npos ? weight : weight.substr(slash + 1);
  return {layer, last.substr(0, last.find(':'))};
}

/// One group of `layer_names`. A nested model's tensors all stand in one group, trainable ones first: they are told
/// apart by the part of their name before the last '/'.
inline std::vector<FileLayer> legacy_group(const Hdf5File& file, const std::string& group, const std::string& name,
                                           const FloatMemory& memory) {
  std::vector<FileLayer> layers;
  for (const std::string& weight : legacy_names(file, group, "weight_names")) {
    auto split = legacy_layer_and_role(weight);
    std::string &layer_name = split.first, &role = split.second;
    auto layer = std::find_if(layers.begin(), layers.end(), [&](const FileLayer& l) { return l.name == layer_name; });
    if (layer == layers.end()) layer = layers.insert(layers.end(), FileLayer{"", layer_name, {}});
    const std::string path = group + "/" + weight;
    Hdf5Values read = file.read(path, memory);
    layer->tensors.push_back({path, std::move(role), std::move(read.shape), read.values});
  }
  if (layers.size() == 1) layers[0].name = name;
  for (FileLayer& layer : layers) layer.kind = legacy_kind(layer.tensors);
  return layers;
}

}  // namespace detail

/// Whether the file is laid out as Keras's legacy .h5 files are.
inline bool is_legacy_h5(const Hdf5File& file) {
  const auto listed = [&](const std::string& group) {
    return file.has_attribute(group, "layer_names") || file.has_attribute(group, "layer_names0");
  };
  return listed("") || (file.is_group("model_weights") && listed("model_weights"));
}

/// Reads a legacy file; `config` gets the text of the model's description where there is one. Throws WeightsError, a
/// clause, as Hdf5File does.
inline KerasFile read_legacy_h5(const Hdf5File& file, const FloatMemory& memory, std::string& config) {
  KerasFile out{FileStyle::legacy_h5, {{"", {}, 0, false}}, {}, {}};
  const std::string root = file.is_group("model_weights") ? "model_weights" : "";
  for (const std::string& name : detail::legacy_names(file, root, "layer_names")) {
    auto layers = detail::legacy_group(file, root.empty() ? name : root + "/" + name, name, memory);
    if (layers.size() > 1)
      out.models.push_back({name, std::move(layers), 0, false});
    else if (layers.size() == 1)
      out.models[0].layers.push_back(std::move(layers[0]));
    else
      out.models[0].lists_tensorless_layers = true;
    out.models[0].rescalings += name.starts_with("rescaling");
  }
  if (file.has_attribute("", "model_config"))
    for (const std::string& text : file.strings("", "model_config")) config = text;
  return out;
}

}  // namespace rcar::weights::keras
