#pragma once
/// Adam, by Keras's formula. Kingma and Ba 2014 (arXiv:1412.6980).

#include <cmath>
#include <cstddef>

#include "../backend/recurrent.hpp"

namespace rcar {

/// Keras's defaults.
struct AdamOptions {
  float learning_rate = 1e-3f;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  float epsilon = 1e-7f;
};

/// The moments of `count` parameters.
template <class Backend>
class Adam {
 public:
  Adam(std::size_t count, const AdamOptions& options) : options_(options), m_(count), v_(count) {}

  /// Starts the next step. The powers of beta are taken in float32, as Keras takes them: 1 - 0.999f differs from 0.001
  /// in the fifth digit.
  void begin_step() {
    ++steps_;
    const float t = static_cast<float>(steps_);
    const float power_1 = std::pow(static_cast<float>(options_.beta_1), t);
    const float power_2 = std::pow(static_cast<float>(options_.beta_2), t);
    step_.step = options_.learning_rate * std::sqrt(1.0f - power_2) / (1.0f - power_1);
    step_.one_minus_beta_1 = static_cast<float>(1.0 - options_.beta_1);
    step_.one_minus_beta_2 = static_cast<float>(1.0 - options_.beta_2);
    step_.epsilon = options_.epsilon;
  }

  /// Applies the step to parameters first to first + count - 1; each is to be in one call a step.
  void apply(std::size_t first, std::size_t count, const float* gradient, float* parameters) {
    Backend::adam(step_, count, gradient + first, m_.data() + first, v_.data() + first, parameters + first);
  }

 private:
  AdamOptions options_;
  backend::AdamStep step_;
  typename Backend::Memory m_, v_;
  int steps_ = 0;
};

}  // namespace rcar
