#pragma once
/// The kernels of backend::Native as a table, one an instruction set.

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>

#include "../../core/compiled.hpp"
#include "../cpu.hpp"
#include "../simd/kernels.hpp"
#include "bf16_shape.hpp"
#include "block_shapes.hpp"
#include "jobs.hpp"
#include "winograd_matrices.hpp"
#include "winograd_shape.hpp"

namespace rcar::backend::native {

struct Kernels {
  Abilities abilities;
  void (*pointwise)(const Convolution&) = nullptr;  // 1x1, stride 1
  void (*windowed)(const Convolution&) = nullptr;   // any window
  void (*winograd)(const Convolution&) = nullptr;   // stride 1, one of the variants, channels that fill vectors
  void (*depthwise)(const Convolution&) = nullptr;
  void (*expand_depthwise)(const ExpandDepthwise&) = nullptr;
  void (*bf16_tiles)(const Convolution&) = nullptr;  // these two where the processor has bfloat16 tiles: any window
  void (*bf16_expand_depthwise)(const ExpandDepthwise&) = nullptr;
};

/// The table of one instruction set, which this processor must offer.
RCAR_HEADER_INLINE const Kernels& kernels(InstructionSet set);

/// The table this process uses.
inline const Kernels& kernels() {
  static const Kernels& active = kernels(active_instruction_set());
  return active;
}

}  // namespace rcar::backend::native

#ifndef RCAR_COMPILED

#define RCAR_BODY "../native/kernels.inc"
#include "../simd/each_set.inc"
#undef RCAR_BODY

namespace rcar::backend::native {

RCAR_HEADER_INLINE const Kernels& kernels(InstructionSet set) {
#if defined(__x86_64__)
  if (set == InstructionSet::amx) return amx::kernels;
#endif
  return RCAR_OF_SET(set, kernels);
}

}  // namespace rcar::backend::native

#endif  // RCAR_COMPILED
