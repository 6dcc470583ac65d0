#pragma once
/// How a matrix product is cut into the strips of gemm_kernels.inc: B into panels of columns, C into blocks of rows
/// that share a panel, the depth into parts. Cuts of rows and columns change no bit; those of the depth are told by the
/// depth alone.

#include <algorithm>
#include <cstddef>

#include "../primitives.hpp"
#include "gemm_kernels.hpp"
#include "scratch.hpp"

namespace rcar::backend::native::panels {

inline constexpr int most_depth = 256;  // of one strip: a panel of 48 columns is then 48 KiB
inline constexpr int few_rows = 8;      // of C, for which a copy of B does not pay
inline constexpr int block_rows = 24;   // of C that share a part of a panel; whole strips of every kernel
using gemm_kernels::copied_columns;

struct PanelCopy;
struct BlockCopy;

/// The widest panel.
inline int widest() { return gemm_kernels::kernels().widest * gemm_kernels::kernels().lanes; }
/// `columns` filled up to whole vectors.
inline int whole_vectors(int columns) {
  const int lanes = gemm_kernels::kernels().lanes;
  return (columns + lanes - 1) / lanes * lanes;
}

/// B (k, n), or its transpose (n, k), rows `stride` apart.
struct Columns {
  Transpose transposed;
  const float* data;
  std::ptrdiff_t stride;

  /// Columns first to first + count - 1, padded to whole vectors with zeros.
  void copy(int k, int first, int count, float* out) const {
    const int padded = whole_vectors(count);
    for (int p = 0; p < k; ++p, out += padded) {
      if (transposed == Transpose::no)
        std::copy_n(data + p * stride + first, count, out);
      else
        for (int j = 0; j < count; ++j) out[j] = data[(first + j) * stride + p];
      std::fill(out + count, out + padded, 0.0f);
    }
  }
};

/// Calls multiply(strip) for every panel of B. The strip says where the panel lies and where its columns of C begin;
/// a panel that kernels can read in place is not copied.
template <class Multiply>
void for_each_panel(const Columns& b, int m, int n, int k, float* c, std::ptrdiff_t c_row, Multiply&& multiply) {
  for (int column = 0; column < n; column += widest()) {
    gemm_kernels::Strip strip;
    strip.columns = std::min(n - column, widest());
    strip.b = b.data + column;
    strip.b_step = b.stride;
    const int padded = whole_vectors(strip.columns);
    const bool close = b.stride <= 2 * widest() || m <= few_rows;  // else its rows compete for the cache's sets
    if (b.transposed == Transpose::yes || strip.columns != padded || !close) {
      float* copy = thread_scratch<PanelCopy>(static_cast<std::size_t>(k) * padded);
      b.copy(k, column, strip.columns, copy);
      strip.b = copy;
      strip.b_step = padded;
    }
    strip.c = c + column;
    strip.c_row = c_row;
    multiply(strip);
  }
}

/// All strips of one part of a panel; value (i, p) of A lies at a + i * row + p * step.
inline void multiply_strips(int m, const float* a, std::ptrdiff_t row, std::ptrdiff_t step, gemm_kernels::Strip strip) {
  const auto& kernels = gemm_kernels::kernels();
  const int width = (strip.columns - 1) / kernels.lanes;
  strip.a = a;
  strip.a_row = row;
  strip.a_step = step;
  for (int done = 0; done < m; done += strip.rows, strip.a += strip.rows * row, strip.c += strip.rows * strip.c_row) {
    strip.rows = std::min(m - done, kernels.rows[width]);
    (strip.rows <= kernels.few_rows[width] ? kernels.few : kernels.strip)[width](strip);
  }
}

/// Calls multiply(first, strip) for every part of the depth: steps first to first + strip.depth - 1.
template <class Multiply>
void for_each_part(int k, gemm_kernels::Strip strip, Multiply&& multiply) {
  const int parts = std::max(1, (k + most_depth - 1) / most_depth), depth = (k + parts - 1) / parts;
  for (int part = 0; part < parts; ++part) {
    strip.depth = std::min(depth, k - part * depth);
    multiply(part * depth, strip);
    strip.b += depth * strip.b_step;
    strip.beta = 1;  // the next part adds to this one
  }
}

/// C = A * panel; A (m, k), rows lda apart, is read where it lies.
inline void multiply_rows(int m, int k, const float* a, std::ptrdiff_t lda, gemm_kernels::Strip strip) {
  for (int row = 0; row < m; row += block_rows) {
    const int rows = std::min(m - row, block_rows);
    for_each_part(k, strip, [&](int first, const gemm_kernels::Strip& part) {
      multiply_strips(rows, a + row * lda + first, lda, 1, part);
    });
    strip.c += block_rows * strip.c_row;
  }
}

/// Matrices (rows, m) that lie apart, rows `stride` floats apart, and count as one of count * rows rows.
struct Stack {
  const float* const* at;
  int count, rows;
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

/// C = A^T * panel; A (k, m) is copied block by block.
inline void multiply_columns(int m, int k, const Stack& a, gemm_kernels::Strip strip) {
  for (int row = 0; row < m; row += copied_columns) {
    const int rows = std::min(m - row, copied_columns);
    for_each_part(k, strip, [&](int first, const gemm_kernels::Strip& part) {
      float* copy = thread_scratch<BlockCopy>(static_cast<std::size_t>(part.depth) * copied_columns);
      a.copy(row, rows, first, part.depth, copy);
      multiply_strips(rows, copy, 1, copied_columns, part);
    });
    strip.c += copied_columns * strip.c_row;
  }
}

}  // namespace rcar::backend::native::panels
