#pragma once
/// The model file: one safetensors file that holds all that prediction needs besides the backbone's weights, which it
/// names by hash. It holds no time and no host, so equal runs write equal bytes.

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/json.hpp"
#include "data/string_lookup.hpp"
#include "train/training_card.hpp"
#include "video/sampler.hpp"
#include "weights/safetensors.hpp"
#include "weights/store.hpp"

namespace rcar {

/// Everything a model file says.
struct ModelFile {
  std::string backbone;          // "efficientnetb0"
  std::string graph;             // fingerprint of the backbone's graph
  std::string weights_sha256;    // of the backbone's weights; empty: any weights of that graph (a converted Keras head)
  std::string rescaling = "on";  // EfficientNet's second Keras rescaling, see docs/file_formats.md
  int image_dim = 0, sequence_length = 0, feature_dim = 0;
  std::string cell;  // "gru", "lstm"
  std::string head;  // the stack in words: SequenceHead::description()
  Sampler sampler = Sampler::first;
  std::vector<std::string> classes;  // in the order of the head's outputs
  TrainingCard training;
  weights::Store parameters;  // the head's, under its parameter names
};

namespace detail {

inline constexpr const char* model_format = "rcar-model";
inline constexpr const char* model_version = "1";
/// What happens to a decoded frame before the backbone's own normalisation.
inline constexpr const char* frame_preprocessing = "center_crop,bilinear,rgb";

inline std::string number_text(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

/// Reads the metadata of one model file; every failure names the file and the key.
class ModelMetadata {
 public:
  ModelMetadata(const std::map<std::string, std::string>& metadata, std::string path)
      : metadata_(metadata), path_(std::move(path)) {}

  const std::string& text(const std::string& key) const {
    const auto found = metadata_.find(key);
    if (found == metadata_.end())
      throw ModelError("Model file " + quoted(path_) + " lacks " + quoted(key) + "; train or convert it again.");
    if (has_control_character(found->second)) fail(key, found->second);  // it goes to terminals as it is
    return found->second;
  }

  double number(const std::string& key) const {
    const std::string& value = text(key);
    char* end = nullptr;
    const double result = std::strtod(value.c_str(), &end);
    if (value.empty() || *end || !std::isfinite(result)) fail(key, value);
    return result;
  }

  std::int64_t integer(const std::string& key, std::int64_t low, std::int64_t high) const {
    const double value = number(key);
    if (value != std::floor(value) || value < static_cast<double>(low) || value > static_cast<double>(high))
      fail(key, text(key));
    return static_cast<std::int64_t>(value);
  }

  /// All 64 bits, which a double does not hold.
  std::uint64_t seed(const std::string& key) const {
    const std::string& value = text(key);
    std::uint64_t result = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
    if (error != std::errc() || end != value.data() + value.size()) fail(key, value);
    return result;
  }

  [[noreturn]] void fail(const std::string& key, const std::string& value) const {
    throw ModelError("Model file " + quoted(path_) + " has " + quoted(value.substr(0, 60)) + " for " + quoted(key) +
                     ", which no rcar writes; train or convert it again.");
  }

 private:
  const std::map<std::string, std::string>& metadata_;
  std::string path_;
};

}  // namespace detail

/// The metadata of a model's file.
inline std::map<std::string, std::string> model_metadata(const ModelFile& model) {
  json::Array classes;
  for (const auto& name : model.classes) classes.emplace_back(name);
  const TrainingCard& card = model.training;
  const auto real = detail::number_text;
  return {
      {"format", detail::model_format},
      {"version", detail::model_version},
      {"backbone", model.backbone},
      {"graph", model.graph},
      {"backbone_weights_sha256", model.weights_sha256},
      {"rescaling", model.rescaling},
      {"frame_preprocessing", detail::frame_preprocessing},
      {"image_dim", std::to_string(model.image_dim)},
      {"sequence_length", std::to_string(model.sequence_length)},
      {"feature_dim", std::to_string(model.feature_dim)},
      {"cell", model.cell},
      {"head", model.head},
      {"sampler", std::string(to_string(model.sampler))},
      {"classes", json::dump(json::Value(std::move(classes)))},
      {"train_clips", std::to_string(card.train_clips)},
      {"validation_clips", std::to_string(card.validation_clips)},
      {"test_clips", std::to_string(card.test_clips)},
      {"epochs", std::to_string(card.epochs)},
      {"best_epoch", std::to_string(card.best_epoch)},
      {"batch_size", std::to_string(card.batch_size)},
      {"patience", std::to_string(card.patience)},
      {"seed", std::to_string(card.seed)},
      {"learning_rate", real(card.learning_rate)},
      {"validation", card.validation},
      {"validation_loss", real(card.validation_loss)},
      {"test_loss", real(card.test_loss)},
      {"test_accuracy", real(card.test_accuracy)},
      {"head_sha256", weights::weights_hash(model.parameters)},
  };
}

/// Writes `model` to `path`, aside and renamed. Throws FileError when the folder cannot be written.
inline void save_model(const std::filesystem::path& path, const ModelFile& model) {
  weights::Store store = model.parameters;
  store.metadata = model_metadata(model);
  store.metadata["checksum"] = weights::file_checksum(store);
  weights::write_safetensors(path, store);
}

/// The model in the store of a file, `path`: checks every key, the class names, the head's hash, and the checksum of
/// all where there is one. Throws ModelError.
inline ModelFile model_in(weights::Store store, const std::filesystem::path& path) {
  ModelFile model;
  model.parameters = std::move(store);
  const detail::ModelMetadata meta(model.parameters.metadata, path.string());
  const auto format = model.parameters.metadata.find("format");
  if (format == model.parameters.metadata.end() || format->second != detail::model_format)
    throw ModelError(
        quoted(path.string()) + " is not a model file but " +
        (format == model.parameters.metadata.end() ? std::string("another safetensors file") : quoted(format->second)) +
        "; give the model.rcar that training wrote, and backbone weights with --weights.");
  if (meta.text("version") != detail::model_version) meta.fail("version", meta.text("version"));
  if (const auto checksum = model.parameters.metadata.find("checksum");
      checksum != model.parameters.metadata.end() && checksum->second != weights::file_checksum(model.parameters))
    throw ModelError("Model file " + quoted(path.string()) +
                     " is damaged: it does not match its checksum; copy it again or train again.");
  if (meta.text("frame_preprocessing") != detail::frame_preprocessing)
    meta.fail("frame_preprocessing", meta.text("frame_preprocessing"));
  model.backbone = meta.text("backbone");
  model.graph = meta.text("graph");
  model.weights_sha256 = meta.text("backbone_weights_sha256");
  model.rescaling = meta.text("rescaling");
  model.image_dim = static_cast<int>(meta.integer("image_dim", 1, 1 << 15));
  model.sequence_length = static_cast<int>(meta.integer("sequence_length", 1, 1 << 20));
  model.feature_dim = static_cast<int>(meta.integer("feature_dim", 1, 1 << 20));
  model.cell = meta.text("cell");
  model.head = meta.text("head");
  try {
    model.sampler = parse_sampler(meta.text("sampler"));
    const json::Value classes = json::parse(meta.text("classes"));
    for (const auto& name : classes.array()) model.classes.push_back(name.string());
  } catch (const UsageError&) {
    meta.fail("sampler", meta.text("sampler"));
  } catch (const json::JsonError&) {
    meta.fail("classes", meta.text("classes"));
  }
  try {
    if (StringLookup(model.classes).size() < 2) meta.fail("classes", meta.text("classes"));
  } catch (const DataError&) {  // blank or twice
    meta.fail("classes", meta.text("classes"));
  }
  TrainingCard& card = model.training;
  constexpr std::int64_t most = std::int64_t{1} << 52;
  card.train_clips = meta.integer("train_clips", 0, most);
  card.validation_clips = meta.integer("validation_clips", 0, most);
  card.test_clips = meta.integer("test_clips", 0, most);
  card.epochs = meta.integer("epochs", 0, most);
  card.best_epoch = meta.integer("best_epoch", 0, most);
  card.batch_size = meta.integer("batch_size", 0, most);
  card.patience = meta.integer("patience", 0, most);
  card.seed = meta.seed("seed");
  card.learning_rate = meta.number("learning_rate");
  card.validation = meta.text("validation");
  card.validation_loss = meta.number("validation_loss");
  card.test_loss = meta.number("test_loss");
  card.test_accuracy = meta.number("test_accuracy");
  if (meta.text("head_sha256") != weights::weights_hash(model.parameters))
    throw ModelError("Model file " + quoted(path.string()) +
                     " is damaged: its weights do not match their hash; copy it again or train again.");
  return model;
}

/// Reads a model file whole and checks it: every key, the class names, the head's hash.
/// Throws ModelError (damaged, or no model file) or FileError (not readable).
inline ModelFile load_model(const std::filesystem::path& path) {
  weights::Store store;
  try {
    store = weights::read_safetensors(path, "give the model.rcar that training wrote, whole");
  } catch (const WeightsError& error) {
    throw ModelError(error.what());
  }
  return model_in(std::move(store), path);
}

}  // namespace rcar
