#pragma once
/// The ways to compute a convolution, and the rule that chooses one for a layer.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "../cpu.hpp"
#include "../operands.hpp"

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

}  // namespace native
}  // namespace rcar::backend
