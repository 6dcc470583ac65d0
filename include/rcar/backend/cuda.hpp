#pragma once
/// backend::Cuda: NVIDIA GPUs. Declared for every translation unit; the target rcar::cuda holds its code.
///
///     Recognizer<EfficientNetB7<600>, LSTM, 20, backend::Cuda>       // float throughout
///     Recognizer<EfficientNetB7<600>, LSTM, 20, backend::CudaBf16>   // maps in bfloat16, sums in float
///
/// Needs a GPU of compute capability 7.5 or above (bfloat16: 8.0) and its driver; what lacks is a DeviceError.

#include <string_view>

#include "concept.hpp"
#include "device/primitives.hpp"

namespace rcar::backend {

/// The back end on NVIDIA's GPUs, computing with the numbers that P says; link rcar::cuda.
template <Precision P>
struct BasicCuda : device::Primitives<device::Gpu, P> {
  static constexpr std::string_view name = device::name_of("cuda", P);
  static constexpr float tolerance = device::tolerance_of(P);
};

/// Float throughout.
using Cuda = BasicCuda<Precision::fp32>;
/// Float in memory, products of numbers shortened to TF32.
using CudaTf32 = BasicCuda<Precision::tf32>;
/// Maps in bfloat16, sums in float.
using CudaBf16 = BasicCuda<Precision::bf16>;
/// Maps in binary16, sums in float.
using CudaFp16 = BasicCuda<Precision::fp16>;

static_assert(DeviceBackend<Cuda>);

}  // namespace rcar::backend

// In rcar::cuda.
extern template struct rcar::backend::device::Primitives<rcar::backend::device::Gpu, rcar::backend::Precision::fp32>;
extern template struct rcar::backend::device::Primitives<rcar::backend::device::Gpu, rcar::backend::Precision::tf32>;
extern template struct rcar::backend::device::Primitives<rcar::backend::device::Gpu, rcar::backend::Precision::bf16>;
extern template struct rcar::backend::device::Primitives<rcar::backend::device::Gpu, rcar::backend::Precision::fp16>;
