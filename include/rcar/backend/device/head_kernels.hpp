#pragma once
/// What one thread computes of dense layers, dropout, the loss and the optimiser, and of gathering a batch.

#include <cmath>
#include <cstddef>

#include "../recurrent.hpp"
#include "functions.hpp"
#include "host_device.hpp"

namespace rcar::backend::device {

struct BiasActivation {
  const float* bias = nullptr;  // (columns)
  Activation activation = Activation::linear;
  float* y = nullptr;
  int columns = 0;

  RCAR_HOST_DEVICE void operator()(int i) const { y[i] = activate(activation, y[i] + bias[i % columns]); }
};

struct ActivationBackward {
  Activation activation = Activation::linear;
  const float* y = nullptr;
  float* dy = nullptr;

  RCAR_HOST_DEVICE void operator()(int i) const { dy[i] *= derivative(activation, y[i]); }
};

struct Dropout {
  const float* keep = nullptr;
  float factor = 1;
  const float* x = nullptr;
  float* y = nullptr;

  RCAR_HOST_DEVICE void operator()(int i) const { y[i] = keep[i] * x[i] * factor; }
};

/// sums (columns) += the column sums of x; a block takes `Columns` columns, as SliceSums does.
struct ColumnSums {
  static constexpr int Columns = 32, Parts = 8;
  static constexpr int threads = Columns * Parts, shared_floats = Columns * Parts;

  const float* x = nullptr;  // (rows, columns)
  float* sums = nullptr;
  int rows = 0, columns = 0;

  template <class Block>
  RCAR_HOST_DEVICE void operator()(const Block& block, int index, float* shared) const {
    const int first = index * Columns;
    block.each(threads, [&](int thread) {
      const int column = first + thread % Columns, part = thread / Columns;
      float sum = 0;
      if (column < columns)
        for (int row = part; row < rows; row += Parts) sum += x[static_cast<std::ptrdiff_t>(row) * columns + column];
      shared[thread] = sum;
    });
    block.each(Columns, [&](int thread) {
      if (first + thread >= columns) return;
      float sum = 0;
      for (int part = 0; part < Parts; ++part) sum += shared[part * Columns + thread];
      sums[first + thread] += sum;
    });
  }
};

/// One row of logits. All is taken relative to the highest, so that logits far from zero lose no digits.
struct Row {
  const float* logits = nullptr;
  int columns = 0;

  RCAR_HOST_DEVICE float highest() const { return logits[most_likely()]; }
  RCAR_HOST_DEVICE float sum_exp(float highest) const {
    float sum = 0;
    for (int k = 0; k < columns; ++k) sum += ::expf(logits[k] - highest);
    return sum;
  }
  RCAR_HOST_DEVICE int most_likely() const {
    int best = 0;
    for (int k = 1; k < columns; ++k)
      if (logits[k] > logits[best]) best = k;
    return best;
  }
};

struct Softmax {
  const float* logits = nullptr;
  int columns = 0;
  float* probabilities = nullptr;

  RCAR_HOST_DEVICE void operator()(int row) const {
    const Row in{logits + static_cast<std::ptrdiff_t>(row) * columns, columns};
    const float highest = in.highest(), sum = in.sum_exp(highest);
    for (int k = 0; k < columns; ++k)
      probabilities[static_cast<std::ptrdiff_t>(row) * columns + k] = ::expf(in.logits[k] - highest) / sum;
  }
};

struct CrossEntropy {
  const float* logits = nullptr;
  int columns = 0;
  const int* labels = nullptr;
  float* losses = nullptr;

  RCAR_HOST_DEVICE void operator()(int row) const {
    const Row in{logits + static_cast<std::ptrdiff_t>(row) * columns, columns};
    const float highest = in.highest();
    losses[row] = ::logf(in.sum_exp(highest)) + (highest - in.logits[labels[row]]);
  }
};

struct CrossEntropyBackward {
  const float* logits = nullptr;
  int columns = 0;
  const int* labels = nullptr;
  float factor = 1;
  float* gradient = nullptr;

  RCAR_HOST_DEVICE void operator()(int row) const {
    const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(row) * columns;
    const Row in{logits + first, columns};
    const float highest = in.highest(), sum = in.sum_exp(highest);
    for (int k = 0; k < columns; ++k)
      gradient[first + k] = (::expf(in.logits[k] - highest) / sum - (k == labels[row] ? 1.0f : 0.0f)) * factor;
  }
};

/// hits[row] = 1 where the most likely class is the true one, else 0.
struct Hits {
  const float* logits = nullptr;
  int columns = 0;
  const int* labels = nullptr;
  float* hits = nullptr;

  RCAR_HOST_DEVICE void operator()(int row) const {
    const Row in{logits + static_cast<std::ptrdiff_t>(row) * columns, columns};
    hits[row] = in.most_likely() == labels[row] ? 1.0f : 0.0f;
  }
};

struct Adam {
  AdamStep step;
  const float* gradient = nullptr;
  float *m = nullptr, *v = nullptr, *parameters = nullptr;

  RCAR_HOST_DEVICE void operator()(int i) const {
    const float g = gradient[i];
    m[i] += (g - m[i]) * step.one_minus_beta_1;
    v[i] += (g * g - v[i]) * step.one_minus_beta_2;
    parameters[i] -= step.step * m[i] / (::sqrtf(v[i]) + step.epsilon);
  }
};

/// to[i] = row rows[i] of from; `width` numbers a row.
template <class T>
struct GatherRows {
  const T* from = nullptr;
  const int* rows = nullptr;
  T* to = nullptr;
  int width = 0;

  RCAR_HOST_DEVICE void operator()(int i) const {
    to[i] = from[static_cast<std::ptrdiff_t>(rows[i / width]) * width + i % width];
  }
};

}  // namespace rcar::backend::device
