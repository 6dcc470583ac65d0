#pragma once
/// What one thread computes of dense layers, dropout, the loss and the optimiser, and of gathering a batch.

#include <cmath>
#include <cstddef>

#include "../recurrent.hpp"
#include "elements.hpp"
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
  static constexpr int Columns = 32, Parts = 32;
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
      if (column < columns) {
        RCAR_UNROLL_BY(4)
        for (int row = part; row < rows; row += Parts) sum += x[static_cast<std::ptrdiff_t>(row) * columns + column];
      }
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

/// What the kernels of logits share: a block takes a row, each of its threads every `Parts`-th column, and the parts
/// are taken together in order, so that the bits never change. All is taken relative to the highest, so that logits far
/// from zero lose no digits.
struct RowParts {
  static constexpr int Parts = 32, threads = Parts, shared_floats = 2 * Parts + 3;
};
template <class Block>
struct Row : RowParts {
  const Block& block;
  const float* logits;
  int columns;
  float *values, *places, *results;  // a value and a column a part; the highest, its column and the sum of the row

  RCAR_HOST_DEVICE Row(const Block& of, const float* all, int width, int row, float* shared)
      : block(of),
        logits(all + static_cast<std::ptrdiff_t>(row) * width),
        columns(width),
        values(shared),
        places(values + Parts),
        results(places + Parts) {}

  RCAR_HOST_DEVICE float highest() const { return results[0]; }
  RCAR_HOST_DEVICE int most_likely() const { return bits_as<int>(results[1]); }  // the first of equally high ones
  RCAR_HOST_DEVICE float sum_exp() const { return results[2]; }

  RCAR_HOST_DEVICE void find_highest() const {
    block.each(Parts, [&](int part) {
      int best = part < columns ? part : 0;
      for (int k = part + Parts; k < columns; k += Parts)
        if (logits[k] > logits[best]) best = k;
      values[part] = logits[best], places[part] = bits_as<float>(best);
    });
    block.each(1, [&](int) {
      int best = 0;
      for (int part = 1; part < Parts; ++part) {
        const bool earlier = bits_as<int>(places[part]) < bits_as<int>(places[best]);
        if (values[part] > values[best] || (values[part] == values[best] && earlier)) best = part;
      }
      results[0] = values[best], results[1] = places[best];
    });
  }
  RCAR_HOST_DEVICE void add_exp() const {
    find_highest();
    block.each(Parts, [&](int part) {
      float sum = 0;
      for (int k = part; k < columns; k += Parts) sum += ::expf(logits[k] - highest());
      values[part] = sum;
    });
    block.each(1, [&](int) {
      float sum = 0;
      for (int part = 0; part < Parts; ++part) sum += values[part];
      results[2] = sum;
    });
  }
};

struct Softmax {
  const float* logits = nullptr;
  int columns = 0;
  float* probabilities = nullptr;

  template <class Block>
  RCAR_HOST_DEVICE void operator()(const Block& block, int row, float* shared) const {
    const Row<Block> in(block, logits, columns, row, shared);
    in.add_exp();
    float* out = probabilities + static_cast<std::ptrdiff_t>(row) * columns;
    block.each(columns, [&](int k) { out[k] = ::expf(in.logits[k] - in.highest()) / in.sum_exp(); });
  }
};

struct CrossEntropy {
  const float* logits = nullptr;
  int columns = 0;
  const int* labels = nullptr;
  float* losses = nullptr;

  template <class Block>
  RCAR_HOST_DEVICE void operator()(const Block& block, int row, float* shared) const {
    const Row<Block> in(block, logits, columns, row, shared);
    in.add_exp();
    block.each(1, [&](int) { losses[row] = ::logf(in.sum_exp()) + (in.highest() - in.logits[labels[row]]); });
  }
};

struct CrossEntropyBackward {
  const float* logits = nullptr;
  int columns = 0;
  const int* labels = nullptr;
  float factor = 1;
  float* gradient = nullptr;

  template <class Block>
  RCAR_HOST_DEVICE void operator()(const Block& block, int row, float* shared) const {
    const Row<Block> in(block, logits, columns, row, shared);
    in.add_exp();
    float* out = gradient + static_cast<std::ptrdiff_t>(row) * columns;
    block.each(columns, [&](int k) {
      out[k] = (::expf(in.logits[k] - in.highest()) / in.sum_exp() - (k == labels[row] ? 1.0f : 0.0f)) * factor;
    });
  }
};

/// hits[row] = 1 where the most likely class is the true one, else 0.
struct Hits {
  const float* logits = nullptr;
  int columns = 0;
  const int* labels = nullptr;
  float* hits = nullptr;

  template <class Block>
  RCAR_HOST_DEVICE void operator()(const Block& block, int row, float* shared) const {
    const Row<Block> in(block, logits, columns, row, shared);
    in.find_highest();
    block.each(1, [&](int) { hits[row] = in.most_likely() == labels[row] ? 1.0f : 0.0f; });
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
