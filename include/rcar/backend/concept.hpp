#pragma once
/// `concept Backend`: the one written list of what a back end must offer. A new back end is a struct of static
/// functions that satisfies it and passes the typed tests in tests/unit/backend_*.cpp and tests/law/backend_*.cpp.
///
/// All pointers are to memory the back end can reach; maps are NHWC; the output never overlaps an input except in the
/// element-wise primitives (activation, add, multiply), which may work in place. Every function runs on the calling
/// thread and must give the same bits whatever else runs: what it does may depend on the shapes and
/// on the instruction set, never on thread count, batch or a stopwatch.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "operands.hpp"
#include "primitives.hpp"
#include "recurrent.hpp"

namespace rcar::backend {

/// How far a back end's result may lie from Reference's: the largest absolute difference over the largest absolute
/// value of the tensor. A trait of back end and scalar type; specialise it for a type that differs.
template <class B, class Scalar = float>
struct Tolerance {
  static constexpr Scalar value = B::tolerance;
};

/// The element of a back end's maps: float, or what the back end says.
template <class B>
struct MapElement {
  using type = float;
};
/// A back end that keeps its maps in shorter numbers says so by its MapValue.
template <class B>
requires requires { typename B::Value; }
struct MapElement<B> {
  using type = typename B::Value;
};
/// The type of a number in B's feature maps.
template <class B>
using MapValue = typename MapElement<B>::type;

/// The convolutional networks' primitives. Rows are those of every frame.
template <class B>
concept MapBackend = requires(const StepShape& shape, std::vector<float> values, const typename B::Weights& weights,
                              const std::uint8_t* frame, const float* vector, const MapValue<B>* scale,
                              BasicMap<const MapValue<B>> in, BasicMap<MapValue<B>> out, const Window& window,
                              Activation activation, Rows rows, int parts, MapValue<B>* scratch) {
  // Frames that one call may compute together, one map after another, all their rows; 1: a call computes at most
  // a block of one frame.
  { B::most_frames } -> std::convertible_to<int>;

  // Weights as this back end wants them for one step, packed once at load. kernel (depth, Cout), bias (Cout).
  { B::pack(shape, values /*kernel*/, values /*bias*/) } -> std::same_as<typename B::Weights>;

  // What one call computes of a step that `parts` threads share (the last block may be smaller), and the values of
  // scratch that any call needs. The rows of a call say which slice of the channels its maps are.
  { B::block(shape, parts) } -> std::same_as<BlockSize>;
  { B::scratch_floats(shape) } -> std::same_as<std::size_t>;

  // out = frame * scale[c] + offset[c]; frame (H, W, 3) bytes.
  B::normalize(frame, vector /*scale*/, vector /*offset*/, out, rows);

  // out = activation(conv(in * scale) + bias) + residual; scale (Cin) or null, 1x1 only; residual may be no map.
  B::convolution(in, scale, window, weights, activation, in /*residual*/, out, rows, scratch);

  // out = activation(depthwise(in) + bias).
  B::depthwise_convolution(in, window, weights, activation, out, rows);

  B::max_pooling(in, window, out, rows);      // padding never wins
  B::average_pooling(in, window, out, rows);  // padding is not counted
  B::global_average_pooling(in, out);         // out (1, 1, C)

  B::activation(in, vector /*bias (C) or null*/, activation, out, rows);  // out = activation(in + bias)
  B::add(in, in /*other*/, activation, out, rows);                        // out = activation(in + other)
  B::multiply(in, scale /*(C)*/, out, rows);                              // out = in * scale
  B::copy(in, out, rows);                                                 // out = in
};

/// What a back end may offer beside: a pointwise convolution and the depthwise convolution that alone reads it as one
/// primitive, the map between them never whole in memory. Its bits are those of the two primitives.
template <class B>
concept FusingBackend = MapBackend<B> &&
    requires(const StepShape& shape, const typename B::Weights& weights, ConstMap in, Map out, const Window& window,
             Activation activation, Rows rows, int parts, float* scratch) {
  { B::fuses(shape /*pointwise*/, shape /*depthwise*/) } -> std::same_as<bool>;
  { B::fused_block(shape, shape, parts) } -> std::same_as<BlockSize>;
  { B::fused_scratch_floats(shape, shape) } -> std::same_as<std::size_t>;
  B::expand_depthwise(in, weights, activation, window, weights /*depthwise*/, activation, out, rows, scratch);
};

/// What a back end may offer beside: packed weights that are kept in a file and used where they lie in memory, so that
/// only the first start packs. Values fill whole cache lines of 16 floats.
template <class B>
concept KeepingBackend = MapBackend<B> &&
    requires(const StepShape& shape, const typename B::Weights& weights, std::span<const float> values) {
  { B::packing(shape) } -> std::same_as<std::string>;  // all that decides the values besides engine, kernel and bias
  { B::packed_values(weights) } -> std::same_as<std::span<const float>>;
  // Weights over values that `pack` made for such a step; they outlive the weights. None: so many values are not such.
  { B::packed_over(shape, values) } -> std::same_as<std::optional<typename B::Weights>>;
};

/// A matrix product; heads and training need it too.
template <class B>
concept GemmBackend = requires(Transpose transposed, int n, float factor, const float* in, float* out) {
  // C = alpha * op(A) * op(B) + beta * C, row-major; op(A) (m, k), op(B) (k, n), C (m, n).
  B::gemm(transposed, transposed, n /*m*/, n, n /*k*/, factor /*alpha*/, in, n /*lda*/, in, n /*ldb*/, factor /*beta*/,
          out, n /*ldc*/);
};

template <class B>
concept Backend = MapBackend<B> && GemmBackend<B> && RecurrentBackend<B> && requires {
  { B::name } -> std::convertible_to<std::string_view>;  // "blas": what users and reports call it
  { B::engine() } -> std::convertible_to<std::string>;   // all that decides its bits: kernels, instruction set
  { B::tolerance } -> std::convertible_to<float>;        // see Tolerance
};

/// A back end whose memory is not the host's, with what that takes: memory, work that is queued and recorded, and
/// primitives that only pay there. device/primitives.hpp says what each does.
template <class B>
concept DeviceBackend = Backend<B> &&
    requires(const std::function<void()>& work, const void* from, void* to, int n, std::size_t count,
             const std::uint8_t* frame, std::uint8_t* square, const float* values, const int* rows, float* out,
             const typename B::Value* narrow, const KernelShape& kernel, const typename B::Weights& weights,
             Activation activation, BasicMap<const typename B::Value> in, BasicMap<typename B::Value> map) {
  requires std::constructible_from < typename B::template Array<float>,
  const float*, std::size_t > ;
  requires std::constructible_from<typename B::template Pinned<float>, std::size_t>;
  requires std::constructible_from < typename B::Recording, const std::function<void()>
  & > ;
  requires std::default_initializable<typename B::Mark>;
  B::copy_in(from, count /*bytes*/, to);
  B::copy_out(from, count /*bytes*/, to);
  B::queue_copy_in(from, count /*bytes*/, to);
  B::queue_copy_out(from, count /*bytes*/, to);
  B::synchronize();
  { B::device_name() } -> std::same_as<std::string>;
  B::require_device();

  { B::excites(kernel, kernel) } -> std::same_as<bool>;
  B::excite(in, weights, activation, weights, activation, map);
  B::crop_resize(frame, n /*height*/, n /*width*/, square, n /*side*/);
  B::widen(count, narrow, out);
  B::gather_rows(n /*count*/, n /*width*/, values, rows, out);
  B::hits(n /*rows*/, n /*columns*/, values /*logits*/, rows /*labels*/, out);
};

}  // namespace rcar::backend
