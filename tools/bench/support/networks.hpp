#pragma once
/// The networks that the benchmarks measure, compiled once for all of them: networks.cpp beside this header, which
/// needs no library, and weights.cpp, which reads and writes files.

#include <rcar/graph/plan.hpp>
#include <rcar/weights/store.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rcar::bench {

struct MeasuredNetwork {
  std::string_view name;  // the type's: "InceptionV3"
  int dim = 0;            // D
  int batch = 0;          // frames that the project's figures are given for
  graph::PlanView plan;
  std::size_t multiply_adds = 0;  // of one frame
};

/// InceptionV3<224>, EfficientNetB0<224>, EfficientNetB7<600>.
std::span<const MeasuredNetwork> measured_networks();

/// The network of this name; dim 0: whatever it has. Throws UsageError, with the list, when there is none.
const MeasuredNetwork& find_network(const std::string& name, int dim = 0);

/// Weights drawn by the tests' formula: speed does not depend on them.
weights::Store formula_weights(const MeasuredNetwork& network);

/// The same with the origin that a backbone file needs.
weights::Store drawn_weights(const MeasuredNetwork& network);

/// A weight file, native or Keras's; "" draws weights.
weights::Store read_or_draw_weights(const MeasuredNetwork& network, const std::filesystem::path& path);

/// `count` images (N, D, D, 3) with structure and noise.
std::vector<std::uint8_t> drawn_frames(const MeasuredNetwork& network, std::size_t count);

/// Wrong weights are slow or fast for no reason of the kernels': infinities and subnormal numbers cost time. Throws
/// WeightsError when the features show them.
void require_usual(const std::vector<float>& features);

}  // namespace rcar::bench
