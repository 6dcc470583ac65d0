#pragma once
/// Backbone weights from whatever file the user has: rcar's own, or Keras's. Needs HDF5 and libzip (rcar::keras);
/// recognizer.hpp alone does not.

#include <filesystem>
#include <string>

#include "weights/keras/read_backbone.hpp"
#include "weights/safetensors.hpp"
#include "weights/store.hpp"

namespace rcar {

/// Reads a native file (.safetensors) or a Keras file (.h5, .weights.h5, .keras) of `backbone`.
/// Throws WeightsError when it is neither, is damaged or belongs to another network; FileError when it cannot be read.
inline weights::Store read_backbone_weights(const std::filesystem::path& path, const std::string& backbone) {
  if (weights::keras::is_keras_file(path)) return weights::keras::read_keras_backbone(path, backbone);
  return weights::read_safetensors(path);
}

}  // namespace rcar
