// Backbone weights, packed weights, models, checkpoints, heads, training states: all of them are safetensors.
#include <rcar/any_recognizer.hpp>
#include <rcar/core/version.hpp>
#include <rcar/graph/fingerprint.hpp>
#include <rcar/graph/tensors.hpp>
#include <rcar/model_file.hpp>
#include <rcar/weights/backbone_file.hpp>
#include <rcar/weights/safetensors.hpp>

#include "inspection.hpp"

namespace rcar::tools {

namespace {

std::string text_of(const weights::Store& store, const std::string& key) {
  const auto found = store.metadata.find(key);
  return found == store.metadata.end() ? "" : found->second;
}

/// Copies metadata to the facts, under names that a person reads.
void tell(Inspection& found, const weights::Store& store,
          std::initializer_list<std::pair<const char*, const char*>> keys) {
  for (const auto& [name, key] : keys)
    if (const std::string text = text_of(store, key); !text.empty()) found.facts[name] = text;
}

/// Proves a checksum over all metadata and tensors, as files have it that rcar alone writes.
void prove_checksum(Inspection& found, const weights::Store& store) {
  const std::string stated = text_of(store, "checksum");
  if (stated.empty()) return;
  if (stated == weights::file_checksum(store))
    found.proven.emplace_back("checksum");
  else if (found.damage.empty())
    found.damage = "It is damaged: its checksum is another than its content has; fetch, convert or train it again.";
}

void describe_backbone(Inspection& found, const weights::Store& store) {
  found.kind = "backbone weights of rcar";
  tell(found, store, {{"backbone", "backbone"}, {"rescaling", "rescaling"}, {"converted from", "source"}});
  // Not verified_hash, which believes the hash where the checksum fits.
  const std::string stated = text_of(store, "weights_sha256"), hash = weights::weights_hash(store);
  if (stated == hash)
    found.proven.emplace_back("weights_sha256");
  else
    found.damage = "It is damaged: its tensors have the SHA-256 " + hash.substr(0, 12) + "... where it states " +
                   (stated.empty() ? "none" : stated.substr(0, 12) + "...") + "; fetch or convert it again.";
  if (const std::string checksum = text_of(store, "checksum"); !checksum.empty()) {
    if (checksum == weights::weights_checksum(store, stated))
      found.proven.emplace_back("checksum");
    else if (found.damage.empty())
      found.damage = "It is damaged: its checksum does not fit its tensors; fetch or convert it again.";
  }
  const std::string backbone = text_of(store, "backbone");
  const auto layers = RegisteredRecognizers::layers(backbone);
  if (layers.empty()) {
    found.notes.push_back("This rcar has no backbone " + quoted(std::string(backbone)) + ".");
    return;
  }
  if (text_of(store, "graph") != graph::fingerprint(layers)) {
    found.notes.push_back("It was converted for another description of " + backbone +
                          " than this rcar's; convert it again.");
    return;
  }
  found.proven.emplace_back("graph");
  for (const auto& spec : graph::tensors(layers)) {
    const std::string name = graph::tensor_name(layers, spec);
    const auto* tensor = store.find(name);
    const bool fits = tensor && tensor->shape == weights::Shape(spec.shape.begin(), spec.shape.begin() + spec.rank);
    if (!fits && found.damage.empty())
      found.damage = "It does not hold what it says: tensor " + quoted(std::string(name)) + " of " + backbone +
                     (tensor ? " has another shape" : " is missing") + "; fetch or convert it again.";
  }
}

void describe_model(Inspection& found, const weights::Store& store, const std::filesystem::path& path) {
  found.kind = "trained model of rcar";
  ModelFile model;
  try {
    model = load_model(path);
    found.proven.emplace_back("head_sha256");
  } catch (const ModelError& error) {
    found.damage = error.what();
    return;
  }
  const TrainingCard& card = model.training;
  found.facts["backbone"] = model.backbone;
  found.facts["backbone weights"] = model.weights_sha256.empty() ? "any of that backbone" : model.weights_sha256;
  found.facts["rescaling"] = model.rescaling;
  found.facts["image dimension"] = model.image_dim;
  found.facts["frames a clip"] = model.sequence_length;
  found.facts["features a frame"] = model.feature_dim;
  found.facts["sampler"] = to_string(model.sampler);
  found.facts["head"] = model.head;
  found.facts["classes"] = model.classes;
  if (card.validation.empty()) {
    found.notes.emplace_back("Its head was converted, not trained by rcar, so there is no accuracy card.");
  } else {
    nlohmann::ordered_json facts = {{"training clips", card.train_clips},
                                    {"validation clips", card.validation_clips},
                                    {"validation", card.validation},
                                    {"epochs", card.epochs},
                                    {"best epoch", card.best_epoch},
                                    {"batch size", card.batch_size},
                                    {"learning rate", card.learning_rate},
                                    {"patience", card.patience},
                                    {"seed", card.seed}};
    const auto measured = [&](const char* name, double value) {
      if (value >= 0) facts[name] = value;
    };
    measured("validation loss", card.validation_loss);
    if (card.test_clips > 0) facts["test clips"] = card.test_clips;
    measured("test accuracy", card.test_accuracy);
    measured("test loss", card.test_loss);
    found.facts["training"] = facts;
  }
  const auto layers = RegisteredRecognizers::layers(model.backbone);
  if (layers.empty() || model.graph != graph::fingerprint(layers))
    found.notes.push_back("This rcar has no such " + model.backbone + "; it takes the rcar that trained it.");
  prove_checksum(found, store);
}

void describe_packed(Inspection& found, const weights::Store& store) {
  found.kind = "packed weights of rcar";
  tell(found, store,
       {{"backbone", "backbone"},
        {"image dimension", "image_dim"},
        {"engine", "engine"},
        {"packed from", "weights_sha256"}});
  prove_checksum(found, store);
  if (text_of(store, "engine_version") != std::to_string(engine_version))
    found.notes.emplace_back("It is of another version of rcar's engine and will be made again; it may be deleted.");
}

}  // namespace

Inspection inspect_safetensors(const std::filesystem::path& path) {
  Inspection found;
  found.kind = "safetensors file";
  weights::Store store;
  try {
    store = weights::read_safetensors(path);
  } catch (const WeightsError& error) {
    found.damage = error.what();
    return found;
  }
  for (const auto& [key, value] : store.metadata) found.metadata[key] = value;
  const std::string format = text_of(store, "format");
  if (format == "rcar-weights") {
    describe_backbone(found, store);
  } else if (format == "rcar-model") {
    describe_model(found, store, path);
  } else if (format == "rcar-packed") {
    describe_packed(found, store);
  } else if (format == "rcar-checkpoint") {
    found.kind = "checkpoint of rcar: the head of the best epoch so far";
    tell(found, store, {{"epoch", "epoch"}, {"head", "head"}});
  } else if (format == "rcar-head") {
    found.kind = "head converted by rcar";
    tell(found, store, {{"cell", "cell"}});
  } else if (format == "rcar-training-state") {
    found.kind = "state of a training of rcar";
    tell(found, store, {{"Adam steps", "adam_steps"}});
    prove_checksum(found, store);
  } else if (format.starts_with("rcar-")) {
    found.kind = format + " of rcar";
  }
  add_tensors(found, store, format.starts_with("rcar-") ? Numbers::finite : Numbers::any);
  return found;
}

}  // namespace rcar::tools
