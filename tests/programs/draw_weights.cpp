// Writes a native weight file of formula weights, which no network is needed for:
//   draw_weights efficientnetlite0 OUT.safetensors [plain|nan|huge] [SEED]
// nan: one value of the first kernel is no number; huge: finite weights whose features overflow.

#include <cstdio>
#include <cstring>
#include <exception>
#include <limits>
#include <rcar/backbones/efficientnet.hpp>
#include <rcar/backbones/efficientnet_lite.hpp>
#include <rcar/graph/fingerprint.hpp>
#include <rcar/weights/backbone_file.hpp>
#include <rcar/weights/safetensors.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/formula_weights.hpp"

namespace {

template <class Backbone>
void draw(const std::string& path, const std::string& kind, const std::string& seed) {
  const auto layers = rcar::graph::graph_of<Backbone>.view();
  const rcar::weights::Store drawn = rcar::test::formula_weights(layers, {}, 0.1);
  rcar::weights::Store store;
  for (const auto& tensor : drawn.tensors()) {
    std::vector<float> values(tensor.values.begin(), tensor.values.end());
    if (kind == "nan" && store.size() == 0) values[0] = std::numeric_limits<float>::quiet_NaN();
    if (kind == "huge" && tensor.name.ends_with("kernel"))
      for (float& value : values) value *= 1e15F;
    if (tensor.name.ends_with("beta") && seed != "0") values[0] += std::stof(seed);
    store.add(tensor.name, tensor.shape, std::move(values));
  }
  rcar::weights::set_origin(
      store, {std::string(Backbone::name), rcar::graph::fingerprint(layers), "formula", std::string(64, '0'), "none"});
  rcar::weights::write_safetensors(path, store);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() < 2) return 2;
  const std::string kind = arguments.size() > 2 ? arguments[2] : "plain";
  const std::string seed = arguments.size() > 3 ? arguments[3] : "0";
  try {
    if (arguments[0] == "efficientnetlite0")
      draw<rcar::EfficientNetLite0<224>>(arguments[1], kind, seed);
    else if (arguments[0] == "efficientnetb0")
      draw<rcar::EfficientNetB0<224>>(arguments[1], kind, seed);
    else
      return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  return 0;
}
