#pragma once
/// The back ends that the typed tests run on. The program rcar_test_cuda compiles the same tests with
/// RCAR_TEST_ON_CUDA, and so on a GPU; the other programs run them on the host's back ends and on the portable device.

#include <rcar/backend/reference.hpp>
#include <rcar/heads/cell.hpp>
#include <rcar/network/device_network.hpp>
#include <rcar/train/device_trainer.hpp>

#include <tuple>

#include "staged.hpp"

#ifdef RCAR_TEST_ON_CUDA
#include <rcar/backend/cuda.hpp>

namespace rcar::test {
using DeviceUnderTest = backend::Cuda;
template <backend::Precision P>
using DeviceOf = backend::BasicCuda<P>;
/// Whether batches may change the last bits: the vendor's libraries choose algorithms by shape.
inline constexpr bool same_bits_in_any_batch = false;
}  // namespace rcar::test

#define RCAR_PRIMITIVES_UNDER_TEST rcar::test::Staged<rcar::backend::Cuda>, rcar::test::Staged<rcar::backend::CudaTf32>
#define RCAR_WHOLE_BACKENDS_UNDER_TEST rcar::backend::Cuda
#define RCAR_FASTEST rcar::backend::Cuda
#define RCAR_CELLS_AND_BACKENDS_UNDER_TEST \
  (std::tuple<rcar::GRU, rcar::backend::Cuda>), (std::tuple<rcar::LSTM, rcar::backend::Cuda>)
#else
#include <rcar/backend/blas.hpp>
#include <rcar/backend/native.hpp>
#include <rcar/backend/portable.hpp>

namespace rcar::test {
using DeviceUnderTest = backend::Portable;
template <backend::Precision P>
using DeviceOf = backend::BasicPortable<P>;
inline constexpr bool same_bits_in_any_batch = true;
}  // namespace rcar::test

/// Behind pointers to the host's memory; not the oracle, Reference.
#define RCAR_PRIMITIVES_UNDER_TEST                                                                     \
  rcar::backend::Blas, rcar::backend::Native<>, rcar::backend::Native<rcar::backend::numerics::exact>, \
      rcar::test::Staged<rcar::backend::Portable>
/// As networks and heads take them.
#define RCAR_WHOLE_BACKENDS_UNDER_TEST rcar::backend::Blas, rcar::backend::Native<>, rcar::backend::Portable
#define RCAR_FASTEST rcar::backend::Native<>
#define RCAR_CELLS_AND_BACKENDS_UNDER_TEST                                                                \
  (std::tuple<rcar::GRU, rcar::backend::Reference>), (std::tuple<rcar::GRU, rcar::backend::Blas>),        \
      (std::tuple<rcar::GRU, rcar::backend::Native<>>), (std::tuple<rcar::GRU, rcar::backend::Portable>), \
      (std::tuple<rcar::LSTM, rcar::backend::Reference>), (std::tuple<rcar::LSTM, rcar::backend::Blas>),  \
      (std::tuple<rcar::LSTM, rcar::backend::Native<>>), (std::tuple<rcar::LSTM, rcar::backend::Portable>)
#endif
