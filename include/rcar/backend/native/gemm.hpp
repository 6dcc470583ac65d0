#pragma once
/// The matrix product of the heads, by the micro-kernels of gemm_kernels.inc.
///
/// What its shapes taught. Training multiplies the features (160, 2048) of eight clips by a kernel (2048, 48), and
/// their transpose by gradients (160, 48): tall and narrow. So B is mostly one panel that lies as a micro-kernel wants
/// it, and is not copied; A is read where it lies, row by row. A transposed A is the exception: down a column its rows
/// are 8 KiB apart, in one set of the first-level cache, so that blocks of it are copied (a fifth faster).

#include <algorithm>
#include <cstddef>

#include "../primitives.hpp"
#include "gemm_kernels.hpp"
#include "scratch.hpp"

namespace rcar::backend::native {

struct Gemm {
  /// C = alpha * op(A) * op(B) + beta * C, row-major.
  ///
  /// op(A) (m, k): A is (m, k), rows lda apart, or (k, m) when transposed; op(B) (k, n) likewise; C (m, n).
  /// beta == 0 overwrites C whatever it held, alpha == 0 reads neither A nor B. A value of C is summed in an order that
  /// depends on k alone.
  static void gemm(Transpose a_transposed, Transpose b_transposed, int m, int n, int k, float alpha, const float* a,
                   int lda, const float* b, int ldb, float beta, float* c, int ldc) {
    const auto& kernels = gemm_kernels::kernels();
    if (alpha == 0) k = 0;
    const int blocks = std::max(1, (k + most_depth - 1) / most_depth), block = (k + blocks - 1) / blocks;
    const Matrix a_matrix(a_transposed, a, lda), b_matrix(b_transposed, b, ldb);
    const int widest = kernels.widest * kernels.lanes;
    for (int column = 0; column < n; column += widest) {
      const int columns = std::min(n - column, widest), padded = whole_vectors(kernels, columns);
      const bool in_place = b_transposed == Transpose::no && columns == padded && (ldb <= 2 * widest || m <= few_rows);
      for (int i = 0; i < blocks; ++i) {
        const int first = i * block;
        gemm_kernels::Strip strip;
        strip.depth = std::min(block, k - first);
        strip.b = b_matrix.at(first, column);
        strip.b_step = ldb;
        if (!in_place) {
          float* copy = thread_scratch<PanelOfB>(static_cast<std::size_t>(strip.depth) * padded);
          copy_panel(b_matrix, first, strip.depth, column, columns, padded, copy);
          strip.b = copy;
          strip.b_step = padded;
        }
        strip.c_row = ldc;
        strip.columns = columns;
        strip.alpha = alpha;
        strip.beta = i == 0 ? beta : 1.0f;
        const Matrix from{a_matrix.at(0, first), a_matrix.down, a_matrix.along};
        if (a_transposed == Transpose::yes && strip.depth > 1)
          multiply_columns(kernels, m, from, c + column, strip);
        else
          multiply_rows(kernels, m, from, c + column, strip);
      }
    }
  }

 protected:
  /// The floats that pack() writes.
  static std::size_t packed_floats(int k, int n) {
    return static_cast<std::size_t>(k) * static_cast<std::size_t>(whole_vectors(gemm_kernels::kernels(), n));
  }
  /// op(B) (k, n), panel after panel, for multiply_packed(): where many products share a small B.
  static void pack(Transpose transposed, const float* b, int ldb, int k, int n, float* packed) {
    const auto& kernels = gemm_kernels::kernels();
    const int widest = kernels.widest * kernels.lanes;
    for (int column = 0; column < n; column += widest, packed += static_cast<std::ptrdiff_t>(k) * widest) {
      const int columns = std::min(n - column, widest);
      copy_panel(Matrix(transposed, b, ldb), 0, k, column, columns, whole_vectors(kernels, columns), packed);
    }
  }
  /// C = A * B + beta * C; A (m, k), B (k, n) packed, C (m, n).
  static void multiply_packed(int m, int n, int k, const float* a, std::ptrdiff_t lda, const float* packed, float beta,
                              float* c, std::ptrdiff_t ldc) {
    const auto& kernels = gemm_kernels::kernels();
    const int widest = kernels.widest * kernels.lanes;
    for (int column = 0; column < n; column += widest, packed += static_cast<std::ptrdiff_t>(k) * widest) {
      gemm_kernels::Strip strip;
      strip.depth = k;
      strip.columns = std::min(n - column, widest);
      strip.b = packed;
      strip.b_step = whole_vectors(kernels, strip.columns);
      strip.c_row = ldc;
      strip.beta = beta;
      multiply_rows(kernels, m, {a, lda, 1}, c + column, strip);
    }
  }

