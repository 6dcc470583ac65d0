#pragma once
/// A device's back end behind pointers to the host's memory: every call copies what it reads to the device, and what it
/// writes back. So the tests of primitives are the same for all back ends.

#include <rcar/backend/concept.hpp>
#include <rcar/backend/device/precision.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace rcar::test {

/// The copies of one call.
template <class B>
class Copies {
 public:
  /// Values on the device; a pointer that was given before has the copy that it had. Null stays null.
  template <class T>
  T* in(T* host, std::size_t count) {
    using Value = std::remove_const_t<T>;
    if (!host) return nullptr;
    for (const Copy& copy : copies_)
      if (copy.host == host) return reinterpret_cast<T*>(copy.at);
    const std::size_t offset = reinterpret_cast<std::uintptr_t>(host) % 64;  // as far from a border as on the host
    copies_.push_back({const_cast<Value*>(host), nullptr, count * sizeof(T), Bytes(count * sizeof(T) + offset)});
    Copy& copy = copies_.back();
    copy.at = copy.memory.data() + offset;
    B::copy_in(host, copy.bytes, copy.at);
    return reinterpret_cast<T*>(copy.at);
  }
  template <class T>
  backend::BasicMap<T> in(const backend::BasicMap<T>& map) {
    if (!map) return map;
    return {in(map.data, span(map)), map.extent, map.pixel_stride, map.frames};
  }

  /// Copies back what a call wrote, and what lies between.
  template <class T>
  void out(T* host) {
    if (!host) return;
    for (const Copy& copy : copies_)
      if (copy.host == host) return B::copy_out(copy.at, copy.bytes, host);
  }

 private:
  using Bytes = typename B::template Array<std::uint8_t>;
  struct Copy {
    void* host;
    std::uint8_t* at;
    std::size_t bytes;
    Bytes memory;
  };

  template <class T>
  static std::size_t span(const backend::BasicMap<T>& map) {
    const std::size_t pixels = map.extent.pixels() * static_cast<std::size_t>(map.frames);
    return (pixels - 1) * static_cast<std::size_t>(map.pixel_stride) + static_cast<std::size_t>(map.extent.channels);
  }

  std::vector<Copy> copies_;
};

template <class B>
struct Staged {
  static_assert(std::is_same_v<typename B::Value, float>);
  using Weights = typename B::Weights;
  using Map = backend::Map;
  using ConstMap = backend::ConstMap;
  using Rows = backend::Rows;
  using Memory = std::vector<float>;

  static constexpr int most_frames = 1, clips_per_pass = 1;
  static constexpr std::string_view name = B::name;
  static constexpr float tolerance = B::tolerance;
  static constexpr backend::Precision precision = B::precision;
  static std::string engine() { return B::engine(); }

  static Weights pack(const backend::StepShape& shape, const std::vector<float>& kernel,
                      const std::vector<float>& bias) {
    return B::pack(shape, kernel, bias);
  }
  static backend::BlockSize block(const backend::StepShape& shape, int parts) { return B::block(shape, parts); }
  static std::size_t scratch_floats(const backend::StepShape&) { return 0; }  // a call takes its own

