#pragma once
/// Products by cuBLASLt and convolutions by cuDNN, with bias and activation where these fuse them.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "../device/elements.hpp"
#include "../device/product.hpp"
#include "../operands.hpp"
#include "context.cuh"

namespace rcar::backend::cuda {

using device::Done;

template <class T>
inline constexpr cudaDataType_t data_type = CUDA_R_32F;
template <>
inline constexpr cudaDataType_t data_type<device::Bfloat16> = CUDA_R_16BF;
template <>
inline constexpr cudaDataType_t data_type<device::Half> = CUDA_R_16F;

template <class T>
inline constexpr cudnnDataType_t tensor_type = CUDNN_DATA_FLOAT;
template <>
inline constexpr cudnnDataType_t tensor_type<device::Bfloat16> = CUDNN_DATA_BFLOAT16;
template <>
inline constexpr cudnnDataType_t tensor_type<device::Half> = CUDNN_DATA_HALF;

/// A descriptor of a library, destroyed with its scope.
template <class Handle, auto create, auto destroy>
class Descriptor {
 public:
  Descriptor() { check(create(&handle_), "make a descriptor"); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { destroy(handle_); }
  operator Handle() const { return handle_; }

 private:
  Handle handle_ = nullptr;
};
using TensorDescriptor = Descriptor<cudnnTensorDescriptor_t, cudnnCreateTensorDescriptor, cudnnDestroyTensorDescriptor>;
using FilterDescriptor = Descriptor<cudnnFilterDescriptor_t, cudnnCreateFilterDescriptor, cudnnDestroyFilterDescriptor>;
using ConvolutionDescriptor =
    Descriptor<cudnnConvolutionDescriptor_t, cudnnCreateConvolutionDescriptor, cudnnDestroyConvolutionDescriptor>;
using ActivationDescriptor =
    Descriptor<cudnnActivationDescriptor_t, cudnnCreateActivationDescriptor, cudnnDestroyActivationDescriptor>;

/// How a matrix lies, for cuBLASLt, which counts down columns: our rows are its columns.
class Layout {
 public:
  Layout(cudaDataType_t type, int rows, int columns, int stride, int batch, std::ptrdiff_t step) {
    check(cublasLtMatrixLayoutInit(&layout_, type, static_cast<std::uint64_t>(columns),
                                   static_cast<std::uint64_t>(rows), stride),
          "describe a matrix");
    const std::int32_t count = batch;
    const std::int64_t apart = step;
    check(cublasLtMatrixLayoutSetAttribute(&layout_, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count),
          "describe a batch");
    check(cublasLtMatrixLayoutSetAttribute(&layout_, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &apart, sizeof apart),
          "describe a batch");
  }
  cublasLtMatrixLayout_t get() { return &layout_; }

