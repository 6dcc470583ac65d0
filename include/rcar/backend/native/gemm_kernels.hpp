#pragma once
/// The micro-kernels of native::Gemm as a table, one an instruction set; gemm_kernels.inc holds them.

#include <cstddef>
#include <cstdint>

#include "../../core/compiled.hpp"
#include "../cpu.hpp"
#include "first_lanes.hpp"

namespace rcar::backend::native::gemm_kernels {

/// A few rows of C by one panel of columns: C = alpha * A * B + beta * C, summed over the depth in order.
struct Strip {
  const float* a = nullptr;  // row i, step p: a[i * a_row + p * a_step]
  std::ptrdiff_t a_row = 0, a_step = 0;
  const float* b = nullptr;  // a step's row, b_step floats after the one before; whole vectors are read
  std::ptrdiff_t b_step = 0;
  float* c = nullptr;
  std::ptrdiff_t c_row = 0;
  int rows = 0, columns = 0, depth = 0;
  float alpha = 1, beta = 0;
};

using MultiplyStrip = void (*)(const Strip&);

/// Columns of a transposed A that are copied at once: two cache lines.
inline constexpr int copied_columns = 32;

/// By vectors a panel, from 1 to `widest`: kernels of as many rows as registers allow, and of half as many.
struct Kernels {
  int lanes, widest;
  int rows[4];
  MultiplyStrip strip[4];
  int few_rows[4];
  MultiplyStrip few[4];
  /// out (rows, copied_columns) = as many columns of a matrix with rows `stride` apart.
  void (*copy_columns)(const float* from, std::ptrdiff_t stride, int rows, float* out);
};

/// The table of one instruction set, which this processor must offer.
RCAR_HEADER_INLINE const Kernels& kernels(InstructionSet set);

/// The table this process uses.
inline const Kernels& kernels() {
  static const Kernels& active = kernels(active_instruction_set());
  return active;
}

}  // namespace rcar::backend::native::gemm_kernels

#ifndef RCAR_COMPILED

#define RCAR_BODY "../native/gemm_kernels.inc"
#include "../simd/each_set.inc"
#undef RCAR_BODY

namespace rcar::backend::native::gemm_kernels {

RCAR_HEADER_INLINE const Kernels& kernels(InstructionSet set) { return RCAR_OF_SET(set, kernels); }

}  // namespace rcar::backend::native::gemm_kernels

#endif  // RCAR_COMPILED
