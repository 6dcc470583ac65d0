#pragma once
/// The vector kernels of backend::Blas as a table, one an instruction set; kernels.inc holds them and says how they are
/// built.

#include <cstddef>
#include <cstdint>

#include "../../core/compiled.hpp"
#include "../cpu.hpp"
#include "../operands.hpp"

namespace rcar::backend::blas {

/// Strides are in floats between pixels; null bias or residual: none.
struct Kernels {
  /// out = activation(in + bias) + residual; may work in place.
  void (*finish)(Activation, const float* in, int in_stride, const float* bias, const float* residual,
                 int residual_stride, float* out, int out_stride, int pixels, int channels);
  /// out = in + other; may work in place.
  void (*add)(const float* in, int in_stride, const float* other, int other_stride, float* out, int out_stride,
              int pixels, int channels);
  /// out = in * scale; may work in place.
  void (*multiply)(const float* in, int in_stride, const float* scale, float* out, int out_stride, int pixels,
                   int channels);
  /// out (rows, columns) = in (rows, columns) * scale (rows, 1).
  void (*scale_rows)(const float* in, const float* scale, float* out, int rows, int columns);
  /// out (columns) = in (depth) * matrix (depth, columns).
  void (*vector_times_matrix)(const float* in, const float* matrix, float* out, int depth, int columns);
  /// out = frame * scale[c] + offset[c], three channels.
  void (*normalize)(const std::uint8_t* frame, const float* scale, const float* offset, float* out, int pixels);
  void (*depthwise)(Activation, ConstMap in, const Window&, const float* kernel, const float* bias, Map out, Rows);
  void (*max_pooling)(ConstMap in, const Window&, Map out, Rows);
  void (*average_pooling)(ConstMap in, const Window&, Map out, Rows);
  void (*global_average_pooling)(ConstMap in, float* out);
};

/// The table of one instruction set, which this processor must offer.
RCAR_HEADER_INLINE const Kernels& kernels(InstructionSet set);

/// The table this process uses.
inline const Kernels& kernels() {
  static const Kernels& active = kernels(active_instruction_set());
  return active;
}

}  // namespace rcar::backend::blas

#ifndef RCAR_COMPILED

#define RCAR_ISA baseline
#define RCAR_TARGET
#define RCAR_LANES 4
#include "kernels.inc"
#undef RCAR_LANES
#undef RCAR_TARGET
#undef RCAR_ISA

#if defined(__x86_64__)
#define RCAR_ISA avx2
#define RCAR_TARGET __attribute__((target("avx2,fma")))
#define RCAR_LANES 8
#include "kernels.inc"
#undef RCAR_LANES
#undef RCAR_TARGET
#undef RCAR_ISA

#define RCAR_ISA avx512
#define RCAR_TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma")))
#define RCAR_LANES 16
#include "kernels.inc"
#undef RCAR_LANES
#undef RCAR_TARGET
#undef RCAR_ISA
#endif

namespace rcar::backend::blas {

RCAR_HEADER_INLINE const Kernels& kernels(InstructionSet set) {
#if defined(__x86_64__)
  if (set == InstructionSet::avx512) return avx512::kernels;
  if (set == InstructionSet::avx2) return avx2::kernels;
#endif
  static_cast<void>(set);
  return baseline::kernels;
}

}  // namespace rcar::backend::blas

#endif  // RCAR_COMPILED
