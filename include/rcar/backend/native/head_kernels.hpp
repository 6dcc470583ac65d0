#pragma once
/// The element-wise kernels of recurrent heads and their training as a table, one an instruction set; head_kernels.inc
/// holds them.

#include <cstddef>
#include <cstdint>

#include "../../core/compiled.hpp"
#include "../cpu.hpp"
#include "../recurrent.hpp"
#include "first_lanes.hpp"

namespace rcar::backend::native::head_kernels {

/// One step of N clips. Pointers are to the first clip's values; of arrays (N, T, width) the next clip's lie `stride`
/// times the width in units further.
struct Step {
  int clips = 0, steps = 0, units = 0;
  std::ptrdiff_t stride = 0;      // T U
  const bool* mask = nullptr;     // steps from clip to clip
  const float* before = nullptr;  // (U) the state before, before_stride from clip to clip
  std::ptrdiff_t before_stride = 0;
};

struct GruStep : Step {
  const float *x = nullptr, *product = nullptr, *bias = nullptr;  // (N, T, 3U), (N, 3U) h U, (3U)
  float *saved = nullptr, *state = nullptr;                       // (N, T, 4U), (N, T, U)
};

struct LstmStep : Step {
  const float *x = nullptr, *product = nullptr;  // (N, T, 4U), (N, 4U) h U
  const float* carry_before = nullptr;           // (U), carry_stride from clip to clip
  std::ptrdiff_t carry_stride = 0;
  float *saved = nullptr, *state = nullptr;  // (N, T, 5U), (N, T, U)
};

/// What both backward passes read and write: `dh` holds the gradient by the state after the step, then what of it goes
/// to the state before without passing the recurrent product.
struct StepBackward : Step {
  const float* by_state = nullptr;     // (N, T, U) what comes from the layer above, or null
  const float* saved = nullptr;        // as the forward pass wrote it
  float *dh = nullptr, *dx = nullptr;  // (N, U), (N, T, GU)
  float* kept_before = nullptr;        // (N, T, U), a copy of the state before
};

struct GruStepBackward : StepBackward {
  float* d_product = nullptr;  // (N, T, 3U), by h U
};

struct LstmStepBackward : StepBackward {
  const float* carry_before = nullptr;  // (U), carry_stride from clip to clip
  std::ptrdiff_t carry_stride = 0;
  float* d_carry = nullptr;  // (N, U)
};

/// Indexed by Activation where there is one kernel each. See RecurrentBackend for what they compute.
struct Kernels {
  void (*bias_activation[6])(int rows, int columns, const float* bias, float* y);
  void (*dropout)(std::size_t count, const float* keep, float factor, const float* x, float* y);
  float (*highest)(int count, const float* x);
  /// out = e^(x - top) unless null, and the sum of those.
  float (*exponentials)(int count, const float* x, float top, float* out);
  void (*scale)(int count, float factor, float* x);
  void (*gru_gates)(const GruStep&);
  void (*lstm_gates)(const LstmStep&);
};

/// What training needs beside; apart, so that a program that only predicts need not compile it.
struct TrainingKernels {
  void (*activation_backward[6])(std::size_t count, const float* y, float* dy);
  void (*column_sums)(int rows, int columns, const float* x, float* sums);
  void (*adam)(const AdamStep&, std::size_t count, const float* gradient, float* m, float* v, float* parameters);
  void (*gru_gates_backward)(const GruStepBackward&);
  void (*lstm_gates_backward)(const LstmStepBackward&);
};

/// The table of one instruction set, which this processor must offer.
RCAR_HEADER_INLINE const Kernels& kernels(InstructionSet set);
RCAR_HEADER_INLINE const TrainingKernels& training_kernels(InstructionSet set);

/// The table this process uses.
inline const Kernels& kernels() {
  static const Kernels& active = kernels(active_instruction_set());
  return active;
}

inline const TrainingKernels& training_kernels() {
  static const TrainingKernels& active = training_kernels(active_instruction_set());
  return active;
}

}  // namespace rcar::backend::native::head_kernels

#ifndef RCAR_COMPILED

#define RCAR_BODY "../native/head_kernels.inc"
#include "../simd/each_set.inc"
#undef RCAR_BODY

namespace rcar::backend::native::head_kernels {

RCAR_HEADER_INLINE const Kernels& kernels(InstructionSet set) { return RCAR_OF_SET(set, kernels); }

RCAR_HEADER_INLINE const TrainingKernels& training_kernels(InstructionSet set) {
  return RCAR_OF_SET(set, training_kernels());
}

}  // namespace rcar::backend::native::head_kernels

#endif  // RCAR_COMPILED
