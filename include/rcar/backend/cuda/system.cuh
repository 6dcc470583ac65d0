#pragma once
/// The device that is a GPU: kernels run by Thrust's CUDA system, or a block a clip or frame by a kernel of our own,
/// products and convolutions by NVIDIA's libraries, whole networks as CUDA graphs.

#include <thrust/for_each.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/system/cuda/execution_policy.h>
#include <thrust/system_error.h>

#include <climits>
#include <cstddef>
#include <functional>
#include <string>

#include "../device/primitives.hpp"
#include "../device/product.hpp"
#include "context.cuh"
#include "libraries.cuh"

namespace rcar::backend::cuda {

/// The threads of a block, all at once; a phase has ended for all of them before the next one begins.
struct Block {
  template <class Phase>
  RCAR_HOST_DEVICE void each(int count, Phase phase) const {
#ifdef __CUDA_ARCH__
    for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x)) phase(i);
    __syncthreads();
#endif
  }
};

template <class F>
__global__ void __launch_bounds__(1024) run_blocks(F f) {
  extern __shared__ float shared[];
  f(Block{}, static_cast<int>(blockIdx.x), shared);
}

}  // namespace rcar::backend::cuda

namespace rcar::backend::device {

template <Precision P>
struct System<Gpu, P> {
  using Value = typename ElementOf<P>::type;
  using Use = cuda::Context::Use;  // of the stream and the libraries

  static void* allocate(std::size_t bytes) {
    Use();  // a machine without a GPU is told so, not that memory is short
    void* memory = nullptr;
    const cudaError_t status = cudaMalloc(&memory, bytes);
    if (status == cudaErrorMemoryAllocation) {
      cudaGetLastError();
      throw DeviceMemoryError("the GPU (" + device_name() + ")", bytes, free_bytes());
    }
    cuda::check(status, "give memory");
    return memory;
  }
  static void release(void* memory) noexcept { cudaFree(memory); }
  static void* allocate_pinned(std::size_t bytes) {
    Use();
    void* memory = nullptr;
    cuda::check(cudaMallocHost(&memory, bytes), "pin memory of the host");
    return memory;
  }
  static void release_pinned(void* memory) noexcept { cudaFreeHost(memory); }

