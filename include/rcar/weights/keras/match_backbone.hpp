#pragma once
/// Which network a Keras file's layers are, and which tensor is which. Names in the file do not count (Keras does not
/// need them either): a layer is found by its kind and its place in the order of Keras's `model.layers`.

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../../graph/keras_order.hpp"
#include "../../graph/tensors.hpp"
#include "../store.hpp"
#include "keras_file.hpp"

namespace rcar::weights::keras {

/// A network that a file may hold.
struct Candidate {
  std::string_view name;
  std::span<const graph::Layer> layers;
};

/// How far a file's model follows a candidate.
struct Match {
  std::vector<const FileTensor*> tensors;    // in the order of graph::tensors(candidate.layers), nullptr: not matched
  const FileLayer* normalization = nullptr;  // EfficientNet's, outside the graph's tensors
  std::size_t fitting = 0;                   // tensors that fit before the first that does not
  std::string misfit;                        // empty: all fit; else a clause that names the first misfit
  bool has_top = false;                      // dense layers follow, which a backbone does not have

  bool complete() const { return misfit.empty(); }
};

namespace detail {

inline std::string_view keras_kind(graph::LayerKind kind) {
  switch (kind) {
    case graph::LayerKind::conv2d:
      return "conv2d";
    case graph::LayerKind::depthwise_conv2d:
      return "depthwise_conv2d";
    case graph::LayerKind::batch_normalization:
      return "batch_normalization";
    default:
      return {};
  }
}

inline Shape shape_of(const graph::TensorSpec& spec) {
  return Shape(spec.shape.begin(), spec.shape.begin() + spec.rank);
}

/// Keras 3 calls a depthwise kernel "kernel"; a file that names no roles fits any.
inline bool role_fits(const std::string& role, graph::TensorRole expected) {
  return role.empty() || role == graph::to_string(expected) ||
         (role == "kernel" && expected == graph::TensorRole::depthwise_kernel);
}

/// Matches one layer's tensors; returns a clause about the first that does not fit, empty when all do.
inline std::string match_layer(const FileLayer& layer, std::span<const graph::TensorSpec> specs,
                               std::span<const graph::Layer> layers, std::span<const FileTensor*> out,
                               std::size_t& fitting) {
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const std::string name = quoted(graph::tensor_name(layers, specs[i]));
    if (i >= layer.tensors.size())
      return "tensor " + name + " of shape " + to_string(shape_of(specs[i])) + " is missing from layer " +
             quoted("/" + layer.tensors[0].path);
    const FileTensor& tensor = layer.tensors[i];
    if (tensor.shape != shape_of(specs[i]))
      return "tensor " + name + " needs the shape " + to_string(shape_of(specs[i])) + " and " +
             quoted("/" + tensor.path) + " has " + to_string(tensor.shape);
    if (!role_fits(tensor.role, specs[i].role))
      return quoted("/" + tensor.path) + " of shape " + to_string(tensor.shape) + " stands where tensor " + name +
             " of shape " + to_string(shape_of(specs[i])) + " belongs";
    out[i] = &tensor;
    ++fitting;
  }
  if (layer.tensors.size() > specs.size())
    return "layer " + quoted(std::string(layers[static_cast<std::size_t>(specs[0].layer)].name)) +
           " has no tensor for " + quoted("/" + layer.tensors[specs.size()].path) + " of shape " +
           to_string(layer.tensors[specs.size()].shape);
  return {};
}

}  // namespace detail

/// Matches a file's model against one candidate, layer by layer in Keras's order.
inline Match match_backbone(const FileModel& model, const Candidate& candidate) {
  Match match;
  const auto specs = graph::tensors(candidate.layers);
  match.tensors.assign(specs.size(), nullptr);
  std::map<std::string_view, std::vector<const FileLayer*>> by_kind;
  for (const FileLayer& layer : model.layers) by_kind[layer.kind].push_back(&layer);
  std::map<std::string_view, std::size_t> used;
  bool wants_normalization = false;

  for (int index : graph::keras_layer_order(candidate.layers)) {
    const graph::Layer& layer = candidate.layers[static_cast<std::size_t>(index)];
    wants_normalization |= layer.kind == graph::LayerKind::preprocessing && layer.preprocessing_parameters > 0;
    const std::string_view kind = detail::keras_kind(layer.kind);
    if (match.misfit.empty() && !kind.empty()) {
      const auto first =
          std::find_if(specs.begin(), specs.end(), [&](const auto& spec) { return spec.layer == index; });
      const auto last = std::find_if(first, specs.end(), [&](const auto& spec) { return spec.layer != index; });
      const std::size_t place = used[kind]++;
      const auto& available = by_kind[kind];
      if (place >= available.size())
        match.misfit = "tensor " + quoted(graph::tensor_name(candidate.layers, *first)) + " of shape " +
                       to_string(detail::shape_of(*first)) + " is missing, because it has only " +
                       std::to_string(available.size()) + " layers of kind " + std::string(kind);
      else
        match.misfit = detail::match_layer(
            *available[place], std::span(first, last), candidate.layers,
            std::span(match.tensors)
                .subspan(static_cast<std::size_t>(first - specs.begin()), static_cast<std::size_t>(last - first)),
            match.fitting);
    }
    if (!match.misfit.empty()) return match;
  }
  if (wants_normalization) {
    const auto& available = by_kind["normalization"];
    if (available.empty()) match.misfit = "tensor 'normalization/mean' of shape (3,) is missing";
    if (!match.misfit.empty()) return match;
    match.normalization = available[used["normalization"]++];
  }
  for (const auto& [kind, available] : by_kind) {
    if (kind == "dense") {
      match.has_top = true;
    } else if (available.size() > used[kind]) {
      const FileTensor& tensor = available[used[kind]]->tensors[0];
      match.misfit =
          "the network has no tensor for " + quoted("/" + tensor.path) + " of shape " + to_string(tensor.shape);
      break;
    }
  }
  return match;
}

}  // namespace rcar::weights::keras
