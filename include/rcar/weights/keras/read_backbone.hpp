#pragma once
/// Keras backbone file -> rcar's native tensors.

#include <algorithm>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../../core/file.hpp"
#include "../../core/hash.hpp"
#include "../../graph/fingerprint.hpp"
#include "../backbone_file.hpp"
#include "match_backbone.hpp"
#include "read_file.hpp"
#include "rescaling.hpp"

namespace rcar::weights::keras {

/// What may be said of a backbone's file.
struct BackboneOptions {
  std::string model;  // a candidate's name; empty: recognise it by the tensors' shapes
  RescalingChoice rescaling = RescalingChoice::automatic;
};

/// A backbone's weights by rcar's names, and which backbone they are of.
struct ReadBackbone {
  Store store;  // tensors in the order of graph::tensors, metadata of a native file
  std::string backbone;
  std::vector<std::string> notes;  // sentences for the user: what was assumed or left out
};

namespace detail {

inline std::string names(std::span<const Candidate> candidates) {
  std::string text;
  for (const Candidate& candidate : candidates) text += (text.empty() ? "" : ", ") + std::string(candidate.name);
  return text;
}

struct Found {
  const Candidate* candidate = nullptr;
  const FileModel* model = nullptr;
  Match match;
};

/// The candidate and the file's model that fit, else those that fit longest.
inline Found find_backbone(const KerasFile& file, std::span<const Candidate> candidates, const std::string& wanted) {
  Found best;
  for (const FileModel& model : file.models)
    for (const Candidate& candidate : candidates) {
      if (model.count("conv2d") == 0 || (!wanted.empty() && candidate.name != wanted)) continue;
      Match match = match_backbone(model, candidate);
      const bool better = !best.candidate || match.complete() > best.match.complete() ||
                          (match.complete() == best.match.complete() && match.fitting > best.match.fitting);
      if (better) best = {&candidate, &model, std::move(match)};
    }
  return best;
}

/// EfficientNet's normalisation: notes what it is, keeps it with the weights where it is not the graph's.
/// Returns the metadata `rescaling`.
inline std::string take_normalization(const KerasFile& file, const Found& found, RescalingChoice choice,
                                      ReadBackbone& out) {
  if (!found.match.normalization) return "none";
  const auto shown = second_rescaling(file, *found.model);
  const bool second = choice == RescalingChoice::automatic ? shown.value_or(true) : choice == RescalingChoice::on;
  if (choice == RescalingChoice::automatic && !shown)
    out.notes.push_back(
        "The file does not show whether Keras's second rescaling belongs to it; assumed on, as ImageNet weights need "
        "it "
        "(--rescaling off for weights that were trained without).");
  else if (choice == RescalingChoice::automatic && !second)
    out.notes.push_back(
        "The file's model has no second rescaling, so it is off (--rescaling on for ImageNet weights).");
  const ChannelScale scale = file_normalization(*found.match.normalization, second);
  for (const graph::Layer& layer : found.candidate->layers) {
    if (layer.kind != graph::LayerKind::preprocessing || same_normalization(layer, second, scale)) continue;
    const std::string name(std::string_view(layer.name));
    out.notes.push_back(
        "The file's normalization layer holds other values than ImageNet's; they are kept with the weights.");
    out.store.add(name + "/scale", {3}, {scale.scale.begin(), scale.scale.end()});
    out.store.add(name + "/offset", {3}, {scale.offset.begin(), scale.offset.end()});
  }
  return second ? "on" : "off";
}

}  // namespace detail

/// The weights of one of `candidates` in a file that was read from `path`; the result shares its memory.
/// Throws as read_keras_backbone does.
inline ReadBackbone find_keras_backbone(const std::shared_ptr<const KerasFile>& file, const std::filesystem::path& path,
                                        std::span<const Candidate> candidates, const BackboneOptions& options) {
  const std::string where = quoted(path.string()), &wanted = options.model;
  if (!wanted.empty() &&
      std::none_of(candidates.begin(), candidates.end(), [&](const auto& c) { return c.name == wanted; }))
    throw UsageError("There is no backbone " + quoted(std::string(wanted)) + "; choose one of " +
                     detail::names(candidates) + ".");
  detail::Found found = detail::find_backbone(*file, candidates, wanted);
  if (!found.candidate)
    throw WeightsError(where + " has no convolutions, so it is no backbone; give the file of one of " +
                       detail::names(candidates) + ".");
  const std::string name(found.candidate->name);
  if (!found.match.complete())
    throw WeightsError(where +
                       (wanted.empty() ? " is no network that rcar knows, the nearest is " + name : " is not " + name) +
                       ": " + found.match.misfit + "; give the file of " +
                       (wanted.empty() ? "one of " + detail::names(candidates) : name) + ".");

  ReadBackbone out;
  out.backbone = name;
  const auto specs = graph::tensors(found.candidate->layers);
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const FileTensor& tensor = *found.match.tensors[i];
    const std::string tensor_name = graph::tensor_name(found.candidate->layers, specs[i]);
    require_finite(tensor_name, tensor.values, path.string());
    out.store.add(tensor_name, tensor.shape, tensor.values, file);
  }
  if (found.match.has_top) out.notes.push_back("The file's classification layer is left out.");
  std::string rescaling;
  try {
    rescaling = detail::take_normalization(*file, found, options.rescaling, out);
  } catch (const WeightsError& error) {
    throw WeightsError(where + " cannot be converted: " + error.what() + "; give the file of " + name + ".");
  }
  if (rescaling == "none" && options.rescaling != RescalingChoice::automatic)
    throw UsageError("The option --rescaling is for EfficientNets and " + where + " is " + name + "; leave it out.");
  set_origin(out.store, {name, graph::fingerprint(found.candidate->layers), path.filename().string(),
                         Sha256().add(MappedFile(path).bytes()).hex(), rescaling});
  return out;
}

/// Reads the weights of one of `candidates` from a .h5, .weights.h5 or .keras file, also where the network is nested in
/// another model.
///
///     auto read = read_keras_backbone("efficientnetb0_notop.h5", keras_backbones());
///     write_safetensors("efficientnetb0.safetensors", read.store);
///
/// Throws FileError when the file cannot be opened; WeightsError in one sentence when it is damaged, or is none of the
/// candidates: then it names the first tensor that does not fit, with both shapes.
inline ReadBackbone read_keras_backbone(const std::filesystem::path& path, std::span<const Candidate> candidates,
                                        const BackboneOptions& options = {}) {
  return find_keras_backbone(std::make_shared<const KerasFile>(read_keras_file(path)), path, candidates, options);
}

}  // namespace rcar::weights::keras
