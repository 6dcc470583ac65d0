#pragma once
/// A matrix product and what is done to its result, as a device's library is told of it.

#include <cstddef>

#include "../primitives.hpp"

namespace rcar::backend::device {

/// C = activation(alpha * op(A) * op(B) + beta * C + bias) + residual, `batch` times, row-major; C (m, n).
template <class T>
struct Product {
  Transpose a_transposed = Transpose::no, b_transposed = Transpose::no;
  int m = 0, n = 0, k = 0;
  float alpha = 1, beta = 0;
  const T *a = nullptr, *b = nullptr;
  T* c = nullptr;
  int lda = 0, ldb = 0, ldc = 0;
  int batch = 1;
  std::ptrdiff_t a_step = 0, b_step = 0, c_step = 0;  // from one of a batch to the next

  const T* bias = nullptr;  // (n), or none
  Activation activation = Activation::linear;
  const T* residual = nullptr;  // (m, n), rows `residual_stride` apart, or none
  int residual_stride = 0;
};

/// How much a device's library did of what it was asked for.
enum class Done {
  nothing,  // it cannot compute this
  product,  // without bias, activation and residual
  all,
};

}  // namespace rcar::backend::device
