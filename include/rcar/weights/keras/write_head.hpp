#pragma once
/// A head's parameters -> Keras .weights.h5, which `load_weights` of the original's sequence model takes.

#include <filesystem>
#include <string>

#include "hdf5_writer.hpp"
#include "read_head.hpp"

namespace rcar::weights::keras {

/// Writes the parameters of the original's head, named as SequenceHead names them, as Keras 3 lays them out.
/// Throws WeightsError, naming the first tensor that is missing or does not fit; FileError when it cannot be written.
inline void write_keras_head(const std::filesystem::path& path, const Store& parameters) {
  const std::string cell = parameters.find("gru/kernel") ? "gru" : "lstm";
  const Tensor *kernel = parameters.find(cell + "/kernel"), *bias = parameters.find("dense_1/bias");
  if (!kernel || kernel->shape.size() != 2 || !bias || bias->shape.size() != 1)
    throw WeightsError(
        "The parameters hold no recurrent kernel or no last bias, so they are not the original's head; only that "
        "can be written for Keras.");
  Hdf5Writer file;
  const auto layer = [&file](const std::string& key, const std::string& vars, const std::string& name) {
    file.group("layers/" + key + "/" + vars);
    file.attribute("layers/" + key + "/" + vars, "name", name);
  };
  for (const std::string key : {"input_layer", "input_layer_1", "dropout"}) layer(key, "vars", key);
  std::string running;
  int place = 0;
  for (const HeadTensor& wanted : original_head_tensors(cell, kernel->shape[0], bias->shape[0])) {
    const Tensor* tensor = parameters.find(wanted.name());
    if (!tensor || tensor->shape != wanted.shape)
      throw WeightsError("Tensor " + quoted(wanted.name()) + " needs the shape " + to_string(wanted.shape) + " and " +
                         (tensor ? "has " + to_string(tensor->shape) : "is missing") +
                         "; only the original's head can be written for Keras.");
    const bool recurrent = wanted.layer.starts_with(cell);
    const std::string vars = recurrent ? "cell/vars" : "vars";
    if (running != wanted.layer) {
      layer(wanted.layer, vars, recurrent ? cell + "_cell" : wanted.layer);
      if (recurrent) layer(wanted.layer, "vars", wanted.layer);
      place = 0;
    }
    running = wanted.layer;
    file.write("layers/" + wanted.layer + "/" + vars + "/" + std::to_string(place++), *tensor);
  }
  file.group("vars");
  file.attribute("vars", "name", "functional");
  file.save(path);
}

}  // namespace rcar::weights::keras
