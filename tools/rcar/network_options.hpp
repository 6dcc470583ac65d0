#pragma once
// Which network a sub-command computes with.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <rcar/any_recognizer.hpp>
#include <rcar/keras.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "../backend_choice.hpp"
#include "console.hpp"
#include "option_facts.hpp"

namespace rcar::tools {

inline CLI::Option* add_weights_option(CLI::App& app, std::filesystem::path& weights) {
  return app.add_option("--weights,-w", weights, "Backbone weights: rcar's .safetensors, or Keras's .h5 or .keras")
      ->required();
}

inline CLI::Option* add_backbone_option(CLI::App& app, std::string& backbone) {
  std::vector<std::string> names;
  std::istringstream list(RegisteredRecognizers::backbone_names());
  for (std::string name; std::getline(list >> std::ws, name, ',');) names.push_back(name);
  return app.add_option("--backbone", backbone, "The network that makes features of frames")
      ->capture_default_str()
      ->check(one_of(names));
}

/// Where to compute.
inline CLI::Option* add_checked_backend_option(CLI::App& app, std::string& backend) {
  return add_backend_option(app, backend)->check(one_of({"cpu", "cuda", "cuda-bf16"}));
}

/// A recognizer that is to be trained or to extract features.
struct NetworkOptions {
  std::filesystem::path weights;
  RecognizerChoice choice;
  std::string sampler = "first", backend = "cpu";

  void add(CLI::App& app) {
    add_weights_option(app, weights)->group("Network");
    add_backbone_option(app, choice.backbone)->group("Network");
    app.add_option("--cell", choice.cell, "gru or lstm")
        ->capture_default_str()
        ->check(one_of({"gru", "lstm"}))
        ->group("Network");
    app.add_option("--image-dim", choice.image_dim, "Image dimension; 0: the backbone's own")
        ->capture_default_str()
        ->group("Network");
    app.add_option("--sequence-length", choice.sequence_length, "Frames of a clip")
        ->capture_default_str()
        ->group("Network");
    app.add_option("--sampler", sampler, "first: the first frames; uniform: frames over the whole clip")
        ->capture_default_str()
        ->check(one_of({"first", "uniform"}))
        ->group("Network");
    add_checked_backend_option(app, backend)->group("Network");
  }

  /// Refuses what cannot be, before anything is read.
  void require() const {
    RegisteredRecognizers::require(choice);
    require_backend(backend);
    parse_sampler(sampler);
  }

  std::unique_ptr<AnyRecognizer> make(const Console& console) const {
    require();
    const weights::Store store =
        read_backbone_weights(weights, choice.backbone, RegisteredRecognizers::layers(choice.backbone),
                              [&](const std::string& note) { console.note(note); });
    return make_recognizer_on(backend, choice, store, parse_sampler(sampler));
  }
};

/// A recognizer that was trained: MODEL and the weights it was trained with.
struct ModelOptions {
  std::filesystem::path model, weights;
  std::string backend = "cpu";

  void add(CLI::App& app) {
    app.add_option("MODEL", model, "Model file that training wrote (model.rcar)")->required();
    add_weights_option(app, weights);
    add_checked_backend_option(app, backend);
  }

  std::unique_ptr<AnyRecognizer> load(const Console& console) const {
    require_backend(backend);
    const ModelFile file = load_model(model);
    const RecognizerChoice choice{file.backbone, file.cell, file.sequence_length, file.image_dim};
    RegisteredRecognizers::require(choice);
    const weights::Store store =
        read_backbone_weights(weights, file.backbone, RegisteredRecognizers::layers(file.backbone),
                              [&](const std::string& note) { console.note(note); });
    auto recognizer = make_recognizer_on(backend, choice, store, file.sampler);
    recognizer->restore(file, model);
    return recognizer;
  }
};

/// Where features are kept, and what extraction says.
struct CacheOptions {
  std::filesystem::path cache;
  bool accept_foreign = false;

  void add(CLI::App& app, const std::string& otherwise) {
    app.add_option("--cache", cache, "Folder of the feature cache (default: " + otherwise + ")")->group("Cache");
    app.add_flag("--accept-foreign-cache", accept_foreign, "Use a cache from another kind of CPU")->group("Cache");
  }

  ExtractOptions extraction(const Console& console, const std::string& title) const {
    ExtractOptions options;
    options.cache = cache;
    options.foreign_cache = accept_foreign ? ForeignCache::accept : ForeignCache::refuse;
    options.title = title;
    options.progress = console.progress();
    options.warn = [&console](const std::string& text) { console.warn(text); };
    return options;
  }
};

}  // namespace rcar::tools