  static void normalize(const std::uint8_t* frame, const float* scale, const float* offset, Map out, Rows rows) {
    Copies<B> there;
    B::normalize(there.in(frame, out.extent.size()), there.in(scale, 3), there.in(offset, 3), there.in(out), rows);
    there.out(out.data);
  }
  static void convolution(ConstMap in, const float* scale, const Window& window, const Weights& weights,
                          Activation activation, ConstMap residual, Map out, Rows rows, float* /*scratch*/) {
    Copies<B> there;
    const backend::StepShape shape{StepKind::convolution, window,           in.extent, out.extent,
                                   weights.shape,         scale != nullptr, 1};
    typename B::template Array<float> scratch(B::scratch_floats(shape));
    B::convolution(there.in(in), there.in(scale, static_cast<std::size_t>(in.extent.channels)), window, weights,
                   activation, there.in(residual), there.in(out), rows, scratch.data());
    there.out(out.data);
  }
  static void depthwise_convolution(ConstMap in, const Window& window, const Weights& weights, Activation activation,
                                    Map out, Rows rows) {
    Copies<B> there;
    B::depthwise_convolution(there.in(in), window, weights, activation, there.in(out), rows);
    there.out(out.data);
  }
  static void max_pooling(ConstMap in, const Window& window, Map out, Rows rows) {
    Copies<B> there;
    B::max_pooling(there.in(in), window, there.in(out), rows);
    there.out(out.data);
  }
  static void average_pooling(ConstMap in, const Window& window, Map out, Rows rows) {
    Copies<B> there;
    B::average_pooling(there.in(in), window, there.in(out), rows);
    there.out(out.data);
  }
  static void global_average_pooling(ConstMap in, Map out) {
    Copies<B> there;
    B::global_average_pooling(there.in(in), there.in(out));
    there.out(out.data);
  }
  static void activation(ConstMap in, const float* bias, Activation activation, Map out, Rows rows) {
    Copies<B> there;
    B::activation(there.in(in), there.in(bias, static_cast<std::size_t>(in.extent.channels)), activation, there.in(out),
                  rows);
    there.out(out.data);
  }
  static void add(ConstMap in, ConstMap other, Activation activation, Map out, Rows rows) {
    Copies<B> there;
    B::add(there.in(in), there.in(other), activation, there.in(out), rows);
    there.out(out.data);
  }
  static void multiply(ConstMap in, const float* scale, Map out, Rows rows) {
    Copies<B> there;
    B::multiply(there.in(in), there.in(scale, static_cast<std::size_t>(in.extent.channels)), there.in(out), rows);
    there.out(out.data);
  }
  static void copy(ConstMap in, Map out, Rows rows) {
    Copies<B> there;
    B::copy(there.in(in), there.in(out), rows);
    there.out(out.data);
  }

  static void gemm(Transpose a_transposed, Transpose b_transposed, int m, int n, int k, float alpha, const float* a,
                   int lda, const float* b, int ldb, float beta, float* c, int ldc) {
    const auto floats = [](Transpose transposed, int rows, int columns, int stride) {
      const bool across = transposed == Transpose::yes;
      return static_cast<std::size_t>((across ? columns : rows) - 1) * static_cast<std::size_t>(stride) +
             static_cast<std::size_t>(across ? rows : columns);
    };
    Copies<B> there;
    B::gemm(a_transposed, b_transposed, m, n, k, alpha, there.in(a, floats(a_transposed, m, k, lda)), lda,
            there.in(b, floats(b_transposed, k, n, ldb)), ldb, beta, there.in(c, floats(Transpose::no, m, n, ldc)),
            ldc);
    there.out(c);
  }

  static void upload(const float* host, std::size_t count, float* memory) { std::copy_n(host, count, memory); }
  static void download(const float* memory, std::size_t count, float* host) { std::copy_n(memory, count, host); }
  static void assign(std::size_t count, const float* from, float* to) {
    Copies<B> there;
    B::assign(count, there.in(from, count), there.in(to, count));
    there.out(to);
  }
  static void zero(std::size_t count, float* memory) {
    Copies<B> there;
    B::zero(count, there.in(memory, count));
    there.out(memory);
  }

  static void gru(const backend::Recurrence& in, const backend::RecurrenceOutput& out) {
    recur<3, 4>(in, out, nullptr, &B::gru, nullptr);
  }
  static void lstm(const backend::Recurrence& in, const backend::RecurrenceOutput& out) {
    recur<4, 5>(in, out, nullptr, &B::lstm, nullptr);
  }
  static void gru_backward(const backend::Recurrence& in, const backend::RecurrenceOutput& out,
                           const backend::RecurrenceGradient& gradient) {
    recur<3, 4>(in, out, &gradient, nullptr, &B::gru_backward);
  }
  static void lstm_backward(const backend::Recurrence& in, const backend::RecurrenceOutput& out,
                            const backend::RecurrenceGradient& gradient) {
    recur<4, 5>(in, out, &gradient, nullptr, &B::lstm_backward);
  }

