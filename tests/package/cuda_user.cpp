// Uses the installed CUDA back end: compiled by g++ alone, linked to rcar::cuda.

#include <cstdio>
#include <rcar/cuda.hpp>
#include <rcar/recognizer.hpp>

int main() {
  using Model = rcar::Recognizer<rcar::EfficientNetB0<64>, rcar::GRU, 4, rcar::backend::Cuda>;
  static_assert(Model::feature_dim == 1280);
  try {
    rcar::backend::Cuda::require_device();
    std::printf("%s\n", rcar::backend::Cuda::device_name().c_str());
  } catch (const rcar::DeviceError& error) {
    std::printf("%s\n", error.what());
  }
  return 0;
}
