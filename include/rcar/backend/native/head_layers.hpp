#pragma once
/// Dense layers, dropout, loss and optimiser by the kernels of head_kernels.inc.

#include <cmath>
#include <cstddef>

#include "../recurrent.hpp"
#include "head_kernels.hpp"

namespace rcar::backend::native {

struct HeadLayers {
  static void bias_activation(int rows, int columns, const float* bias, Activation activation, float* y) {
    head_kernels::kernels().bias_activation[static_cast<int>(activation)](rows, columns, bias, y);
  }

  static void activation_backward(std::size_t count, Activation activation, const float* y, float* dy) {
    if (activation == Activation::linear) return;
    head_kernels::training_kernels().activation_backward[static_cast<int>(activation)](count, y, dy);
  }

  static void column_sums(int rows, int columns, const float* x, float* sums) {
    head_kernels::training_kernels().column_sums(rows, columns, x, sums);
  }

  static void dropout(std::size_t count, const float* keep, float factor, const float* x, float* y) {
    head_kernels::kernels().dropout(count, keep, factor, x, y);
  }

  static void softmax(int rows, int columns, const float* logits, float* probabilities) {
    for (int r = 0; r < rows; ++r, logits += columns, probabilities += columns)
      scaled_softmax(columns, logits, 1.0f, probabilities);
  }

  static void cross_entropy(int rows, int columns, const float* logits, const int* labels, float* losses) {
    for (int r = 0; r < rows; ++r, logits += columns) {
      const float top = head_kernels::kernels().highest(columns, logits);
      losses[r] =
          std::log(head_kernels::kernels().exponentials(columns, logits, top, nullptr)) - (logits[labels[r]] - top);
    }
  }

  static void cross_entropy_backward(int rows, int columns, const float* logits, const int* labels, float factor,
                                     float* gradient) {
    for (int r = 0; r < rows; ++r, logits += columns, gradient += columns) {
      scaled_softmax(columns, logits, factor, gradient);
      gradient[labels[r]] -= factor;
    }
  }

  static void adam(const AdamStep& adam, std::size_t count, const float* gradient, float* m, float* v,
                   float* parameters) {
    head_kernels::training_kernels().adam(adam, count, gradient, m, v, parameters);
  }

 private:
  /// out = factor * softmax(x).
  static void scaled_softmax(int count, const float* x, float factor, float* out) {
    const auto& kernels = head_kernels::kernels();
    kernels.scale(count, factor / kernels.exponentials(count, x, kernels.highest(count, x), out), out);
  }
};

}  // namespace rcar::backend::native
