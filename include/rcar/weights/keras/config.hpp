#pragma once
/// Reading Keras's description of a model (config.json of a .keras, attribute model_config of a full .h5).

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../../core/json.hpp"

namespace rcar::weights::keras {

/// The lists of layers in a description: the model's own first, then those of models nested in it.
inline void collect_layer_lists(const json::Value& value, std::vector<const json::Array*>& lists) {
  if (const json::Object* members = value.if_object()) {
    for (const json::Member& member : *members) {
      if (const json::Array* layers = member.value.if_array(); layers && member.name == "layers")
        lists.push_back(layers);
      collect_layer_lists(member.value, lists);
    }
  } else if (const json::Array* items = value.if_array()) {
    for (const json::Value& item : *items) collect_layer_lists(item, lists);
  }
}

/// A layer's class, "" when the description is malformed.
inline std::string layer_class(const json::Value& layer) {
  const json::Value* name = layer.find("class_name");
  return name && name->if_string() ? *name->if_string() : "";
}

/// How many of the layers are of Keras's class `name`.
inline std::size_t count_class(const json::Array& layers, std::string_view name) {
  std::size_t count = 0;
  for (const json::Value& layer : layers) count += layer_class(layer) == name;
  return count;
}

/// The first list of layers that has a layer of one of the classes; nullptr when there is none.
inline const json::Array* find_layers(const json::Value& config, const std::vector<std::string_view>& classes) {
  std::vector<const json::Array*> lists;
  collect_layer_lists(config, lists);
  for (const json::Array* layers : lists)
    for (std::string_view name : classes)
      if (count_class(*layers, name) > 0) return layers;
  return nullptr;
}

}  // namespace rcar::weights::keras
