// Whether cuBLASLt and cuDNN of this machine open, have all that the back end calls, and are what its calls reach. It
// needs no GPU; without the libraries it is skipped.

#include <cublasLt.h>
#include <cudnn.h>
#include <dlfcn.h>

#include <cstdio>
#include <rcar/backend/cuda/context.cuh>

#include "tests/support/skip.hpp"

int main() {
  try {
    rcar::backend::cuda::load_libraries();
  } catch (const rcar::DeviceError& error) {
    std::printf("skipped: %s\n", error.what());
    return rcar::test::skip_exit_code;
  }
  const auto own_version = [](const char* file, const char* function) {
    return reinterpret_cast<std::size_t (*)()>(::dlsym(::dlopen(file, RTLD_NOW), function))();
  };
  const bool blas = cublasLtGetVersion() == own_version("libcublasLt.so.13", "cublasLtGetVersion");
  const bool dnn = cudnnGetVersion() == own_version("libcudnn.so.9", "cudnnGetVersion");
  // A call with arguments by address, and one that returns a text.
  cudnnTensorDescriptor_t map = nullptr;
  const bool described = cudnnCreateTensorDescriptor(&map) == CUDNN_STATUS_SUCCESS && map &&
                         cudnnDestroyTensorDescriptor(map) == CUDNN_STATUS_SUCCESS;
  const bool told = *cublasLtGetStatusString(CUBLAS_STATUS_NOT_SUPPORTED) != 0;
  std::printf("cuBLASLt %zu (%d), cuDNN %zu (%d), descriptor %d, text %d\n", cublasLtGetVersion(), blas,
              cudnnGetVersion(), dnn, described, told);
  return blas && dnn && described && told ? 0 : 1;
}