 private:
  static constexpr int most_depth = 256;  // a panel of 48 columns is then 48 KiB
  static constexpr int few_rows = 8;      // of C, for which a copy of B does not pay
  static constexpr int block_rows = 32;   // of a transposed A that are copied at once: two cache lines
  struct PanelOfB;
  struct BlockOfA;

  struct Matrix {
    Matrix(Transpose transposed, const float* data, std::ptrdiff_t stride)
        : data(data), down(transposed == Transpose::yes ? 1 : stride), along(transposed == Transpose::yes ? stride : 1) {}
    Matrix(const float* data, std::ptrdiff_t down, std::ptrdiff_t along) : data(data), down(down), along(along) {}

    const float* at(int row, int column) const { return data + row * down + column * along; }

    const float* data;
    std::ptrdiff_t down, along;  // from row to row, from column to column
  };

  static int whole_vectors(const gemm_kernels::Kernels& kernels, int columns) {
    return (columns + kernels.lanes - 1) / kernels.lanes * kernels.lanes;
  }

  /// Rows first to first + depth - 1 of some columns, padded to whole vectors with zeros.
  static void copy_panel(const Matrix& b, int first, int depth, int column, int columns, int padded, float* out) {
    for (int p = 0; p < depth; ++p, out += padded) {
      const float* from = b.at(first + p, column);
      if (b.along == 1)
        std::copy_n(from, columns, out);
      else
        for (int j = 0; j < columns; ++j) out[j] = from[j * b.along];
      std::fill(out + columns, out + padded, 0.0f);
    }
  }

  /// All rows of C in one panel; `strip` says all but the rows.
  static void multiply_rows(const gemm_kernels::Kernels& kernels, int m, const Matrix& a, float* c,
                            gemm_kernels::Strip strip) {
    const int width = (strip.columns - 1) / kernels.lanes;
    strip.a_row = a.down;
    strip.a_step = a.along;
    for (int row = 0; row < m; row += strip.rows) {
      strip.rows = std::min(m - row, kernels.rows[width]);
      strip.a = a.at(row, 0);
      strip.c = c + row * strip.c_row;
      (strip.rows <= kernels.few_rows[width] ? kernels.few : kernels.strip)[width](strip);
    }
  }

  /// The same for a transposed A, of which `block_rows` columns at a time are copied together.
  static void multiply_columns(const gemm_kernels::Kernels& kernels, int m, const Matrix& a, float* c,
                               const gemm_kernels::Strip& strip) {
    float* copy = thread_scratch<BlockOfA>(static_cast<std::size_t>(strip.depth) * block_rows);
    for (int row = 0; row < m; row += block_rows) {
      const int rows = std::min(m - row, block_rows);
      for (int p = 0; p < strip.depth; ++p)
        copy_block_row(a.at(row, p), rows, copy + static_cast<std::ptrdiff_t>(p) * block_rows);
      multiply_rows(kernels, rows, {copy, 1, block_rows}, c + row * strip.c_row, strip);
    }
  }

  static void copy_block_row(const float* from, int count, float* to) {
    if (count == block_rows)
      std::copy_n(from, block_rows, to);  // of a size that the compiler knows
    else
      std::copy_n(from, count, to);
  }
};

}  // namespace rcar::backend::native
