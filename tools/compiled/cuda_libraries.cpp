// cuBLASLt and cuDNN by name, opened when there is a GPU to use: a program with rcar::cuda starts, and computes on the
// processor, where they are not installed. Each function that the back end calls is a jump to the library's own.

#include <dlfcn.h>

#include <initializer_list>
#include <rcar/core/error.hpp>
#include <string>

#define RCAR_OF_CUBLASLT(f)                                                                                  \
  f(cublasLtCreate) f(cublasLtGetStatusString) f(cublasLtGetVersion) f(cublasLtMatmul)                       \
      f(cublasLtMatmulAlgoGetHeuristic) f(cublasLtMatmulDescInit_internal) f(cublasLtMatmulDescSetAttribute) \
          f(cublasLtMatmulPreferenceInit_internal) f(cublasLtMatmulPreferenceSetAttribute)                   \
              f(cublasLtMatrixLayoutInit_internal) f(cublasLtMatrixLayoutSetAttribute)
#define RCAR_OF_CUDNN(f)                                                                                          \
  f(cudnnConvolutionBiasActivationForward) f(cudnnConvolutionForward) f(cudnnCreate)                              \
      f(cudnnCreateActivationDescriptor) f(cudnnCreateConvolutionDescriptor) f(cudnnCreateFilterDescriptor)       \
          f(cudnnCreateTensorDescriptor) f(cudnnDestroyActivationDescriptor) f(cudnnDestroyConvolutionDescriptor) \
              f(cudnnDestroyFilterDescriptor) f(cudnnDestroyTensorDescriptor)                                     \
                  f(cudnnGetConvolutionForwardWorkspaceSize) f(cudnnGetErrorString) f(cudnnGetVersion)            \
                      f(cudnnSetActivationDescriptor) f(cudnnSetConvolution2dDescriptor)                          \
                          f(cudnnSetConvolutionMathType) f(cudnnSetFilter4dDescriptor) f(cudnnSetStream)          \
                              f(cudnnSetTensor4dDescriptor) f(cudnnSetTensor4dDescriptorEx)

#ifndef __x86_64__
#error "The jumps to cuBLASLt and cuDNN are written for x86-64 alone; build with -DRCAR_CUDA=OFF."
#endif

// A jump leaves registers and stack as the caller has set them, so that no signature is needed. Hidden: the libraries
// call one another's functions, not these.
#define RCAR_JUMP(name)                                                                             \
  extern "C" __attribute__((visibility("hidden"), used)) void* rcar_address_of_##name = nullptr;    \
  asm(".pushsection .text\n.globl " #name "\n.hidden " #name "\n.type " #name ", @function\n" #name \
      ":\n jmp *rcar_address_of_" #name "(%rip)\n.size " #name ", .-" #name "\n.popsection");
RCAR_OF_CUBLASLT(RCAR_JUMP)
RCAR_OF_CUDNN(RCAR_JUMP)

namespace rcar::backend::cuda {

namespace {

struct Function {
  const char* name;
  void** address;
};
#define RCAR_FUNCTION(name) {#name, &rcar_address_of_##name},

void open(const char* file, const char* product, std::initializer_list<Function> functions) {
  void* const library = ::dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    throw DeviceError("There is a GPU, but " + std::string(product) + " cannot be loaded (" + ::dlerror() +
                      "); install it, name its folder in LD_LIBRARY_PATH, or use backend::Default (--backend cpu).");
  for (const Function& function : functions)
    if (*function.address = ::dlsym(library, function.name); !*function.address)
      throw DeviceError(std::string(file) + " has no " + function.name + "; install another version of " + product +
                        ", or use backend::Default (--backend cpu).");
}

}  // namespace

void load_libraries() {
  static const bool loaded = [] {
    open("libcublasLt.so.13", "cuBLAS 13", {RCAR_OF_CUBLASLT(RCAR_FUNCTION)});
    open("libcudnn.so.9", "cuDNN 9", {RCAR_OF_CUDNN(RCAR_FUNCTION)});
    return true;
  }();
  static_cast<void>(loaded);
}

}  // namespace rcar::backend::cuda
