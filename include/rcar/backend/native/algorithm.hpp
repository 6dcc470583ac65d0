#pragma once
/// The ways to compute a convolution.

#include <cstdint>

namespace rcar::backend {

/// Which algorithms backend::Native may use.
enum class numerics : std::uint8_t {
  fast,   // Winograd's minimal filtering too: fewer products, rounding errors some times larger
  exact,  // sums of products only
};

namespace native {

/// How one convolution is computed.
struct Algorithm {
  int outputs_y = 0, outputs_x = 0;  // Winograd's outputs of a tile in each direction; 0 and 0: sums of products

  constexpr bool winograd() const { return outputs_y > 0; }
  friend constexpr bool operator==(const Algorithm&, const Algorithm&) = default;
};

/// What the tuning tool found of one layer on one instruction set: see algorithm_table.hpp.
struct TunedLayer {
  int lanes = 0;  // floats in a vector: 4, 8 or 16
  int kernel_height = 0, kernel_width = 0, in_channels = 0, out_channels = 0;
  int out_height = 0, out_width = 0;
  Algorithm algorithm;
};

}  // namespace native
}  // namespace rcar::backend
