#pragma once
/// The primitives of a back end whose memory is a device's: declared here, for every translation unit, without a header
/// of CUDA; defined in define_*.hpp over what System offers.
///
/// There are two devices. Gpu is CUDA's; its primitives are compiled once, by nvcc, into the target rcar::cuda.
/// Processor runs the same kernels by Thrust on the host, and the host's matrix product in cuBLAS's place, so that all
/// but the vendor's calls is tested on any machine.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "../operands.hpp"
#include "../recurrent.hpp"
#include "elements.hpp"

#include "memory.hpp"

namespace rcar::backend::device {

struct Gpu;
struct Processor;

/// What a device offers: memory, threads, and a library's products. See portable/system.hpp and cuda/system.cuh.
template <class Where, Precision P>
struct System;

template <class Where, Precision P>
struct Primitives {
  using Value = typename ElementOf<P>::type;
  using ValueMap = BasicMap<Value>;
  using ConstValueMap = BasicMap<const Value>;
  template <class T>
  using Array = device::Array<Primitives, T>;
  template <class T>
  using Pinned = device::Pinned<Primitives, T>;
  using Recording = device::Recording<Primitives>;
  using Mark = device::Mark<Primitives>;
  using Memory = Array<float>;

  static constexpr Precision precision = P;

  // --- memory. A thread's work is queued in its order; copy_in, copy_out and synchronize wait until it is done.

  static void* allocate(std::size_t bytes);  // throws DeviceMemoryError
  static void release(void* memory) noexcept;
  static void* allocate_pinned(std::size_t bytes);
  static void release_pinned(void* memory) noexcept;
  static void copy_in(const void* host, std::size_t bytes, void* memory);
  static void copy_out(const void* memory, std::size_t bytes, void* host);
  // Without waiting: the pinned memory must stay as it is until the work is done. A copy in goes beside what is queued,
  // which must not use that memory; what is queued later waits for it.
  static void queue_copy_in(const void* pinned, std::size_t bytes, void* memory);
  static void queue_copy_out(const void* memory, std::size_t bytes, void* pinned);
  static void fill_zero(void* memory, std::size_t bytes);
  static void synchronize();

  static void* record(const std::function<void()>& work);
  static void replay(void* recording);
  static void forget(void* recording) noexcept;

  // A mark in the queue, to wait for what was queued before it.
  static void* make_mark();
  static void set_mark(void* mark);
  static void wait_for_mark(void* mark);
  static void drop_mark(void* mark) noexcept;

  static std::string engine();       // "cuda sm_90 fp32"
  static std::string device_name();  // "NVIDIA H100 80GB HBM3"
  /// Throws DeviceError, in one sentence, when there is no device that could compute.
  static void require_device();

  // --- RecurrentBackend, GemmBackend

  static constexpr int clips_per_pass = 512;

  static void upload(const float* host, std::size_t count, float* memory);
  static void download(const float* memory, std::size_t count, float* host);
  static void assign(std::size_t count, const float* from, float* to);
  static void zero(std::size_t count, float* memory);

  static void gemm(Transpose a_transposed, Transpose b_transposed, int m, int n, int k, float alpha, const float* a,
                   int lda, const float* b, int ldb, float beta, float* c, int ldc);

  static void gru(const Recurrence& in, const RecurrenceOutput& out);
  static void gru_backward(const Recurrence& in, const RecurrenceOutput& out, const RecurrenceGradient& gradient);
  static void lstm(const Recurrence& in, const RecurrenceOutput& out);
  static void lstm_backward(const Recurrence& in, const RecurrenceOutput& out, const RecurrenceGradient& gradient);

  static void bias_activation(int rows, int columns, const float* bias, Activation activation, float* y);
  static void activation_backward(std::size_t count, Activation activation, const float* y, float* dy);
  static void column_sums(int rows, int columns, const float* x, float* sums);
  static void dropout(std::size_t count, const float* keep, float factor, const float* x, float* y);
  static void softmax(int rows, int columns, const float* logits, float* probabilities);
  static void cross_entropy(int rows, int columns, const float* logits, const int* labels, float* losses);
  static void cross_entropy_backward(int rows, int columns, const float* logits, const int* labels, float factor,
                                     float* gradient);
  static void adam(const AdamStep& adam, std::size_t count, const float* gradient, float* m, float* v,
                   float* parameters);

  // --- beside them, for training whose sets lie in the device's memory

  // hits (rows): 1 where the most likely class of the logits is the label, else 0.
  static void hits(int rows, int columns, const float* logits, const int* labels, float* hits);
  // to (count, width) = the rows of `from` that `rows` (count) names.
  static void gather_rows(int count, int width, const float* from, const int* rows, float* to);
  static void gather_rows(int count, int width, const bool* from, const int* rows, bool* to);
  static void gather_rows(int count, int width, const int* from, const int* rows, int* to);

  // --- MapBackend, on maps of Value

  static constexpr int most_frames = 1 << 16;

  /// Folded weights in the device's memory.
  struct Weights {
    KernelShape shape;
    Array<Value> kernel;      // (Cin, Cout) where the window is one pixel, else (Cout, kh, kw, Cin); not depthwise
    Array<float> taps;        // depthwise: (kh, kw, C)
    Array<float> bias;        // (Cout)
    Array<Value> bias_value;  // the same, as the library's products take it
  };
  static Weights pack(const StepShape& shape, const std::vector<float>& kernel, const std::vector<float>& bias);
  static BlockSize block(const StepShape& shape, int /*parts*/) {
    return {std::max(1, shape.output.height), std::max(1, shape.output.channels)};
  }
  static std::size_t scratch_floats(const StepShape& shape);  // values of scratch, whatever the number of frames

  static void normalize(const std::uint8_t* frames, const float* scale, const float* offset, ValueMap out, Rows rows);
  static void convolution(ConstValueMap in, const Value* scale, const Window& window, const Weights& weights,
                          Activation activation, ConstValueMap residual, ValueMap out, Rows rows, Value* scratch);
  static void depthwise_convolution(ConstValueMap in, const Window& window, const Weights& weights,
                                    Activation activation, ValueMap out, Rows rows);
  static void max_pooling(ConstValueMap in, const Window& window, ValueMap out, Rows rows);
  static void average_pooling(ConstValueMap in, const Window& window, ValueMap out, Rows rows);
  static void global_average_pooling(ConstValueMap in, ValueMap out);
  static void activation(ConstValueMap in, const float* bias, Activation activation, ValueMap out, Rows rows);
  static void add(ConstValueMap in, ConstValueMap other, Activation activation, ValueMap out, Rows rows);
  static void multiply(ConstValueMap in, const Value* scale, ValueMap out, Rows rows);
  static void copy(ConstValueMap in, ValueMap out, Rows rows);

  // --- beside them, for networks

  // out (frames, C) = a2(a1(in first + bias) second + bias): squeeze-and-excitation's dense layers.
  static bool excites(const KernelShape& first, const KernelShape& second);
  static void excite(ConstValueMap in, const Weights& first, Activation first_activation, const Weights& second,
                     Activation second_activation, ValueMap out);
  // out (side, side, 3) = the centre square of frame (height, width, 3) RGB, resized as OpenCV does.
  static void crop_resize(const std::uint8_t* frame, int height, int width, std::uint8_t* out, int side);
  // to[i] = from[i] as float.
  static void widen(std::size_t count, const Value* from, float* to);
};

}  // namespace rcar::backend::device
