#pragma once
/// Keras 3's .weights.h5: `layers/<class>_<counter>/vars/<index>`, counters per class in the order of `model.layers`;
/// recurrent layers keep their tensors in `cell/vars`, nested models their layers in `layers/<model>/layers`.

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hdf5_file.hpp"
#include "keras_file.hpp"

namespace rcar::weights::keras {

namespace detail {

/// "conv2d_12" -> {"conv2d", 12}, "conv2d" -> {"conv2d", 0}
inline std::pair<std::string, std::size_t> class_and_counter(const std::string& key) {
  const std::size_t mark = key.rfind('_');
  std::size_t counter = 0;
  if (mark == key.npos || mark == 0 || mark + 1 == key.size()) return {key, 0};
  const char* end = key.data() + key.size();
  const auto [stopped, error] = std::from_chars(key.data() + mark + 1, end, counter);
  if (error != std::errc() || stopped != end) return {key, 0};
  return {key.substr(0, mark), counter};
}

/// The data sets of a `vars` group in the order of their indices; HDF5 lists "10" before "2".
inline void read_vars(const Hdf5File& file, const std::string& group, const FloatMemory& memory, FileLayer& layer) {
  if (!file.is_group(group)) return;
  if (file.has_attribute(group, "name"))
    for (const std::string& name : file.strings(group, "name")) layer.name = name;
  for (std::size_t i = 0, count = file.members(group).size(); i < count; ++i) {
    const std::string path = group + "/" + std::to_string(i);
    Hdf5Values read = file.read(path, memory);
    layer.tensors.push_back({path, "", std::move(read.shape), read.values});
  }
}

/// One `layers` group and, after it, those nested in its members.
inline void read_layers(const Hdf5File& file, const std::string& group, const FloatMemory& memory, int depth,
                        std::vector<FileModel>& models) {
  if (depth > 8) throw WeightsError("its models nest deeper than 8 levels");
  struct Key {
    std::string kind;
    std::size_t counter;
    std::string path;
  };
  std::vector<Key> keys;
  for (const std::string& member : file.members(group)) {
    auto [kind, counter] = class_and_counter(member);
    keys.push_back({std::move(kind), counter, group + "/" + member});
  }
  std::sort(keys.begin(), keys.end(),
            [](const Key& a, const Key& b) { return std::pair(a.kind, a.counter) < std::pair(b.kind, b.counter); });

  FileModel model{group, {}, 0, true};
  std::vector<std::string> nested;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const Key& key = keys[i];
    const std::size_t expected = i > 0 && keys[i - 1].kind == key.kind ? keys[i - 1].counter + 1 : 0;
    if (key.counter != expected)
      throw WeightsError("its groups skip from " + quoted(key.kind) + " number " + std::to_string(expected) + " to " +
                         quoted("/" + key.path));
    FileLayer layer{key.kind, "", {}};
    read_vars(file, key.path + "/cell/vars", memory, layer);
    const std::size_t in_cell = layer.tensors.size();
    read_vars(file, key.path + "/vars", memory, layer);
    if (in_cell > 0 && layer.tensors.size() > in_cell)
      throw WeightsError("its layer " + quoted("/" + key.path) + " has tensors both in the cell and beside it");
    model.rescalings += key.kind == "rescaling";
    if (!layer.tensors.empty()) model.layers.push_back(std::move(layer));
    for (const std::string& inner : {key.path + "/layers", key.path + "/layer/layers"})
      if (file.is_group(inner)) nested.push_back(inner);
  }
  models.push_back(std::move(model));
  for (const std::string& inner : nested) read_layers(file, inner, memory, depth + 1, models);
}

}  // namespace detail

/// Reads a .weights.h5. Throws WeightsError, a clause, as Hdf5File does.
inline KerasFile read_weights_h5(const Hdf5File& file, const FloatMemory& memory) {
  KerasFile out{FileStyle::weights_h5, {}, {}, {}};
  if (!file.is_group("layers"))
    throw WeightsError("it is an HDF5 file but holds neither 'layer_names' nor 'layers', as Keras's files do");
  detail::read_layers(file, "layers", memory, 0, out.models);
  return out;
}

}  // namespace rcar::weights::keras
