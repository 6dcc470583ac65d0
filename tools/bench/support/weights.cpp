#include <rcar/graph/fingerprint.hpp>
#include <rcar/keras.hpp>
#include <rcar/weights/backbone_file.hpp>
#include <string>

#include "networks.hpp"

namespace rcar::bench {

weights::Store drawn_weights(const MeasuredNetwork& network) {
  weights::Store store = formula_weights(network);
  weights::set_origin(store, {std::string(network.plan.name), graph::fingerprint(network.plan.layers), "formula",
                              std::string(64, '0'), "none"});
  return store;
}

weights::Store read_or_draw_weights(const MeasuredNetwork& network, const std::filesystem::path& path) {
  if (path.empty()) return drawn_weights(network);
  return read_backbone_weights(path, network.plan.name, network.plan.layers);
}

}  // namespace rcar::bench