  static void bias_activation(int rows, int columns, const float* bias, Activation activation, float* y) {
    Copies<B> there;
    B::bias_activation(rows, columns, there.in(bias, size(columns)), activation, there.in(y, size(rows, columns)));
    there.out(y);
  }
  static void activation_backward(std::size_t count, Activation activation, const float* y, float* dy) {
    Copies<B> there;
    B::activation_backward(count, activation, there.in(y, count), there.in(dy, count));
    there.out(dy);
  }
  static void column_sums(int rows, int columns, const float* x, float* sums) {
    Copies<B> there;
    B::column_sums(rows, columns, there.in(x, size(rows, columns)), there.in(sums, size(columns)));
    there.out(sums);
  }
  static void dropout(std::size_t count, const float* keep, float factor, const float* x, float* y) {
    Copies<B> there;
    B::dropout(count, there.in(keep, count), factor, there.in(x, count), there.in(y, count));
    there.out(y);
  }
  static void softmax(int rows, int columns, const float* logits, float* probabilities) {
    Copies<B> there;
    B::softmax(rows, columns, there.in(logits, size(rows, columns)), there.in(probabilities, size(rows, columns)));
    there.out(probabilities);
  }
  static void cross_entropy(int rows, int columns, const float* logits, const int* labels, float* losses) {
    Copies<B> there;
    B::cross_entropy(rows, columns, there.in(logits, size(rows, columns)), there.in(labels, size(rows)),
                     there.in(losses, size(rows)));
    there.out(losses);
  }
  static void cross_entropy_backward(int rows, int columns, const float* logits, const int* labels, float factor,
                                     float* gradient) {
    Copies<B> there;
    B::cross_entropy_backward(rows, columns, there.in(logits, size(rows, columns)), there.in(labels, size(rows)),
                              factor, there.in(gradient, size(rows, columns)));
    there.out(gradient);
  }
  static void adam(const backend::AdamStep& adam, std::size_t count, const float* gradient, float* m, float* v,
                   float* parameters) {
    Copies<B> there;
    B::adam(adam, count, there.in(gradient, count), there.in(m, count), there.in(v, count),
            there.in(parameters, count));
    there.out(m), there.out(v), there.out(parameters);
  }

 private:
  static std::size_t size(int rows, int columns = 1) {
    return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  }

  template <int gates, int saved>
  static void recur(const backend::Recurrence& in, const backend::RecurrenceOutput& out,
                    const backend::RecurrenceGradient* gradient,
                    void (*forward)(const backend::Recurrence&, const backend::RecurrenceOutput&),
                    void (*backward)(const backend::Recurrence&, const backend::RecurrenceOutput&,
                                     const backend::RecurrenceGradient&)) {
    Copies<B> there;
    const std::size_t U = size(in.units), N = size(in.clips), rows = size(in.clips, in.steps);
    const backend::Recurrence there_in{in.clips,
                                       in.steps,
                                       in.units,
                                       there.in(in.mask, rows),
                                       there.in(in.projected, rows * gates * U),
                                       there.in(in.initial, N * (gates - 2) * U),
                                       there.in(in.recurrent_kernel, U * gates * U),
                                       there.in(in.recurrent_bias, gates * U)};
    const backend::RecurrenceOutput there_out{there.in(out.states, rows * U), there.in(out.last, N * U),
                                              there.in(out.saved, rows * saved * U)};
    if (!gradient) {
      forward(there_in, there_out);
      there.out(out.states), there.out(out.last), there.out(out.saved);
      return;
    }
    backward(there_in, there_out,
             {there.in(gradient->states, rows * U), there.in(gradient->last, N * U),
              there.in(gradient->projected, rows * gates * U), there.in(gradient->recurrent_kernel, U * gates * U),
              gates == 3 ? there.in(gradient->recurrent_bias, gates * U) : nullptr, nullptr});
    there.out(gradient->projected), there.out(gradient->recurrent_kernel);
    if (gates == 3) there.out(gradient->recurrent_bias);
  }
};

/// A back end whose primitives take pointers to the host's memory.
template <class B>
struct OnHost {
  using type = B;
};
template <backend::DeviceBackend B>
struct OnHost<B> {
  using type = Staged<B>;
};

}  // namespace rcar::test
