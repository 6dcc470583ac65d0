// Stand-ins for the calls of CUDA's runtime, cuBLASLt and cuDNN that the CUDA back end makes: they compute on the host
// what the documentation says of the descriptors they are given, so that a wrong stride, order or epilogue shows
// without a GPU. They refuse what the libraries refuse: null descriptors, buffers that overlap, types that do not fit.

#include "stand_ins.hpp"

#include <cublasLt.h>
#include <cuda_runtime.h>
#include <cudnn.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <rcar/backend/cuda/context.cuh>
#include <rcar/backend/device/elements.hpp>

using rcar::backend::device::Bfloat16;
using rcar::backend::device::from_float;
using rcar::backend::device::Half;
using rcar::backend::device::to_float;
using rcar::test::Vendor;

namespace {

enum class Type { f32, bf16, f16 };

float read(Type type, const void* data, std::int64_t i) {
  if (type == Type::f32) return static_cast<const float*>(data)[i];
  if (type == Type::bf16) return to_float(static_cast<const Bfloat16*>(data)[i]);
  return to_float(static_cast<const Half*>(data)[i]);
}
void write(Type type, void* data, std::int64_t i, double value) {
  const float x = static_cast<float>(value);
  if (type == Type::f32) static_cast<float*>(data)[i] = x;
  if (type == Type::bf16) static_cast<Bfloat16*>(data)[i] = from_float<Bfloat16>(x);
  if (type == Type::f16) static_cast<Half*>(data)[i] = from_float<Half>(x);
}

/// Values in the opaque structs.
struct Matrix {  // column-major: element (row, column) at column * ld + row
  std::uint64_t rows, columns;
  std::int64_t ld, step;
  std::int32_t batch;
  Type type;
};
static_assert(sizeof(Matrix) <= sizeof(cublasLtMatrixLayoutOpaque_t));
struct Operation {
  cublasComputeType_t compute;
  cublasOperation_t a, b;
  cublasLtEpilogue_t epilogue;
  const void* bias;
};
static_assert(sizeof(Operation) <= sizeof(cublasLtMatmulDescOpaque_t));

template <class T, class Opaque>
T& in(Opaque* opaque) {
  return *reinterpret_cast<T*>(opaque);
}

Type type_of(cudaDataType_t type) {
  return type == CUDA_R_32F ? Type::f32 : type == CUDA_R_16BF ? Type::bf16 : Type::f16;
}
Type type_of(cudnnDataType_t type) {
  return type == CUDNN_DATA_FLOAT ? Type::f32 : type == CUDNN_DATA_BFLOAT16 ? Type::bf16 : Type::f16;
}

template <class T, class Value>
cublasStatus_t set(T& field, const void* value, std::size_t bytes, Value) {
  if (bytes != sizeof(Value)) return CUBLAS_STATUS_INVALID_VALUE;
  Value given;
  std::memcpy(&given, value, bytes);
  field = static_cast<T>(given);
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace

// --- the runtime: what Context calls

cudaError_t cudaGetLastError() { return cudaSuccess; }
const char* cudaGetErrorString(cudaError_t) { return "an error of the stand-in"; }
cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  *memory = std::malloc(bytes);
  return *memory ? cudaSuccess : cudaErrorMemoryAllocation;
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = nullptr;
  return cudaSuccess;
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = nullptr;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t) { return cudaSuccess; }
cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned) { return cudaSuccess; }

void rcar::backend::cuda::require_device(int, const char*) {}

// --- cuBLASLt

const char* cublasLtGetStatusString(cublasStatus_t) { return "an error of the stand-in"; }
cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  *handle = nullptr;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutInit_internal(cublasLtMatrixLayout_t layout, std::size_t, cudaDataType type,
                                                 std::uint64_t rows, std::uint64_t columns, std::int64_t ld) {
  if (ld < static_cast<std::int64_t>(rows)) return CUBLAS_STATUS_INVALID_VALUE;
  in<Matrix>(layout) = {rows, columns, ld, 0, 1, type_of(type)};
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t layout, cublasLtMatrixLayoutAttribute_t which,
                                                const void* value, std::size_t bytes) {
  Matrix& matrix = in<Matrix>(layout);
  if (which == CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT) return set(matrix.batch, value, bytes, std::int32_t{});
  if (which == CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET) return set(matrix.step, value, bytes, std::int64_t{});
  return CUBLAS_STATUS_NOT_SUPPORTED;
}

