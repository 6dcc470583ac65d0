#pragma once
/// Dense layers, dropout, loss and optimiser as formulas, in double precision: the oracle.

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "../recurrent.hpp"

namespace rcar::backend::reference {

struct HeadLayers {
  static void bias_activation(int rows, int columns, const float* bias, Activation activation, float* y) {
    for (int r = 0; r < rows; ++r)
      for (int c = 0; c < columns; ++c) {
        float& value = y[static_cast<std::size_t>(r) * columns + c];
        value = static_cast<float>(function(activation, double(value) + bias[c]));
      }
  }

  static void activation_backward(std::size_t count, Activation activation, const float* y, float* dy) {
    for (std::size_t i = 0; i < count; ++i) dy[i] = static_cast<float>(dy[i] * derivative(activation, y[i]));
  }

  static void column_sums(int rows, int columns, const float* x, float* sums) {
    for (int c = 0; c < columns; ++c) {
      double sum = sums[c];
      for (int r = 0; r < rows; ++r) sum += x[static_cast<std::size_t>(r) * columns + c];
      sums[c] = static_cast<float>(sum);
    }
  }

  static void dropout(std::size_t count, const float* keep, float factor, const float* x, float* y) {
    for (std::size_t i = 0; i < count; ++i) y[i] = keep[i] * x[i] * factor;
  }

  static void softmax(int rows, int columns, const float* logits, float* probabilities) {
    for (int r = 0; r < rows; ++r, logits += columns, probabilities += columns) {
      const double normaliser = log_sum_exp(columns, logits);
      for (int k = 0; k < columns; ++k) probabilities[k] = static_cast<float>(std::exp(logits[k] - normaliser));
    }
  }

  static void cross_entropy(int rows, int columns, const float* logits, const int* labels, float* losses) {
    for (int r = 0; r < rows; ++r, logits += columns)
      losses[r] = static_cast<float>(log_sum_exp(columns, logits) - logits[labels[r]]);
  }

  static void cross_entropy_backward(int rows, int columns, const float* logits, const int* labels, float factor,
                                     float* gradient) {
    for (int r = 0; r < rows; ++r, logits += columns, gradient += columns) {
      const double normaliser = log_sum_exp(columns, logits);
      for (int k = 0; k < columns; ++k)
        gradient[k] = static_cast<float>((std::exp(logits[k] - normaliser) - (k == labels[r])) * factor);
    }
  }

  static void adam(const AdamStep& adam, std::size_t count, const float* gradient, float* m, float* v,
                   float* parameters) {
    for (std::size_t i = 0; i < count; ++i) {
      const double g = gradient[i];
      m[i] = static_cast<float>(m[i] + (g - m[i]) * adam.one_minus_beta_1);
      v[i] = static_cast<float>(v[i] + (g * g - v[i]) * adam.one_minus_beta_2);
      parameters[i] =
          static_cast<float>(parameters[i] - adam.step * double(m[i]) / (std::sqrt(double(v[i])) + adam.epsilon));
    }
  }

  static double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

 private:
  static double function(Activation activation, double x) {
    switch (activation) {
      case Activation::relu:
        return std::max(x, 0.0);
      case Activation::relu6:
        return std::clamp(x, 0.0, 6.0);
      case Activation::swish:
        return x * sigmoid(x);
      case Activation::sigmoid:
        return sigmoid(x);
      case Activation::tanh:
        return std::tanh(x);
      case Activation::linear:
        break;
    }
    return x;
  }

  static double derivative(Activation activation, double y) {
    switch (activation) {
      case Activation::relu:
        return y > 0;
      case Activation::relu6:
        return y > 0 && y < 6;
      case Activation::sigmoid:
        return y * (1 - y);
      case Activation::tanh:
        return 1 - y * y;
      case Activation::linear:
      case Activation::swish:
        break;
    }
    return 1;
  }

  static double log_sum_exp(int columns, const float* logits) {
    const double highest = *std::max_element(logits, logits + columns);
    double sum = 0;
    for (int k = 0; k < columns; ++k) sum += std::exp(logits[k] - highest);
    return highest + std::log(sum);
  }
};

}  // namespace rcar::backend::reference
