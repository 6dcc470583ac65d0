#pragma once
/// What a Keras weight file holds, as plain data: layers with their tensors in Keras's order, whatever file format they
/// came from. No HDF5 here.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../../core/error.hpp"
#include "../../core/json.hpp"
#include "../store.hpp"

namespace rcar::weights::keras {

/// The kinds of file that Keras writes.
enum class FileStyle {
  legacy_h5,   // .h5: layers by name, listed in the attributes layer_names and weight_names
  weights_h5,  // .weights.h5 of Keras 3: layers by class and counter
  archive,     // .keras: a zip with config.json and model.weights.h5
};

/// One tensor of a file. Does not own its values: the file does.
struct FileTensor {
  std::string path;  // where in the file, for messages
  std::string role;  // "kernel", "gamma", ...; empty when the file does not say (.weights.h5)
  Shape shape;
  std::span<float> values;
};

/// One layer that has tensors.
struct FileLayer {
  std::string kind;  // Keras's class in snake case: "conv2d", "batch_normalization", "gru", ...
  std::string name;  // the layer's own name where the file gives it
  std::vector<FileTensor> tensors;
};

/// The layers of one model in the file: the outermost, or one nested in it. Within a kind they stand in the order of
/// Keras's `model.layers`; a .weights.h5 has no order between kinds.
struct FileModel {
  std::string path;
  std::vector<FileLayer> layers;
  std::size_t rescalings = 0;           // Rescaling layers, which have no tensors
  bool lists_tensorless_layers = true;  // false: a list of layers with tensors only, which says nothing of Rescaling

  std::size_t count(std::string_view kind) const {
    std::size_t found = 0;
    for (const FileLayer& layer : layers) found += layer.kind == kind;
    return found;
  }
};

/// A whole file.
struct KerasFile {
  FileStyle style = FileStyle::legacy_h5;
  std::vector<FileModel> models;       // outermost first
  std::optional<json::Value> config;   // the model's description where the file has it
  std::shared_ptr<const void> memory;  // where the values lie; copies share them
};

/// Throws WeightsError, naming the tensor, when one of its values is no finite number.
inline void require_finite(const std::string& tensor, std::span<const float> values, const std::string& path) {
  if (!std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); }))
    throw WeightsError(quoted(path) + " has a NaN or an infinity in tensor " + quoted(tensor) +
                       "; fetch or train it again.");
}

}  // namespace rcar::weights::keras
