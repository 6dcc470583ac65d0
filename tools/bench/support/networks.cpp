#include "networks.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <rcar/backbones/efficientnet.hpp>
#include <rcar/backbones/inception_v3.hpp>
#include <rcar/core/error.hpp>
#include <rcar/graph/backbone.hpp>

#include "tests/support/formula_weights.hpp"

namespace rcar::bench {

namespace {

template <class Backbone>
MeasuredNetwork describe(std::string_view type, int batch) {
  return {type, Backbone::image_dim, batch, graph::plan_view<Backbone>(), graph::multiply_adds<Backbone>};
}

}  // namespace

std::span<const MeasuredNetwork> measured_networks() {
  static const std::array all{describe<InceptionV3<224>>("InceptionV3", 20),
                              describe<EfficientNetB0<224>>("EfficientNetB0", 20),
                              describe<EfficientNetB7<600>>("EfficientNetB7", 4)};
  return all;
}

const MeasuredNetwork& find_network(const std::string& name, int dim) {
  std::string known;
  for (const MeasuredNetwork& network : measured_networks()) {
    if (network.name == name && (dim == 0 || dim == network.dim)) return network;
    known += (known.empty() ? "" : ", ") + std::string(network.name) + " at " + std::to_string(network.dim);
  }
  throw UsageError("No benchmark holds the network " + quoted(name) + (dim == 0 ? "" : " at " + std::to_string(dim)) +
                   "; choose one of " + known + ", or add yours to tools/bench/support/networks.cpp.");
}

weights::Store formula_weights(const MeasuredNetwork& network) {
  return test::formula_weights(network.plan.layers, {}, 0.1);
}

std::vector<std::uint8_t> drawn_frames(const MeasuredNetwork& network, std::size_t count) {
  return test::formula_images(count, static_cast<std::size_t>(network.dim));
}

void require_usual(const std::vector<float>& features) {
  float largest = 0;
  for (const float value : features) {
    if (!std::isfinite(value))
      throw WeightsError("The features are not finite numbers, so their speed means nothing; check the weights.");
    largest = std::max(largest, std::abs(value));
  }
  if (largest < 1e-20F)
    throw WeightsError("The features are zero or nearly so, so their speed means nothing; check the weights.");
}

}  // namespace rcar::bench
