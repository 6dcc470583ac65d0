#pragma once
/// What all work on a GPU goes through: a stream, the libraries' handles, and how errors are told.

#include <cublasLt.h>
#include <cuda_runtime.h>
#include <cudnn.h>

#include <array>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>

#include "../../core/error.hpp"

namespace rcar::backend::cuda {

/// Throws DeviceError when a call failed. `what` completes "The GPU could not ...".
inline void check(cudaError_t status, const char* what) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // or the next call reports it again
  std::string advice = "; run again, and if it stays so, try compute-sanitizer on the program";
  if (status == cudaErrorNoKernelImageForDevice || status == cudaErrorInvalidDeviceFunction)
    advice = "; this build has no code for its architecture: build rcar::cuda with RCAR_CUDA_ARCHITECTURES for it";
  throw DeviceError(std::string("The GPU could not ") + what + ": " + cudaGetErrorString(status) + advice + ".");
}
inline void check(cublasStatus_t status, const char* what) {
  if (status != CUBLAS_STATUS_SUCCESS)
    throw DeviceError(std::string("cuBLAS could not ") + what + ": " + cublasLtGetStatusString(status) +
                      "; check that its version fits the driver's.");
}
inline void check(cudnnStatus_t status, const char* what) {
  if (status != CUDNN_STATUS_SUCCESS)
    throw DeviceError(std::string("cuDNN could not ") + what + ": " + cudnnGetErrorString(status) +
                      "; check that its version fits the driver's.");
}

/// Throws DeviceError, in one sentence, unless there is a GPU of at least that compute capability (75: 7.5) and with
/// code in this program.
void require_device(int least_capability, const char* precision);

/// Opens cuBLASLt and cuDNN, once; none of their functions may be called before. Throws DeviceError, in one sentence,
/// where one is missing.
void load_libraries();

/// Shape of a product, types, borders and epilogue: what decides cuBLAS's algorithm. No stopwatch does.
using ProductKey = std::array<int, 14>;

/// One a process: all threads queue their work in one stream, one after another, since a GPU computes one batch at a
/// time and recorded work holds the address of the workspace. Copies from pinned memory run in a stream of their own,
/// beside the kernels; kernels queued later wait for them.
///
/// It is never destroyed: at the process's end the driver frees all itself, and may be gone before.
class Context {
 public:
  static constexpr std::size_t workspace_bytes = std::size_t{64} << 20;  // what cuBLAS advises for Hopper, and more

  /// The context for as long as the object lives, for one thread at a time. Throws DeviceError without a GPU.
  class Use {
   public:
    Use() : context_(instance()), lock_(context_.mutex_) {}
    Context* operator->() { return &context_; }

   private:
    Context& context_;
    std::lock_guard<std::recursive_mutex> lock_;  // recording holds it while the work that is recorded takes it again
  };

  cudaStream_t stream = nullptr, copies = nullptr;
  cublasLtHandle_t blas = nullptr;
  cudnnHandle_t dnn = nullptr;
  void* workspace = nullptr;
  std::map<ProductKey, cublasLtMatmulAlgo_t> algorithms;

  /// Has what is queued next in the stream wait for the copies so far.
  void wait_for_copies() {
    check(cudaEventRecord(copied_, copies), "mark a copy");
    check(cudaStreamWaitEvent(stream, copied_), "wait for a copy");
  }

 private:
  static Context& instance() {
    static Context& context = *new Context;
    return context;
  }

  Context() {
    require_device(75, "float");
    check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "make a stream");
    check(cudaStreamCreateWithFlags(&copies, cudaStreamNonBlocking), "make a stream");
    check(cudaEventCreateWithFlags(&copied_, cudaEventDisableTiming), "make an event");
    check(cublasLtCreate(&blas), "start");
    check(cudnnCreate(&dnn), "start");
    check(cudnnSetStream(dnn, stream), "take a stream");
    check(cudaMalloc(&workspace, workspace_bytes), "make the workspace of its libraries");
  }

  std::recursive_mutex mutex_;
  cudaEvent_t copied_ = nullptr;
};

}  // namespace rcar::backend::cuda
