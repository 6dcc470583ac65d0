#pragma once
/// What a host thread works with on a GPU: its stream, its libraries' handles, and how errors are told.

#include <cublasLt.h>
#include <cuda_runtime.h>
#include <cudnn.h>

#include <cstddef>
#include <map>
#include <string>
#include <tuple>

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

/// Shape of a product, types and epilogue: what decides cuBLAS's algorithm. No stopwatch does.
using ProductKey = std::tuple<int, int, int, int, int, int, int, int, int, int, int, int, int>;

/// One a host thread. Work of a thread is queued in its stream; copies from pinned memory run in a stream of their own,
/// beside the kernels, and kernels queued later wait for them.
class Context {
 public:
  static constexpr std::size_t workspace_bytes = std::size_t{64} << 20;  // what cuBLAS advises for Hopper, and more

  static Context& of_thread() {
    thread_local Context context;
    return context;
  }

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

  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

 private:
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
  ~Context() {  // at the thread's end; at the process's end the driver may be gone already, and frees all itself
    cudaFree(workspace);
    if (dnn) cudnnDestroy(dnn);
    if (blas) cublasLtDestroy(blas);
    cudaEventDestroy(copied_);
    cudaStreamDestroy(copies);
    cudaStreamDestroy(stream);
  }

  cudaEvent_t copied_ = nullptr;
};

}  // namespace rcar::backend::cuda
