#pragma once
// The back end that a program's user chooses with --backend.

#include <CLI/CLI.hpp>
#include <memory>
#include <rcar/any_recognizer.hpp>
#include <string>

#ifdef RCAR_HAS_CUDA
#include <rcar/cuda_recognizers.hpp>
#endif

namespace rcar::tools {

inline CLI::Option* add_backend_option(CLI::App& app, std::string& backend) {
  return app
      .add_option("--backend", backend,
                  "Where to compute: cpu; on an NVIDIA GPU cuda, or cuda-bf16 with maps in bfloat16: half the memory, "
                  "less exact")
      ->capture_default_str();
}

/// Throws UsageError when `backend` is no back end, or one that this program was built without.
inline void require_backend(const std::string& backend) {
  if (backend == "cpu") return;
  if (backend != "cuda" && backend != "cuda-bf16")
    throw UsageError("There is no back end " + quoted(backend) + "; choose cpu, cuda or cuda-bf16.");
#ifdef RCAR_HAS_CUDA
  backend == "cuda" ? backend::Cuda::require_device() : backend::CudaBf16::require_device();
#else
  throw UsageError(
      "This program was built without CUDA; build it where nvcc, cuBLAS and cuDNN are (tools/check --cuda fetches "
      "them), or use --backend cpu.");
#endif
}

/// make_recognizer on the back end of that name. Throws DeviceError where there is no GPU that could compute.
inline std::unique_ptr<AnyRecognizer> make_recognizer_on(const std::string& backend, const RecognizerChoice& choice,
                                                         const weights::Store& weights, Sampler sampler) {
  require_backend(backend);
#ifdef RCAR_HAS_CUDA
  if (backend == "cuda") return make_recognizer<CudaRecognizers>(choice, weights, sampler);
  if (backend == "cuda-bf16") return make_recognizer<CudaBf16Recognizers>(choice, weights, sampler);
#endif
  return make_recognizer(choice, weights, sampler);
}

}  // namespace rcar::tools
