#pragma once
/// The ways to compute a convolution.

#include <cstdint>
#include <string>

namespace rcar::backend {

/// Which algorithms backend::Native may use.
enum class numerics : std::uint8_t {
  fast,   // Winograd's minimal filtering and products of split floats too: rounding errors some times larger
  exact,  // sums of products of floats only
};

namespace native {

/// How one convolution is computed.
struct Algorithm {
  int outputs_y = 0, outputs_x = 0;  // Winograd's outputs of a tile in each direction; 0 and 0: sums of products
  bool bf16_tiles = false;           // sums of products of floats that are split in bfloat16 numbers

  constexpr bool winograd() const { return outputs_y > 0; }
  friend constexpr bool operator==(const Algorithm&, const Algorithm&) = default;
};

inline constexpr Algorithm by_tiles{0, 0, true};

/// "sums", "tiles", or Winograd's outputs as "F6x6".
inline std::string to_string(Algorithm algorithm) {
  if (algorithm.bf16_tiles) return "tiles";
  if (!algorithm.winograd()) return "sums";
  return "F" + std::to_string(algorithm.outputs_y) + "x" + std::to_string(algorithm.outputs_x);
}

/// What kernels a processor has.
struct Abilities {
  int lanes = 0;            // floats in a vector; a panel has twice as many output channels
  bool bf16_tiles = false;  // tiles of bfloat16 numbers
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
