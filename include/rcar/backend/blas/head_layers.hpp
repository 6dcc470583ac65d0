#pragma once
/// Dense layers, dropout, loss and optimiser as loops that vectorise.

#include <cmath>
#include <cstddef>

#include "../recurrent.hpp"
#include "gate_functions.hpp"

namespace rcar::backend::blas {

struct HeadLayers {
  static void bias_activation(int rows, int columns, const float* __restrict bias, Activation activation,
                              float* __restrict y) {
    for (int r = 0; r < rows; ++r, y += columns) {
      for (int c = 0; c < columns; ++c) y[c] += bias[c];
      activate(activation, columns, y);
    }
  }

  static void activation_backward(std::size_t count, Activation activation, const float* __restrict y,
                                  float* __restrict dy) {
    const auto multiply = [&](auto derivative) {
      for (std::size_t i = 0; i < count; ++i) dy[i] *= derivative(y[i]);
    };
    switch (activation) {
      case Activation::relu:
        return multiply([](float v) { return v > 0 ? 1.0f : 0.0f; });
      case Activation::relu6:
        return multiply([](float v) { return v > 0 && v < 6 ? 1.0f : 0.0f; });
      case Activation::sigmoid:
        return multiply([](float v) { return v * (1 - v); });
      case Activation::tanh:
        return multiply([](float v) { return 1 - v * v; });
      case Activation::linear:
      case Activation::swish:
        break;
    }
  }

  static void column_sums(int rows, int columns, const float* __restrict x, float* __restrict sums) {
    for (int r = 0; r < rows; ++r, x += columns)
      for (int c = 0; c < columns; ++c) sums[c] += x[c];
  }

  static void dropout(std::size_t count, const float* keep, float factor, const float* x, float* y) {
    for (std::size_t i = 0; i < count; ++i) y[i] = keep[i] * x[i] * factor;
  }

  static void softmax(int rows, int columns, const float* logits, float* probabilities) {
    for (int r = 0; r < rows; ++r, logits += columns, probabilities += columns)
      normalised_exp(columns, logits, 1.0f, probabilities);
  }

  static void cross_entropy(int rows, int columns, const float* logits, const int* labels, float* losses) {
    for (int r = 0; r < rows; ++r, logits += columns) {
      const float top = highest(columns, logits);
      float sum = 0;
      for (int k = 0; k < columns; ++k) sum += gate_exp(logits[k] - top);
      losses[r] = std::log(sum) - (logits[labels[r]] - top);
    }
  }

  static void cross_entropy_backward(int rows, int columns, const float* logits, const int* labels, float factor,
                                     float* gradient) {
    for (int r = 0; r < rows; ++r, logits += columns, gradient += columns) {
      normalised_exp(columns, logits, factor, gradient);
      gradient[labels[r]] -= factor;
    }
  }

  static void adam(const AdamStep& adam, std::size_t count, const float* __restrict gradient, float* __restrict m,
                   float* __restrict v, float* __restrict parameters) {
    for (std::size_t i = 0; i < count; ++i) {
      const float g = gradient[i];
      m[i] += (g - m[i]) * adam.one_minus_beta_1;
      v[i] += (g * g - v[i]) * adam.one_minus_beta_2;
      parameters[i] -= m[i] * adam.step / (std::sqrt(v[i]) + adam.epsilon);
    }
  }

 private:
  static void activate(Activation activation, int count, float* y) {
    const auto apply = [&](auto function) {
      for (int i = 0; i < count; ++i) y[i] = function(y[i]);
    };
    switch (activation) {  // NaN passes through, so that a broken training shows in its loss
      case Activation::relu:
        return apply([](float v) { return v < 0 ? 0.0f : v; });
      case Activation::relu6:
        return apply([](float v) { return v < 0 ? 0.0f : v > 6 ? 6.0f : v; });
      case Activation::swish:
        return apply([](float v) { return v * gate_sigmoid(v); });
      case Activation::sigmoid:
        return apply(gate_sigmoid);
      case Activation::tanh:
        return apply(gate_tanh);
      case Activation::linear:
        break;
    }
  }

  static float highest(int count, const float* x) {
    float top = x[0];
    for (int i = 1; i < count; ++i) top = x[i] > top ? x[i] : top;
    return top;
  }

  /// out = factor * softmax(x).
  static void normalised_exp(int count, const float* x, float factor, float* out) {
    const float top = highest(count, x);
    float sum = 0;
    for (int k = 0; k < count; ++k) sum += out[k] = gate_exp(x[k] - top);
    for (int k = 0; k < count; ++k) out[k] *= factor / sum;
  }
};

}  // namespace rcar::backend::blas