cublasStatus_t cublasLtMatmulDescInit_internal(cublasLtMatmulDesc_t operation, std::size_t, cublasComputeType_t compute,
                                               cudaDataType_t scale) {
  if (scale != CUDA_R_32F) return CUBLAS_STATUS_NOT_SUPPORTED;
  in<Operation>(operation) = {compute, CUBLAS_OP_N, CUBLAS_OP_N, CUBLASLT_EPILOGUE_DEFAULT, nullptr};
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t desc, cublasLtMatmulDescAttributes_t which,
                                              const void* value, std::size_t bytes) {
  Operation& operation = in<Operation>(desc);
  if (which == CUBLASLT_MATMUL_DESC_TRANSA) return set(operation.a, value, bytes, std::int32_t{});
  if (which == CUBLASLT_MATMUL_DESC_TRANSB) return set(operation.b, value, bytes, std::int32_t{});
  if (which == CUBLASLT_MATMUL_DESC_EPILOGUE) return set(operation.epilogue, value, bytes, std::uint32_t{});
  if (which == CUBLASLT_MATMUL_DESC_BIAS_POINTER) {
    std::memcpy(&operation.bias, value, sizeof operation.bias);
    return bytes == sizeof operation.bias ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
  }
  return CUBLAS_STATUS_NOT_SUPPORTED;
}

cublasStatus_t cublasLtMatmulPreferenceInit_internal(cublasLtMatmulPreference_t, std::size_t) {
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t, cublasLtMatmulPreferenceAttributes_t,
                                                    const void*, std::size_t) {
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t,
                                              cublasLtMatrixLayout_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t,
                                              cublasLtMatmulPreference_t, int, cublasLtMatmulHeuristicResult_t* result,
                                              int* count) {
  if (in<Operation>(desc).epilogue != CUBLASLT_EPILOGUE_DEFAULT && !Vendor::instance().fuses_epilogues)
    return CUBLAS_STATUS_NOT_SUPPORTED;
  *result = {};
  *count = 1;
  return CUBLAS_STATUS_SUCCESS;
}

/// D = epilogue(alpha op(A) op(B) + beta C), the bias along D's rows.
cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t desc, const void* alpha, const void* a,
                              cublasLtMatrixLayout_t a_layout, const void* b, cublasLtMatrixLayout_t b_layout,
                              const void* beta, const void* c, cublasLtMatrixLayout_t c_layout, void* d,
                              cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t*, void* workspace,
                              std::size_t, cudaStream_t) {
  const Operation& operation = in<Operation>(desc);
  const Matrix &A = in<Matrix>(a_layout), &B = in<Matrix>(b_layout), &C = in<Matrix>(c_layout),
               &D = in<Matrix>(d_layout);
  const bool at = operation.a == CUBLAS_OP_T, bt = operation.b == CUBLAS_OP_T;
  const std::uint64_t m = at ? A.columns : A.rows, k = at ? A.rows : A.columns, n = bt ? B.rows : B.columns;
  const bool fits = (bt ? B.columns : B.rows) == k && D.rows == m && D.columns == n && C.rows == m && C.columns == n &&
                    A.type == D.type && B.type == D.type && C.type == D.type && A.batch == D.batch &&
                    B.batch == D.batch && C.batch == D.batch;
  if (!fits || !workspace || (c == d && C.ld != D.ld)) return CUBLAS_STATUS_INVALID_VALUE;
  if (operation.epilogue != CUBLASLT_EPILOGUE_DEFAULT && !operation.bias) return CUBLAS_STATUS_INVALID_VALUE;
  const float scale = *static_cast<const float*>(alpha), keep = *static_cast<const float*>(beta);
  ++Vendor::instance().products;
  if (operation.epilogue != CUBLASLT_EPILOGUE_DEFAULT) ++Vendor::instance().fused_products;
  for (std::int32_t i = 0; i < D.batch; ++i) {
    for (std::uint64_t column = 0; column < n; ++column) {
      for (std::uint64_t row = 0; row < m; ++row) {
        double sum = 0;
        for (std::uint64_t l = 0; l < k; ++l)
          sum += double(read(A.type, a, i * A.step + static_cast<std::int64_t>(at ? row * A.ld + l : l * A.ld + row))) *
                 read(B.type, b, i * B.step + static_cast<std::int64_t>(bt ? l * B.ld + column : column * B.ld + l));
        double value = scale * sum;
        if (keep != 0)
          value += keep * double(read(C.type, c, i * C.step + static_cast<std::int64_t>(column * C.ld + row)));
        if (operation.epilogue != CUBLASLT_EPILOGUE_DEFAULT)
          value += read(D.type, operation.bias, static_cast<std::int64_t>(row));
        if (operation.epilogue == CUBLASLT_EPILOGUE_RELU_BIAS) value = std::max(value, 0.0);
        write(D.type, d, i * D.step + static_cast<std::int64_t>(column * D.ld + row), value);
      }
    }
  }
  return CUBLAS_STATUS_SUCCESS;
}

