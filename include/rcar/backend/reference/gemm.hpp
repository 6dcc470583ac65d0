#pragma once
/// The naive matrix product, the oracle of every other.

#include <cstddef>

#include "../primitives.hpp"

namespace rcar::backend::reference {

/// Matrix product, one double-precision sum an element.
struct Gemm {
  /// C = alpha * op(A) * op(B) + beta * C, row-major.
  ///
  /// op(A) (m, k): A is (m, k), rows lda apart, or (k, m) when transposed; op(B) (k, n) likewise; C (m, n).
  /// beta == 0 overwrites C whatever it held.
  static void gemm(Transpose a_transposed, Transpose b_transposed, int m, int n, int k, float alpha, const float* a,
                   int lda, const float* b, int ldb, float beta, float* c, int ldc) {
    const auto at = [](const float* matrix, int ld, int row, int column) {
      return static_cast<double>(matrix[static_cast<std::ptrdiff_t>(row) * ld + column]);
    };
    for (int i = 0; i < m; ++i) {
      for (int j = 0; j < n; ++j) {
        double sum = 0;
        for (int l = 0; l < k; ++l)
          sum += (a_transposed == Transpose::yes ? at(a, lda, l, i) : at(a, lda, i, l)) *
                 (b_transposed == Transpose::yes ? at(b, ldb, j, l) : at(b, ldb, l, j));
        float& out = c[static_cast<std::ptrdiff_t>(i) * ldc + j];
        out = static_cast<float>(alpha * sum + (beta == 0 ? 0.0 : beta * static_cast<double>(out)));
      }
    }
  }
};

}  // namespace rcar::backend::reference
