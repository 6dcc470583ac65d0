#pragma once
/// Backbone weights from whatever file the user has: rcar's own, or Keras's. Needs HDF5 and libzip (rcar::keras);
/// recognizer.hpp alone does not.

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "graph/backbone.hpp"
#include "graph/fingerprint.hpp"
#include "weights/backbone_file.hpp"
#include "weights/keras/read_backbone.hpp"
#include "weights/safetensors.hpp"
#include "weights/store.hpp"

namespace rcar {

/// Reads a native file (.safetensors) or a Keras file (.h5, .weights.h5, .keras) of the network `name` whose graph has
/// these layers. `note` is told what was assumed about a Keras file.
/// Throws WeightsError when it is neither, is damaged or belongs to another network; FileError when it cannot be read.
inline weights::Store read_backbone_weights(const std::filesystem::path& path, std::string_view name,
                                            std::span<const graph::Layer> layers,
                                            const std::function<void(const std::string&)>& note = {}) {
  if (!weights::keras::is_keras_file(path)) {
    weights::Store store = weights::read_safetensors(path);
    weights::require_backbone(store, name, graph::fingerprint(layers), path);
    return store;
  }
  const weights::keras::Candidate candidates[] = {{name, layers}};
  weights::keras::BackboneOptions options;
  options.model = name;
  auto read = weights::keras::read_keras_backbone(path, candidates, options);
  if (note)
    for (const auto& sentence : read.notes) note(sentence);
  return std::move(read.store);
}

/// The same for a backbone that is known at compile time: `read_backbone_weights<EfficientNetB0<224>>(path)`.
template <graph::BackboneType Backbone>
weights::Store read_backbone_weights(const std::filesystem::path& path,
                                     const std::function<void(const std::string&)>& note = {}) {
  return read_backbone_weights(path, Backbone::name, graph::graph_of<Backbone>.view(), note);
}

}  // namespace rcar
