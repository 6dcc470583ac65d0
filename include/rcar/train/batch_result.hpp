#pragma once
/// What one training step tells.

#include <cstddef>

namespace rcar {

/// Sums over one batch.
struct BatchResult {
  double loss = 0;
  std::size_t correct = 0;
};

}  // namespace rcar
