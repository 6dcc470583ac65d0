#pragma once
/// The matrix product of the heads, by the micro-kernels of gemm_kernels.inc.
///
/// What its shapes taught. Training multiplies the features (160, 2048) of eight clips by a kernel (2048, 48), and
/// their transpose by gradients (160, 48): tall and narrow. So B is mostly one panel that lies as a micro-kernel wants
/// it, and is not copied; A is read where it lies, row by row. A transposed A is the exception: down a column its rows
/// are 8 KiB apart, in one set of the first-level cache, so that blocks of it are copied (a fifth faster). And as that
/// copies anyway, its rows may as well come from clips that lie apart: add_products() sums over eight shuffled clips
/// with one pass over the gradients, whose traffic would else cost a quarter more.

#include <cstddef>

#include "../primitives.hpp"
#include "panels.hpp"

namespace rcar::backend::native {

struct Gemm {
  /// C = alpha * op(A) * op(B) + beta * C, row-major.
  ///
  /// op(A) (m, k): A is (m, k), rows lda apart, or (k, m) when transposed; op(B) (k, n) likewise; C (m, n).
  /// beta == 0 overwrites C whatever it held, alpha == 0 reads neither A nor B. A value of C is summed in an order that
  /// depends on k alone.
  static void gemm(Transpose a_transposed, Transpose b_transposed, int m, int n, int k, float alpha, const float* a,
                   int lda, const float* b, int ldb, float beta, float* c, int ldc) {
    if (alpha == 0) k = 0;
    panels::for_each_panel({b_transposed, b, ldb}, m, n, k, c, ldc, [&](gemm_kernels::Strip strip) {
      strip.alpha = alpha;
      strip.beta = beta;
      if (a_transposed == Transpose::yes)
        panels::multiply_columns(m, k, {&a, 1, k, lda}, strip);
      else
        panels::multiply_rows(m, k, a, lda, strip);
    });
  }

  /// C += the sum of A_i^T * B_i over i < count, one product of matrices that lie apart.
  /// A_i (k, m) lies at a[i]; B_i (k, n) lie one after the other at b; C (m, n).
  static void add_products(int count, const float* const* a, int m, int n, int k, const float* b, float* c) {
    panels::for_each_panel({Transpose::no, b, n}, m, n, count * k, c, n, [&](gemm_kernels::Strip strip) {
      strip.beta = 1;
      panels::multiply_columns(m, count * k, {a, count, k, m}, strip);
    });
  }
};

/// A small B (k, n), packed once for many products. It lies in memory that others give.
class PackedMatrix {
 public:
  static std::size_t floats(int k, int n) {
    return static_cast<std::size_t>(k) * static_cast<std::size_t>(panels::whole_vectors(n));
  }

  /// Packs B into `memory` (floats(k, n)); B is (k, n), or (n, k) when transposed.
  PackedMatrix(Transpose transposed, const float* b, int ldb, int k, int n, float* memory)
      : k_(k), n_(n), packed_(memory) {
    for (int column = 0; column < n;
         column += panels::widest(), memory += static_cast<std::ptrdiff_t>(k) * panels::widest())
      panels::Columns{transposed, b, ldb}.copy(k, column, columns(column), memory);
  }

  /// C = A * B + beta * C; A (m, k), C (m, n).
  void multiply(int m, const float* a, std::ptrdiff_t lda, float beta, float* c, std::ptrdiff_t ldc) const {
    const float* panel = packed_;
    for (int column = 0; column < n_;
         column += panels::widest(), panel += static_cast<std::ptrdiff_t>(k_) * panels::widest()) {
      gemm_kernels::Strip strip;
      strip.b = panel;
      strip.columns = columns(column);
      strip.b_step = panels::whole_vectors(strip.columns);
      strip.c = c + column;
      strip.c_row = ldc;
      strip.depth = k_;
      strip.beta = beta;
      panels::multiply_strips(m, a, lda, 1, strip);
    }
  }

 private:
  int columns(int first) const { return std::min(n_ - first, panels::widest()); }

  int k_, n_;
  const float* packed_;
};

}  // namespace rcar::backend::native
