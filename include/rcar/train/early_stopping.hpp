#pragma once
/// Keras's EarlyStopping.

#include <limits>

namespace rcar {

/// Stops when `patience` epochs have passed without a lower value; the first epoch never stops. NaN is no improvement.
class EarlyStopping {
 public:
  explicit EarlyStopping(int patience) : patience_(patience) {}

  /// Takes one epoch's value; true when it is the best so far.
  bool improves(double value) {
    ++epoch_;
    ++wait_;
    if (!(value < best_)) return false;
    best_ = value;
    wait_ = 0;
    return true;
  }

  bool stop() const { return wait_ > 0 && wait_ >= patience_ && epoch_ > 1; }

 private:
  int patience_, epoch_ = 0, wait_ = 0;
  double best_ = std::numeric_limits<double>::infinity();
};

}  // namespace rcar
