#pragma once
/// Adam, by Keras's formula. Kingma and Ba 2014 (arXiv:1412.6980).

#include <cmath>
#include <cstddef>
#include <vector>

#include "../backend/recurrent.hpp"

namespace rcar {

/// Keras's defaults.
struct AdamOptions {
  float learning_rate = 1e-3f;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  float epsilon = 1e-7f;
};

/// What Adam carries from step to step, on the host.
struct AdamState {
  std::vector<float> m, v;  // (P) the moments
  int steps = 0;
};

/// The moments of `count` parameters.
template <class Backend>
class Adam {
 public:
  Adam(std::size_t count, const AdamOptions& options) : options_(options), count_(count), m_(count), v_(count) {}

  AdamState state() const {
    AdamState state{std::vector<float>(count_), std::vector<float>(count_), steps_};
    Backend::download(m_.data(), count_, state.m.data());
    Backend::download(v_.data(), count_, state.v.data());
    return state;
  }
  /// Goes on from a state of as many parameters.
  void restore(const AdamState& state) {
    Backend::upload(state.m.data(), count_, m_.data());
    Backend::upload(state.v.data(), count_, v_.data());
    steps_ = state.steps;
  }

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
  std::size_t count_;
  backend::AdamStep step_;
  typename Backend::Memory m_, v_;
  int steps_ = 0;
};

}  // namespace rcar
