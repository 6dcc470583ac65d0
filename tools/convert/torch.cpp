#include "torch.hpp"

#include <rcar/backbones/efficientnet_lite.hpp>
#include <rcar/graph/backbone.hpp>
#include <rcar/weights/safetensors.hpp>
#include <rcar/weights/torch/efficientnet_lite.hpp>

namespace rcar::tools {

Converted convert_torch(const std::filesystem::path& in, const std::filesystem::path& out) {
  require_two_files(in, out);
  // Names and shapes of the weights are the same for every image dimension.
  const auto layers = graph::graph_of<EfficientNetLite0<224>>.view();
  const auto store = weights::torch::read_efficientnet_lite0(in, layers);
  weights::write_safetensors(out, store);
  return {"backbone",
          "efficientnetlite0",
          out.string() + ": " + std::to_string(store.size()) + " tensors, " + std::to_string(store.parameters()) +
              " parameters of efficientnetlite0",
          store.size(),
          store.parameters(),
          {}};
}

}  // namespace rcar::tools