// --- cuDNN

struct cudnnTensorStruct {
  Type type;
  int n, c, h, w;
  std::int64_t n_stride, c_stride, h_stride, w_stride;
};
struct cudnnFilterStruct {
  Type type;
  cudnnTensorFormat_t format;
  int k, c, h, w;
};
struct cudnnConvolutionStruct {
  int pad_h, pad_w, stride_h, stride_w;
  cudnnMathType_t math;
};
struct cudnnActivationStruct {
  cudnnActivationMode_t mode;
};

const char* cudnnGetErrorString(cudnnStatus_t) { return "an error of the stand-in"; }
cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
  *handle = nullptr;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetStream(cudnnHandle_t, cudaStream_t) { return CUDNN_STATUS_SUCCESS; }

#define RCAR_DESCRIPTOR(Name, Struct)                                         \
  cudnnStatus_t cudnnCreate##Name##Descriptor(cudnn##Name##Descriptor_t* d) { \
    *d = new Struct{};                                                        \
    return CUDNN_STATUS_SUCCESS;                                              \
  }                                                                           \
  cudnnStatus_t cudnnDestroy##Name##Descriptor(cudnn##Name##Descriptor_t d) { \
    delete d;                                                                 \
    return CUDNN_STATUS_SUCCESS;                                              \
  }
RCAR_DESCRIPTOR(Tensor, cudnnTensorStruct)
RCAR_DESCRIPTOR(Filter, cudnnFilterStruct)
RCAR_DESCRIPTOR(Convolution, cudnnConvolutionStruct)
RCAR_DESCRIPTOR(Activation, cudnnActivationStruct)
#undef RCAR_DESCRIPTOR

