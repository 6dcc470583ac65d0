#pragma once
/// The element-wise, pooling and depthwise kernels as a table, one an instruction set; kernels.inc holds them.

#include <cstddef>
#include <cstdint>

#include "../../core/compiled.hpp"
#include "../cpu.hpp"
#include "../operands.hpp"
#include "vector.hpp"

namespace rcar::backend::simd {

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
  void (*max_pooling)(ConstMap in, const Window&, Map out, Rows);
  void (*average_pooling)(ConstMap in, const Window&, Map out, Rows);
  void (*global_average_pooling)(ConstMap in, float* out);
};

/// A depthwise convolution of any window; apart, since not every back end uses it.
using DepthwiseKernel = void (*)(Activation, ConstMap in, const Window&, const float* kernel, const float* bias,
                                 Map out, Rows);

/// The table of one instruction set, which this processor must offer.
RCAR_HEADER_INLINE const Kernels& kernels(InstructionSet set);

RCAR_HEADER_INLINE DepthwiseKernel depthwise_kernel(InstructionSet set);

/// The table this process uses.
inline const Kernels& kernels() {
  static const Kernels& active = kernels(active_instruction_set());
  return active;
}

}  // namespace rcar::backend::simd

#ifndef RCAR_COMPILED

#define RCAR_BODY "kernels.inc"
#include "each_set.inc"
#undef RCAR_BODY

namespace rcar::backend::simd {

RCAR_HEADER_INLINE DepthwiseKernel depthwise_kernel(InstructionSet set) { return RCAR_OF_SET(set, depthwise_kernel()); }

RCAR_HEADER_INLINE const Kernels& kernels(InstructionSet set) { return RCAR_OF_SET(set, kernels); }

}  // namespace rcar::backend::simd

#endif  // RCAR_COMPILED
