#pragma once
/// How a matrix product is cut into the strips of gemm_kernels.inc: C into blocks of rows, the depth into parts, B into
/// panels of columns; all panels take a block of A while it is in the first-level cache. Cuts of rows and columns
/// change no bit; those of the depth are told by the depth alone.

#include <algorithm>
#include <cstddef>

#include "../primitives.hpp"
#include "gemm_kernels.hpp"
#include "scratch.hpp"

namespace rcar::backend::native::panels {

using gemm_kernels::copied_columns;
using gemm_kernels::Strip;

inline constexpr int most_depth = 256;       // of one part: 48 columns of B are then 48 KiB
inline constexpr int few_rows = 8;           // of C, for which a copy of B does not pay
inline constexpr int block_rows = 24;        // of C: whole strips of every kernel
inline constexpr int narrow_row_of_b = 128;  // wider ones compete for the cache's sets, and are copied

/// A matrix (rows, columns) as it lies, or its transpose (columns, rows); rows `stride` floats apart.
struct Matrix {
  Transpose transposed;
  const float* data;
  std::ptrdiff_t stride;
};

/// B (k, n) in panels: as many columns as the widest kernel takes, the last panel filled up to whole vectors.
class Panels {
 public:
  static std::size_t floats(int k, int n) { return static_cast<std::size_t>(k) * whole_vectors(n); }

  /// Copies B to `memory` (floats(k, n)), or reads it where it lies when `memory` is null.
  Panels(const Matrix& b, int k, int n, float* memory)
      : k_(k), n_(n), copied_(memory != nullptr), data_(copied_ ? memory : b.data), stride_(b.stride) {
    if (!copied_) return;
    for (int column = 0; column < n; column += widest()) {
      const int columns = std::min(n - column, widest()), padded = static_cast<int>(whole_vectors(columns));
      for (int p = 0; p < k; ++p, memory += padded) {
        if (b.transposed == Transpose::no)
          std::copy_n(b.data + p * b.stride + column, columns, memory);
        else
          for (int j = 0; j < columns; ++j) memory[j] = b.data[(column + j) * b.stride + p];
        std::fill(memory + columns, memory + padded, 0.0f);
      }
    }
  }

  /// For a product of m rows: copied where that pays or must be, to memory of the thread.
  static Panels of(const Matrix& b, int m, int k, int n) {
    struct Copy;
    const bool in_place = b.transposed == Transpose::no && whole_vectors(n) == static_cast<std::size_t>(n) &&
                          (b.stride <= narrow_row_of_b || m <= few_rows);
    return Panels(b, k, n, in_place ? nullptr : thread_scratch<Copy>(std::max<std::size_t>(floats(k, n), 1)));
  }

  int depth() const { return k_; }

  /// All strips of m rows in every panel, from step `first` of the depth on; value (i, p) of A lies at
  /// a + i * row + p * step, and `strip` says where C is, and the depth.
  void multiply(int m, const float* a, std::ptrdiff_t row, std::ptrdiff_t step, int first, const Strip& strip) const {
    const auto& kernels = gemm_kernels::kernels();
    for (int column = 0; column < n_; column += widest()) {
      Strip one = strip;
      one.columns = std::min(n_ - column, widest());
      const int width = (one.columns - 1) / kernels.lanes;
      one.b_step = copied_ ? (width + 1) * kernels.lanes : stride_;
      one.b = data_ + first * one.b_step + (copied_ ? static_cast<std::ptrdiff_t>(column) * k_ : column);
      one.a = a;
      one.a_row = row;
      one.a_step = step;
      one.c += column;
      for (int done = 0; done < m; done += one.rows, one.a += one.rows * row, one.c += one.rows * one.c_row) {
        one.rows = std::min(m - done, kernels.rows[width]);
        (one.rows <= kernels.few_rows[width] ? kernels.few : kernels.strip)[width](one);
      }
    }
  }

 private:
  static int widest() { return gemm_kernels::kernels().widest * gemm_kernels::kernels().lanes; }
  static std::size_t whole_vectors(int columns) {
    const int lanes = gemm_kernels::kernels().lanes;
    return static_cast<std::size_t>((columns + lanes - 1) / lanes * lanes);
  }

  int k_, n_;
  bool copied_;
  const float* data_;
  std::ptrdiff_t stride_;
};

/// Calls multiply(first, strip) for every part of the depth: steps first to first + strip.depth - 1.
template <class Multiply>
void for_each_part(int k, Strip strip, Multiply&& multiply) {
  const int parts = std::max(1, (k + most_depth - 1) / most_depth), depth = (k + parts - 1) / parts;
  for (int part = 0; part < parts; ++part) {
    strip.depth = std::min(depth, k - part * depth);
    multiply(part * depth, strip);
    strip.beta = 1;  // the next part adds to this one
  }
}

/// C = A * B; A (m, k), rows lda apart, is read where it lies.
inline void multiply_rows(int m, const float* a, std::ptrdiff_t lda, const Panels& b, Strip strip) {
  for (int row = 0; row < m; row += block_rows, strip.c += block_rows * strip.c_row)
    for_each_part(b.depth(), strip, [&](int first, const Strip& part) {
      b.multiply(std::min(m - row, block_rows), a + row * lda + first, lda, 1, first, part);
    });
}

/// Matrices (rows, m) that lie apart, rows `stride` floats apart, and count as one below the other.
struct Stack {
  const float* const* at;
  int rows;
  std::ptrdiff_t stride;

  /// out (depth, copied_columns) = columns first to first + columns - 1 of rows begin to begin + depth - 1.
  void copy(int first, int columns, int begin, int depth, float* out) const {
    for (int done = 0; done < depth;) {
      const int part = (begin + done) / rows, row = (begin + done) % rows, count = std::min(rows - row, depth - done);
      const float* from = at[part] + row * stride + first;
      float* to = out + static_cast<std::ptrdiff_t>(done) * copied_columns;
      if (columns == copied_columns)
        gemm_kernels::kernels().copy_columns(from, stride, count, to);
      else
        for (int p = 0; p < count; ++p) std::copy_n(from + p * stride, columns, to + p * copied_columns);
      done += count;
    }
  }
};

/// C = A^T * B; A (k, m) is copied block by block.
inline void multiply_columns(int m, const Stack& a, const Panels& b, Strip strip) {
  struct Copy;
  for (int row = 0; row < m; row += copied_columns, strip.c += copied_columns * strip.c_row) {
    const int rows = std::min(m - row, copied_columns);
    for_each_part(b.depth(), strip, [&](int first, const Strip& part) {
      float* copy = thread_scratch<Copy>(static_cast<std::size_t>(most_depth) * copied_columns);
      a.copy(row, rows, first, part.depth, copy);
      b.multiply(rows, copy, 1, copied_columns, first, part);
    });
  }
}

}  // namespace rcar::backend::native::panels
