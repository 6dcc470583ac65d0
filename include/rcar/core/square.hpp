#pragma once
/// A square picture in memory.

#include <cstdint>

namespace rcar {

/// rgb (side, side, 3), not owned.
struct Square {
  const std::uint8_t* rgb = nullptr;
  int side = 0;
};

}  // namespace rcar