 private:
  cublasLtMatrixLayoutOpaque_t layout_{};
};

/// One product with one epilogue. False: cuBLASLt has no algorithm for it.
///
/// cuBLASLt's matrices count down columns, ours along rows: it computes C^T = op(B)^T op(A)^T, and the bias of our
/// columns is that of its rows.
template <class T>
bool try_multiply(const device::Product<T>& p, cublasComputeType_t compute, cublasLtEpilogue_t epilogue, bool adds) {
  Context::Use context;
  cublasLtMatmulDescOpaque_t operation{};
  check(cublasLtMatmulDescInit(&operation, compute, CUDA_R_32F), "describe a product");
  const auto set = [&](cublasLtMatmulDescAttributes_t attribute, const auto& value) {
    check(cublasLtMatmulDescSetAttribute(&operation, attribute, &value, sizeof value), "describe a product");
  };
  set(CUBLASLT_MATMUL_DESC_TRANSA, p.b_transposed == Transpose::yes ? CUBLAS_OP_T : CUBLAS_OP_N);
  set(CUBLASLT_MATMUL_DESC_TRANSB, p.a_transposed == Transpose::yes ? CUBLAS_OP_T : CUBLAS_OP_N);
  set(CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue);
  if (epilogue != CUBLASLT_EPILOGUE_DEFAULT) {
    const void* bias = p.bias;
    set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
  }
  constexpr cudaDataType_t type = data_type<T>;
  const bool at = p.a_transposed == Transpose::yes, bt = p.b_transposed == Transpose::yes;
  Layout a(type, at ? p.k : p.m, at ? p.m : p.k, p.lda, p.batch, p.a_step);
  Layout b(type, bt ? p.n : p.k, bt ? p.k : p.n, p.ldb, p.batch, p.b_step);
  Layout d(type, p.m, p.n, p.ldc, p.batch, p.c_step);
  const std::ptrdiff_t residual_step = static_cast<std::ptrdiff_t>(p.m) * p.residual_stride;
  Layout c(type, p.m, p.n, adds ? p.residual_stride : p.ldc, p.batch, adds ? residual_step : p.c_step);
  const float alpha = p.alpha, beta = adds ? 1.0f : p.beta;

  // Slices of a concatenation, and parameters one after another, may start on the border of an element only.
  const auto border = [](const void* at) {
    const auto address = reinterpret_cast<std::uintptr_t>(at);
    return static_cast<std::uint32_t>(address % 16 == 0 ? 16 : address & (~address + 1));
  };
  const void* c_data = adds ? p.residual : p.c;
  const std::uint32_t borders = std::min({border(p.a), border(p.b), border(c_data), border(p.c)});
  const ProductKey key{static_cast<int>(type),
                       static_cast<int>(compute),
                       static_cast<int>(epilogue),
                       adds,
                       at * 2 + bt,
                       p.m,
                       p.n,
                       p.k,
                       p.lda,
                       p.ldb,
                       p.ldc,
                       p.batch,
                       p.residual_stride,
                       static_cast<int>(borders)};
  auto found = context->algorithms.find(key);
  if (found == context->algorithms.end()) {
    cublasLtMatmulPreferenceOpaque_t preference{};
    check(cublasLtMatmulPreferenceInit(&preference), "choose an algorithm");
    const std::size_t most = Context::workspace_bytes;
    check(
        cublasLtMatmulPreferenceSetAttribute(&preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &most, sizeof most),
        "choose an algorithm");
    for (const auto which : {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
                             CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES})
      check(cublasLtMatmulPreferenceSetAttribute(&preference, which, &borders, sizeof borders), "choose an algorithm");
    cublasLtMatmulHeuristicResult_t result{};
    int count = 0;
    const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(context->blas, &operation, b.get(), a.get(), c.get(),
                                                                 d.get(), &preference, 1, &result, &count);
    if (status == CUBLAS_STATUS_NOT_SUPPORTED || (status == CUBLAS_STATUS_SUCCESS && count == 0)) return false;
    check(status, "choose an algorithm");
    found = context->algorithms.emplace(key, result.algo).first;
  }
  check(cublasLtMatmul(context->blas, &operation, &alpha, p.b, b.get(), p.a, a.get(), &beta, c_data, c.get(), p.c,
                       d.get(), &found->second, context->workspace, Context::workspace_bytes, context->stream),
        "compute a product");
  return true;
}

/// The product with as much of what follows it as cuBLASLt fuses: bias with ReLU, or bias with a residual.
template <class T>
Done multiply(const device::Product<T>& p, cublasComputeType_t compute) {
  if (p.bias && p.activation == Activation::relu && !p.residual &&
      try_multiply(p, compute, CUBLASLT_EPILOGUE_RELU_BIAS, false))
    return Done::all;
  if (p.bias && p.activation == Activation::linear &&
      try_multiply(p, compute, CUBLASLT_EPILOGUE_BIAS, p.residual != nullptr))
    return Done::all;
  if (!try_multiply(p, compute, CUBLASLT_EPILOGUE_DEFAULT, false))
    throw DeviceError("cuBLAS has no algorithm for a product of " + std::to_string(p.m) + " x " + std::to_string(p.k) +
                      " and " + std::to_string(p.k) + " x " + std::to_string(p.n) + "; use another precision.");
  return p.bias ? Done::product : Done::all;
}

/// Describes a map to cuDNN.
template <class T>
void describe(cudnnTensorDescriptor_t tensor, const BasicMap<T>& map) {
  const auto [height, width, channels] = map.extent;
  check(cudnnSetTensor4dDescriptorEx(tensor, tensor_type<std::remove_const_t<T>>, map.frames, channels, height, width,
                                     height * width * map.pixel_stride, 1, width * map.pixel_stride, map.pixel_stride),
        "describe a map");
}

/// A convolution by cuDNN: into `out` with bias and ReLU or none, or into `packed` alone. kernel (Cout, kh, kw, Cin).
/// Done::nothing: cuDNN does not take it (its padding is the same on both sides).
template <class T>
Done convolve(const BasicMap<const T>& in, const Window& window, const T* kernel, const T* bias, Activation activation,
              bool adds, const BasicMap<T>& out, const BasicMap<T>& packed, cudnnMathType_t math) {
  if (window.pad_top != window.pad_bottom || window.pad_left != window.pad_right) return Done::nothing;
  Context::Use context;
  constexpr cudnnDataType_t type = tensor_type<T>;
  TensorDescriptor x, y, bias_tensor;
  FilterDescriptor filter;
  ConvolutionDescriptor convolution;
  describe(x, in);
  check(cudnnSetFilter4dDescriptor(filter, type, CUDNN_TENSOR_NHWC, out.extent.channels, in.extent.channels,
                                   window.kernel_height, window.kernel_width),
        "describe a kernel");
  check(cudnnSetConvolution2dDescriptor(convolution, window.pad_top, window.pad_left, window.stride_height,
                                        window.stride_width, 1, 1, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT),
        "describe a convolution");
  check(cudnnSetConvolutionMathType(convolution, math), "describe a convolution");
  constexpr auto algorithm = CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM;  // deterministic, and takes any map
  const float one = 1, zero = 0;

  const auto fits = [&] {
    std::size_t bytes = 0;
    return cudnnGetConvolutionForwardWorkspaceSize(context->dnn, x, filter, convolution, y, algorithm, &bytes) ==
               CUDNN_STATUS_SUCCESS &&
           bytes <= Context::workspace_bytes;
  };
  if (!adds && (activation == Activation::linear || activation == Activation::relu)) {
    describe(y, out);
    check(cudnnSetTensor4dDescriptor(bias_tensor, CUDNN_TENSOR_NHWC, type, 1, out.extent.channels, 1, 1),
          "describe a bias");
    ActivationDescriptor function;
    check(cudnnSetActivationDescriptor(
              function, activation == Activation::relu ? CUDNN_ACTIVATION_RELU : CUDNN_ACTIVATION_IDENTITY,
              CUDNN_PROPAGATE_NAN, 0),
          "describe an activation");
    if (fits() &&
        cudnnConvolutionBiasActivationForward(context->dnn, &one, x, in.data, filter, kernel, convolution, algorithm,
                                              context->workspace, Context::workspace_bytes, &zero, y, out.data,
                                              bias_tensor, bias, function, y, out.data) == CUDNN_STATUS_SUCCESS)
      return Done::all;
  }
  describe(y, packed);
  if (fits() && cudnnConvolutionForward(context->dnn, &one, x, in.data, filter, kernel, convolution, algorithm,
                                        context->workspace, Context::workspace_bytes, &zero, y,
                                        packed.data) == CUDNN_STATUS_SUCCESS)
    return Done::product;
  return Done::nothing;
}

}  // namespace rcar::backend::cuda