  static void copy_in(const void* host, std::size_t bytes, void* memory) {
    Use context;
    const cudaStream_t stream = context->stream;
    cuda::check(cudaMemcpyAsync(memory, host, bytes, cudaMemcpyHostToDevice, stream), "copy from the host");
    cuda::check(cudaStreamSynchronize(stream), "copy from the host");  // whose memory may be gone afterwards
  }
  static void queue_copy_in(const void* host, std::size_t bytes, void* memory) {
    Use context;
    cuda::check(cudaMemcpyAsync(memory, host, bytes, cudaMemcpyHostToDevice, context->copies), "copy from the host");
    context->wait_for_copies();
  }
  static void queue_copy_out(const void* memory, std::size_t bytes, void* host) {
    cuda::check(cudaMemcpyAsync(host, memory, bytes, cudaMemcpyDeviceToHost, Use()->stream), "copy to the host");
  }
  static void copy_within(const void* from, std::size_t bytes, void* to) {
    cuda::check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, Use()->stream), "copy");
  }
  static void fill_zero(void* memory, std::size_t bytes) {
    cuda::check(cudaMemsetAsync(memory, 0, bytes, Use()->stream), "fill memory");
  }
  static void synchronize() { cuda::check(cudaStreamSynchronize(Use()->stream), "end its work"); }
  static std::size_t free_bytes() {
    std::size_t free = 0, all = 0;
    cuda::check(cudaMemGetInfo(&free, &all), "tell its memory");
    return free;
  }

  /// The libraries' workspace, which work queued before has done with when what is queued now begins. As long as the
  /// object lives no other thread queues work.
  class Workspace {
   public:
    explicit Workspace(std::size_t bytes) {
      if (bytes > cuda::Context::workspace_bytes)
        throw DeviceError("A step on the GPU would need " + std::to_string(bytes >> 20) +
                          " MiB of workspace; take a smaller batch.");
    }
    void* data() { return context_->workspace; }

   private:
    Use context_;
  };

  static void* make_mark() {
    Use();
    cudaEvent_t event = nullptr;
    cuda::check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "make an event");
    return event;
  }
  static void set_mark(void* mark) {
    cuda::check(cudaEventRecord(static_cast<cudaEvent_t>(mark), Use()->stream), "mark its work");
  }
  static void wait_for_mark(void* mark) {
    cuda::check(cudaEventSynchronize(static_cast<cudaEvent_t>(mark)), "end its work");
  }
  static void drop_mark(void* mark) noexcept { cudaEventDestroy(static_cast<cudaEvent_t>(mark)); }

  /// Runs the work once, then records it: at their first calls libraries load kernels and take memory, which is not
  /// allowed while a stream is recorded.
  static void* record(const std::function<void()>& work) {
    Use context;
    const cudaStream_t stream = context->stream;
    work();
    cuda::check(cudaStreamSynchronize(stream), "end its work");
    cuda::check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "record its work");
    cudaGraph_t graph = nullptr;
    try {
      work();
    } catch (...) {
      cudaStreamEndCapture(stream, &graph);
      if (graph) cudaGraphDestroy(graph);
      cudaGetLastError();
      throw;
    }
    cuda::check(cudaStreamEndCapture(stream, &graph), "record its work");
    cudaGraphExec_t executable = nullptr;
    const cudaError_t status = cudaGraphInstantiate(&executable, graph, 0);
    cudaGraphDestroy(graph);
    cuda::check(status, "prepare a graph");
    return executable;
  }
  static void replay(void* recording) {
    cuda::check(cudaGraphLaunch(static_cast<cudaGraphExec_t>(recording), Use()->stream), "start a graph");
  }
  static void forget(void* recording) noexcept { cudaGraphExecDestroy(static_cast<cudaGraphExec_t>(recording)); }

  static std::string engine() {
    cudaDeviceProp properties{};
    cuda::check(cudaGetDeviceProperties(&properties, current_device()), "tell what it is");
    cuda::load_libraries();
    constexpr const char* precisions[] = {"fp32", "tf32", "bf16", "fp16"};
    return "cuda sm_" + std::to_string(properties.major * 10 + properties.minor) + " cudnn " +
           std::to_string(cudnnGetVersion()) + " cublas " + std::to_string(cublasLtGetVersion()) + " " +
           precisions[static_cast<int>(P)];
  }
  static std::string device_name() {
    cudaDeviceProp properties{};
    cuda::check(cudaGetDeviceProperties(&properties, current_device()), "tell what it is");
    return properties.name;
  }
  static void require_device() {
    if constexpr (P == Precision::bf16 || P == Precision::tf32)
      cuda::require_device(80, P == Precision::bf16 ? "bfloat16" : "TF32");
    else
      cuda::require_device(75, P == Precision::fp16 ? "binary16" : "float");
  }

  /// f(i) for i < count.
  template <class F>
  static void for_each(std::size_t count, F f) {
    if (count > static_cast<std::size_t>(INT_MAX))
      throw DeviceError("A step on the GPU would take " + std::to_string(count) +
                        " threads and an index has 31 bits; take a smaller batch.");
    try {
      thrust::for_each_n(thrust::cuda::par_nosync.on(Use()->stream), thrust::counting_iterator<int>(0),
                         static_cast<int>(count), f);
    } catch (const thrust::system_error& error) {
      throw DeviceError(std::string("The GPU could not start a kernel: ") + error.what() + ".");
    }
  }

  /// f(block, index, shared) for index < blocks; shared holds so many floats, which only that block sees.
  template <class F>
  static void for_each_block(int blocks, int threads, std::size_t shared_floats, F f) {
    if (blocks == 0) return;
    const std::size_t bytes = shared_floats * sizeof(float);
    if (bytes > std::size_t{48} << 10)
      cuda::check(cudaFuncSetAttribute(cuda::run_blocks<F>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                       static_cast<int>(bytes)),
                  "give a block so much shared memory");
    cuda::run_blocks<<<static_cast<unsigned>(blocks), static_cast<unsigned>(threads), bytes, Use()->stream>>>(f);
    cuda::check(cudaGetLastError(), "start a kernel");
  }

  template <class T>
  static Done multiply(const Product<T>& product) {
    constexpr bool float_alone = P == Precision::fp32;
    return cuda::multiply(product,
                          float_alone || !std::is_same_v<T, float> ? CUBLAS_COMPUTE_32F : CUBLAS_COMPUTE_32F_FAST_TF32);
  }

  template <class Weights>
  static Done convolve(const BasicMap<const Value>& in, const Window& window, const Weights& weights,
                       Activation activation, const BasicMap<const Value>& residual, const BasicMap<Value>& out,
                       const BasicMap<Value>& packed) {
    return cuda::convolve<Value>(in, window, weights.kernel.data(), weights.bias_value.data(), activation,
                                 residual.data != nullptr, out, packed,
                                 P == Precision::fp32 ? CUDNN_FMA_MATH : CUDNN_TENSOR_OP_MATH);
  }

 private:
  static int current_device() {
    int device = 0;
    cuda::check(cudaGetDevice(&device), "tell what it is");
    return device;
  }
};

}  // namespace rcar::backend::device
