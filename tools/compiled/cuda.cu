// What the target rcar::cuda holds: the primitives of backend::Cuda, in every precision.
#include <rcar/backend/cuda/system.cuh>
#include <rcar/backend/device/define_heads.hpp>
#include <rcar/backend/device/define_maps.hpp>
#include <rcar/backend/device/define_memory.hpp>

#include <string>

namespace rcar::backend {

void cuda::require_device(int least_capability, const char* precision) {
  const std::string otherwise = ", or use backend::Default (--backend cpu) on this machine.";
  int count = 0;
  if (const cudaError_t status = cudaGetDeviceCount(&count); status != cudaSuccess || count == 0) {
    cudaGetLastError();
    throw DeviceError(std::string("There is no GPU that CUDA could use (") +
                      (status == cudaSuccess ? "none is visible" : cudaGetErrorString(status)) +
                      "); install NVIDIA's driver, check CUDA_VISIBLE_DEVICES" + otherwise);
  }
  int device = 0;
  cudaDeviceProp properties{};
  check(cudaGetDevice(&device), "tell what it is");
  check(cudaGetDeviceProperties(&properties, device), "tell what it is");
  const int capability = properties.major * 10 + properties.minor;
  const std::string text = std::to_string(properties.major) + "." + std::to_string(properties.minor);
  if (capability < least_capability)
    throw DeviceError("The GPU " + std::string(properties.name) + " has compute capability " + text + " and " +
                      precision + " needs " + std::to_string(least_capability / 10) + "." +
                      std::to_string(least_capability % 10) + "; choose another precision" + otherwise);
  cudaFuncAttributes attributes{};
  if (cudaFuncGetAttributes(&attributes, run_blocks<device::ColumnSums>) != cudaSuccess) {
    cudaGetLastError();
    throw DeviceError("This build of rcar::cuda has no code for the GPU " + std::string(properties.name) +
                      " (compute capability " + text +
                      "); build it with CMAKE_CUDA_ARCHITECTURES=" + std::to_string(capability) + otherwise);
  }
  load_libraries();
}

template struct device::Primitives<device::Gpu, Precision::fp32>;
template struct device::Primitives<device::Gpu, Precision::tf32>;
template struct device::Primitives<device::Gpu, Precision::bf16>;
template struct device::Primitives<device::Gpu, Precision::fp16>;

}  // namespace rcar::backend
