#pragma once
/// The matrix product of the heads, by the micro-kernels of gemm_kernels.inc.
///
/// What its shapes taught. Training multiplies the features (80, 2048) of four clips by a kernel (2048, 48), and their
/// transpose by gradients (80, 48): tall and narrow. So B is mostly one panel that lies as a micro-kernel wants it, and
/// is not copied; A is read where it lies, row by row. A transposed A is the exception: down a column its rows are 8
/// KiB apart, in one set of the first-level cache, so that blocks of it are copied (a seventh faster). And as that
/// copies anyway, its rows may as well come from clips that lie apart: add_products() sums over shuffled clips with one
/// pass over the kernel's gradient, whose traffic would else cost that product a quarter more. (To copy the clips
/// together beforehand would cost 6 to 15 microseconds a clip, of the 40 that both products take.)

#include <algorithm>
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
    const auto panels = panels::Panels::of({b_transposed, b, ldb}, m, k, n);
    panels::Strip strip;
    strip.c = c;
    strip.c_row = ldc;
    strip.alpha = alpha;
    strip.beta = beta;
    if (a_transposed == Transpose::yes)
      panels::multiply_columns(m, {&a, std::max(k, 1), lda}, panels, strip);
    else
      panels::multiply_rows(m, a, lda, panels, strip);
  }

  /// C += the sum of A_i^T * B_i over i < count, one product of matrices that lie apart.
  /// A_i (k, m) lies at a[i]; B_i (k, n) lie one after the other at b; C (m, n).
  static void add_products(int count, const float* const* a, int m, int n, int k, const float* b, float* c) {
    panels::Strip strip;
    strip.c = c;
    strip.c_row = n;
    strip.beta = 1;
    panels::multiply_columns(m, {a, k, m}, panels::Panels::of({Transpose::no, b, n}, m, count * k, n), strip);
  }
};

}  // namespace rcar::backend::native