cudnnStatus_t cudnnSetTensor4dDescriptorEx(cudnnTensorDescriptor_t tensor, cudnnDataType_t type, int n, int c, int h,
                                           int w, int n_stride, int c_stride, int h_stride, int w_stride) {
  *tensor = {type_of(type), n, c, h, w, n_stride, c_stride, h_stride, w_stride};
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetTensor4dDescriptor(cudnnTensorDescriptor_t tensor, cudnnTensorFormat_t format,
                                         cudnnDataType_t type, int n, int c, int h, int w) {
  if (format != CUDNN_TENSOR_NHWC) return CUDNN_STATUS_NOT_SUPPORTED;
  *tensor = {type_of(type), n, c, h, w, std::int64_t{h} * w * c, 1, std::int64_t{w} * c, c};
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetFilter4dDescriptor(cudnnFilterDescriptor_t filter, cudnnDataType_t type,
                                         cudnnTensorFormat_t format, int k, int c, int h, int w) {
  *filter = {type_of(type), format, k, c, h, w};
  return format == CUDNN_TENSOR_NHWC ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_NOT_SUPPORTED;
}
cudnnStatus_t cudnnSetConvolution2dDescriptor(cudnnConvolutionDescriptor_t convolution, int pad_h, int pad_w,
                                              int stride_h, int stride_w, int dilation_h, int dilation_w,
                                              cudnnConvolutionMode_t mode, cudnnDataType_t compute) {
  *convolution = {pad_h, pad_w, stride_h, stride_w, CUDNN_DEFAULT_MATH};
  const bool usual =
      dilation_h == 1 && dilation_w == 1 && mode == CUDNN_CROSS_CORRELATION && compute == CUDNN_DATA_FLOAT;
  return usual ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_NOT_SUPPORTED;
}
cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t convolution, cudnnMathType_t math) {
  convolution->math = math;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetActivationDescriptor(cudnnActivationDescriptor_t activation, cudnnActivationMode_t mode,
                                           cudnnNanPropagation_t, double) {
  activation->mode = mode;
  return CUDNN_STATUS_SUCCESS;
}

namespace {

bool takes(cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w, cudnnConvolutionDescriptor_t convolution,
           cudnnTensorDescriptor_t y) {
  const auto extent = [](int in, int pad, int kernel, int stride) { return (in + 2 * pad - kernel) / stride + 1; };
  const bool gaps = y->w_stride != y->c;
  return Vendor::instance().takes_convolutions && (Vendor::instance().writes_slices || !gaps) && x->n == y->n &&
         x->c == w->c && y->c == w->k && x->type == w->type && y->type == w->type && x->c_stride == 1 &&
         y->c_stride == 1 && y->h == extent(x->h, convolution->pad_h, w->h, convolution->stride_h) &&
         y->w == extent(x->w, convolution->pad_w, w->w, convolution->stride_w);
}

cudnnStatus_t convolve(cudnnTensorDescriptor_t x, const void* in, cudnnFilterDescriptor_t w, const void* kernel,
                       cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y, void* out, const void* bias,
                       bool relu) {
  if (!takes(x, w, convolution, y)) return CUDNN_STATUS_NOT_SUPPORTED;
  for (int n = 0; n < y->n; ++n)
    for (int row = 0; row < y->h; ++row)
      for (int column = 0; column < y->w; ++column)
        for (int k = 0; k < y->c; ++k) {
          double sum = bias ? read(y->type, bias, k) : 0.0f;
          for (int i = 0; i < w->h; ++i)
            for (int j = 0; j < w->w; ++j) {
              const int in_y = row * convolution->stride_h - convolution->pad_h + i,
                        in_x = column * convolution->stride_w - convolution->pad_w + j;
              if (in_y < 0 || in_y >= x->h || in_x < 0 || in_x >= x->w) continue;
              const std::int64_t from = n * x->n_stride + in_y * x->h_stride + in_x * x->w_stride;
              const std::int64_t tap = ((std::int64_t{k} * w->h + i) * w->w + j) * w->c;  // KRSC
              for (int c = 0; c < w->c; ++c)
                sum += double(read(x->type, in, from + c)) * read(w->type, kernel, tap + c);
            }
          write(y->type, out, n * y->n_stride + row * y->h_stride + column * y->w_stride + k,
                relu ? std::max(sum, 0.0) : sum);
        }
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace

cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(cudnnHandle_t, const cudnnTensorDescriptor_t x,
                                                      const cudnnFilterDescriptor_t w,
                                                      const cudnnConvolutionDescriptor_t convolution,
                                                      const cudnnTensorDescriptor_t y, cudnnConvolutionFwdAlgo_t,
                                                      std::size_t* bytes) {
  *bytes = 1024;
  return takes(x, w, convolution, y) ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_NOT_SUPPORTED;
}

cudnnStatus_t cudnnConvolutionForward(cudnnHandle_t, const void* alpha, const cudnnTensorDescriptor_t x, const void* in,
                                      const cudnnFilterDescriptor_t w, const void* kernel,
                                      const cudnnConvolutionDescriptor_t convolution, cudnnConvolutionFwdAlgo_t, void*,
                                      std::size_t, const void* beta, const cudnnTensorDescriptor_t y, void* out) {
  if (*static_cast<const float*>(alpha) != 1 || *static_cast<const float*>(beta) != 0)
    return CUDNN_STATUS_NOT_SUPPORTED;
  ++Vendor::instance().convolutions;
  return convolve(x, in, w, kernel, convolution, y, out, nullptr, false);
}

cudnnStatus_t cudnnConvolutionBiasActivationForward(
    cudnnHandle_t, const void* alpha, const cudnnTensorDescriptor_t x, const void* in, const cudnnFilterDescriptor_t w,
    const void* kernel, const cudnnConvolutionDescriptor_t convolution, cudnnConvolutionFwdAlgo_t algorithm, void*,
    std::size_t, const void* alpha_2, const cudnnTensorDescriptor_t, const void*, const cudnnTensorDescriptor_t bias_of,
    const void* bias, const cudnnActivationDescriptor_t activation, const cudnnTensorDescriptor_t y, void* out) {
  if (*static_cast<const float*>(alpha) != 1 || *static_cast<const float*>(alpha_2) != 0)
    return CUDNN_STATUS_NOT_SUPPORTED;
  if (bias_of->c != y->c || bias_of->type != y->type) return CUDNN_STATUS_BAD_PARAM;
  const bool identity = activation->mode == CUDNN_ACTIVATION_IDENTITY;
  if (identity && algorithm != CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM) return CUDNN_STATUS_NOT_SUPPORTED;
  if (!identity && activation->mode != CUDNN_ACTIVATION_RELU) return CUDNN_STATUS_NOT_SUPPORTED;
  const cudnnStatus_t status = convolve(x, in, w, kernel, convolution, y, out, bias, !identity);
  if (status == CUDNN_STATUS_SUCCESS) ++Vendor::instance().fused_convolutions;
  return status;
}
