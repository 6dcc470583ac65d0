#pragma once
/// Primitives on maps: which kernel, with how wide an access, and what goes to the device's library.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <type_traits>
#include <vector>

#include "../../core/threads.hpp"
#include "convolution_kernels.hpp"
#include "map_kernels.hpp"
#include "primitives.hpp"
#include "product.hpp"
#include "resize_kernel.hpp"

namespace rcar::backend::device {

/// Pixels of a map's rows, and how many there are in all frames.
template <class T>
Pixels<T> pixels_of(const BasicMap<T>& map, Rows rows) {
  return {map.data ? map.pixel(rows.begin, 0) : nullptr, map.pixel_stride};
}
template <class T>
std::size_t pixel_count(const BasicMap<T>& map, Rows rows) {
  return static_cast<std::size_t>(map.frames) * static_cast<std::size_t>(rows.count()) *
         static_cast<std::size_t>(map.extent.width);
}

/// Whether maps may be accessed 16 bytes at a time: their pixels start on such a border.
template <class T>
bool on_border(const BasicMap<T>& map) {
  constexpr int lanes = widest_lanes<std::remove_const_t<T>>;
  return map.extent.channels % lanes == 0 && map.pixel_stride % lanes == 0 &&
         reinterpret_cast<std::uintptr_t>(map.data) % 16 == 0;
}

/// Calls run with the number of channels that a thread takes, a constant: the widest access, or one.
template <class T, class Run>
void with_lanes(bool wide, Run run) {
  if (wide)
    run(std::integral_constant<int, widest_lanes<T>>());
  else
    run(std::integral_constant<int, 1>());
}

template <class T>
Sliding sliding(const BasicMap<T>& in, const Window& window, Extent out) {
  return {window, in.extent.height, in.extent.width, out.height, out.width};
}

/// Frames whose scratch is used at once: no more than 16 Mi values where a frame takes less.
inline std::size_t frames_at_once(std::size_t values_of_frame) {
  return std::clamp<std::size_t>((std::size_t{16} << 20) / std::max<std::size_t>(values_of_frame, 1), 1, 64);
}

/// The squeeze-excite scale goes where it is the fewer products: onto each frame's kernel, or onto its pixels.
inline bool scales_kernel(std::size_t pixels, std::size_t out_channels) { return out_channels < pixels; }

/// (kh * kw * Cin, Cout) to (Cout, kh * kw * Cin), as cuDNN has kernels.
inline std::vector<float> output_channels_first(const KernelShape& shape, const std::vector<float>& kernel) {
  const std::size_t depth = static_cast<std::size_t>(shape.depth()),
                    channels = static_cast<std::size_t>(shape.out_channels);
  std::vector<float> result(kernel.size());
  for (std::size_t i = 0; i < depth; ++i)
    for (std::size_t c = 0; c < channels; ++c) result[c * depth + i] = kernel[i * channels + c];
  return result;
}

template <class Where, Precision P>
auto Primitives<Where, P>::pack(const StepShape& shape, const std::vector<float>& kernel,
                                const std::vector<float>& bias) -> Weights {
  const auto values = [](const std::vector<float>& from) {
    std::vector<Value> to(from.size());
    std::transform(from.begin(), from.end(), to.begin(), [](float x) { return from_float<Value>(x); });
    return Array<Value>(to.data(), to.size());
  };
  Weights weights;
  weights.shape = shape.kernel;
  weights.bias = Array<float>(bias.data(), bias.size());
  if (shape.kernel.depthwise) {
    weights.taps = Array<float>(kernel.data(), kernel.size());
  } else {
    weights.kernel = values(shape.window == Window{} ? kernel : output_channels_first(shape.kernel, kernel));
    weights.bias_value = values(bias);
  }
  return weights;
}

template <class Where, Precision P>
std::size_t Primitives<Where, P>::scratch_floats(const StepShape& shape) {
  if (shape.kind != StepKind::convolution) return 0;
  const std::size_t pixels = shape.output.pixels(), depth = static_cast<std::size_t>(shape.kernel.depth());
  const std::size_t channels = static_cast<std::size_t>(shape.output.channels);
  if (shape.window == Window{}) {
    if (!shape.scaled) return 0;
    const std::size_t values = scales_kernel(pixels, channels) ? depth * channels : pixels * depth;
    return values * frames_at_once(values);
  }
  return pixels * std::max(depth, channels) * frames_at_once(pixels * std::max(depth, channels));
}

template <class Where, Precision P>
void Primitives<Where, P>::normalize(const std::uint8_t* frames, const float* scale, const float* offset, ValueMap out,
                                     Rows rows) {
  const int channels = out.extent.channels;
  const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(rows.begin) * out.extent.width * channels;
  System<Where, P>::for_each(pixel_count(out, rows) * static_cast<std::size_t>(channels),
                             Normalize<Value>{frames + first, scale, offset, pixels_of(out, rows), channels});
}

/// out = activation(a + bias + b) + c.
template <class System, class T>
void combine(const BasicMap<const T>& a, const float* bias, const BasicMap<const T>& b, Activation activation,
             const BasicMap<const T>& c, const BasicMap<T>& out, Rows rows) {
  const bool wide = on_border(a) && on_border(out) && (!b || on_border(b)) && (!c || on_border(c)) &&
                    reinterpret_cast<std::uintptr_t>(bias) % 16 == 0;
  with_lanes<T>(wide, [&](auto lanes) {
    constexpr int N = lanes;
    System::for_each(pixel_count(out, rows) * static_cast<std::size_t>(out.extent.channels / N),
                     Combine<T, N>{pixels_of(a, rows), pixels_of(b, rows), pixels_of(c, rows), bias, activation,
                                   pixels_of(out, rows), out.extent.channels});
  });
}

/// The frames [first, first + count) of a map.
template <class T>
BasicMap<T> frames_of(BasicMap<T> map, int first, int count) {
  if (!map) return map;
  map.data = map.frame(first).data;
  map.frames = count;
  return map;
}

template <class Where, Precision P>
void Primitives<Where, P>::convolution(ConstValueMap in, const Value* scale, const Window& window,
                                       const Weights& weights, Activation activation, ConstValueMap residual,
                                       ValueMap out, Rows rows, Value* scratch) {
  using System = device::System<Where, P>;
  const int channels = out.extent.channels, depth = weights.shape.depth();
  const std::size_t pixels = static_cast<std::size_t>(rows.count()) * static_cast<std::size_t>(out.extent.width);

  // The product of a matrix (pixels of some frames, depth) and the kernel, and what follows it.
  const auto multiply = [&](const Value* left, int left_stride, const ValueMap& to, const ConstValueMap& added,
                            const Value* kernels /*of each frame, or null*/) {
    Product<Value> product;
    product.m = static_cast<int>(pixels) * (kernels ? 1 : to.frames);
    product.n = channels, product.k = depth;
    product.a = left, product.lda = left_stride;
    product.b = kernels ? kernels : weights.kernel.data(), product.ldb = channels;
    if (window != Window{}) product.b_transposed = Transpose::yes, product.ldb = depth;
    product.c = to.pixel(rows.begin, 0), product.ldc = to.pixel_stride;
    if (kernels) {
      product.batch = to.frames;
      product.a_step = static_cast<std::ptrdiff_t>(pixels) * left_stride;
      product.b_step = static_cast<std::ptrdiff_t>(depth) * channels;
      product.c_step = static_cast<std::ptrdiff_t>(pixels) * to.pixel_stride;
    }
    product.bias = weights.bias_value.data();
    product.activation = activation;
    if (added) product.residual = added.pixel(rows.begin, 0), product.residual_stride = added.pixel_stride;
    if (System::multiply(product) != Done::all)
      combine<System, Value>(to, weights.bias.data(), {}, activation, added, to, rows);
  };

  if (window == Window{} && !scale) return multiply(in.pixel(rows.begin, 0), in.pixel_stride, out, residual, nullptr);
  if (window == Window{}) {
    const bool kernels = scales_kernel(pixels, static_cast<std::size_t>(channels));
    const std::size_t values = kernels ? static_cast<std::size_t>(depth) * channels : pixels * depth;
    const int chunk = static_cast<int>(frames_at_once(values));
    for (int first = 0; first < out.frames; first += chunk) {
      const int count = std::min(chunk, out.frames - first);
      const ConstValueMap from = frames_of(in, first, count), added = frames_of(residual, first, count);
      const ValueMap to = frames_of(out, first, count);
      const Value* scales = scale + static_cast<std::ptrdiff_t>(first) * depth;
      if (kernels) {
        with_lanes<Value>(channels % widest_lanes<Value> == 0, [&](auto lanes) {
          constexpr int N = lanes;
          System::for_each(values * static_cast<std::size_t>(count) / N,
                           ScaleKernels<Value, N>{weights.kernel.data(), scales, scratch, depth, channels});
        });
        multiply(from.pixel(rows.begin, 0), from.pixel_stride, to, added, scratch);
      } else {
        with_lanes<Value>(on_border(from) && reinterpret_cast<std::uintptr_t>(scales) % 16 == 0, [&](auto lanes) {
          constexpr int N = lanes;
          System::for_each(
              values * static_cast<std::size_t>(count) / N,
              Scale<Value, N>{pixels_of(from, rows), scales, {scratch, depth}, depth, static_cast<int>(pixels)});
        });
        multiply(scratch, depth, to, added, nullptr);
      }
    }
    return;
  }

  const std::size_t largest = pixels * static_cast<std::size_t>(std::max(depth, channels));
  const int chunk = static_cast<int>(frames_at_once(largest));
  for (int first = 0; first < out.frames; first += chunk) {
    const int count = std::min(chunk, out.frames - first);
    const ConstValueMap from = frames_of(in, first, count), added = frames_of(residual, first, count);
    const ValueMap to = frames_of(out, first, count);
    if (rows.count() == out.extent.height) {
      const ValueMap result{scratch, out.extent, channels, count};  // where the library cannot write as `out` lies
      const Done done = System::convolve(from, window, weights, activation, added, to, result);
      if (done == Done::product) combine<System, Value>(result, weights.bias.data(), {}, activation, added, to, rows);
      if (done != Done::nothing) continue;
    }
    with_lanes<Value>(on_border(from), [&](auto lanes) {
      constexpr int N = lanes;
      System::for_each(pixels * static_cast<std::size_t>(count) * static_cast<std::size_t>(depth / N),
                       Patches<Value, N>{{from.data, from.pixel_stride},
                                         sliding(from, window, out.extent),
                                         from.extent.channels,
                                         rows.begin * out.extent.width,
                                         scratch});
    });
    multiply(scratch, depth, to, added, nullptr);
  }
}

template <class Where, Precision P>
void Primitives<Where, P>::depthwise_convolution(ConstValueMap in, const Window& window, const Weights& weights,
                                                 Activation activation, ValueMap out, Rows rows) {
  constexpr int strip = 4;
  const int strips = (out.extent.width + strip - 1) / strip;
  const auto run = [&](auto lanes, auto kernel, auto stride) {
    constexpr int N = lanes;
    const int all_rows = out.frames * rows.count();
    const std::size_t count = static_cast<std::size_t>(all_rows) * static_cast<std::size_t>(strips) *
                              static_cast<std::size_t>(out.extent.channels / N);
    System<Where, P>::for_each(count, Depthwise<Value, N, strip, kernel, stride>{{in.data, in.pixel_stride},
                                                                                 sliding(in, window, out.extent),
                                                                                 weights.taps.data(),
                                                                                 weights.bias.data(),
                                                                                 activation,
                                                                                 {out.data, out.pixel_stride},
                                                                                 out.extent.channels,
                                                                                 strips,
                                                                                 rows.begin,
                                                                                 all_rows});
  };
  using std::integral_constant;
  constexpr integral_constant<int, 4>
      wide;  // of shorter numbers 8 bytes: 16 take so many registers that few threads fit
  constexpr integral_constant<int, 0> any;
  constexpr integral_constant<int, 1> one;
  constexpr integral_constant<int, 2> two;
  constexpr integral_constant<int, 3> three;
  constexpr integral_constant<int, 5> five;
  const int kernel = window.kernel_width == window.kernel_height ? window.kernel_width : 0;
  const int stride = window.stride_width;
  if (!on_border(in) || !on_border(out)) return run(one, any, any);
  if (kernel == 3 && stride == 1) return run(wide, three, one);
  if (kernel == 3 && stride == 2) return run(wide, three, two);
  if (kernel == 5 && stride == 1) return run(wide, five, one);
  if (kernel == 5 && stride == 2) return run(wide, five, two);
  run(wide, any, any);
}

template <class System, bool largest, class T>
void pool(const BasicMap<const T>& in, const Window& window, const BasicMap<T>& out, Rows rows) {
  with_lanes<T>(on_border(in) && on_border(out), [&](auto lanes) {
    constexpr int N = lanes;
    System::for_each(pixel_count(out, rows) * static_cast<std::size_t>(out.extent.channels / N),
                     Pool<T, N, largest>{{in.data, in.pixel_stride},
                                         sliding(in, window, out.extent),
                                         {out.data, out.pixel_stride},
                                         out.extent.channels,
                                         rows.begin * out.extent.width});
  });
}
template <class Where, Precision P>
void Primitives<Where, P>::max_pooling(ConstValueMap in, const Window& window, ValueMap out, Rows rows) {
  pool<System<Where, P>, true, Value>(in, window, out, rows);
}
template <class Where, Precision P>
void Primitives<Where, P>::average_pooling(ConstValueMap in, const Window& window, ValueMap out, Rows rows) {
  pool<System<Where, P>, false, Value>(in, window, out, rows);
}

template <class Where, Precision P>
void Primitives<Where, P>::global_average_pooling(ConstValueMap in, ValueMap out) {
  using Sums = SliceSums<Value>;
  const int pixels = static_cast<int>(in.extent.pixels()), channels = in.extent.channels;
  const int groups = (channels + Sums::Channels - 1) / Sums::Channels, slices = Sums::slices_of(pixels);
  const std::size_t rows = static_cast<std::size_t>(in.frames) * static_cast<std::size_t>(slices);
  typename System<Where, P>::Workspace workspace(rows * static_cast<std::size_t>(channels) * sizeof(float));
  auto* sums = static_cast<float*>(workspace.data());
  System<Where, P>::for_each_block(static_cast<int>(rows) * groups, Sums::threads, Sums::shared_floats,
                                   Sums{{in.data, in.pixel_stride}, sums, pixels, channels, groups, slices});
  System<Where, P>::for_each(static_cast<std::size_t>(in.frames) * static_cast<std::size_t>(channels),
                             MeanOfSlices<Value>{sums, {out.data, out.pixel_stride}, pixels, channels, slices});
}

template <class Where, Precision P>
void Primitives<Where, P>::activation(ConstValueMap in, const float* bias, Activation activation, ValueMap out,
                                      Rows rows) {
  combine<System<Where, P>, Value>(in, bias, {}, activation, {}, out, rows);
}
template <class Where, Precision P>
void Primitives<Where, P>::add(ConstValueMap in, ConstValueMap other, Activation activation, ValueMap out, Rows rows) {
  combine<System<Where, P>, Value>(in, nullptr, other, activation, {}, out, rows);
}
template <class Where, Precision P>
void Primitives<Where, P>::copy(ConstValueMap in, ValueMap out, Rows rows) {
  combine<System<Where, P>, Value>(in, nullptr, {}, Activation::linear, {}, out, rows);
}
template <class Where, Precision P>
void Primitives<Where, P>::multiply(ConstValueMap in, const Value* scale, ValueMap out, Rows rows) {
  const bool wide = on_border(in) && on_border(out) && reinterpret_cast<std::uintptr_t>(scale) % 16 == 0;
  with_lanes<Value>(wide, [&](auto lanes) {
    constexpr int N = lanes;
    System<Where, P>::for_each(pixel_count(out, rows) * static_cast<std::size_t>(out.extent.channels / N),
                               Scale<Value, N>{pixels_of(in, rows), scale, pixels_of(out, rows), out.extent.channels,
                                               rows.count() * out.extent.width});
  });
}

template <class Where, Precision P>
bool Primitives<Where, P>::excites(const KernelShape& first, const KernelShape& second) {
  const bool dense = first.depth() == first.in_channels && second.depth() == second.in_channels;
  return dense && first.out_channels == second.in_channels && first.in_channels == second.out_channels;
}
template <class Where, Precision P>
void Primitives<Where, P>::excite(ConstValueMap in, const Weights& first, Activation first_activation,
                                  const Weights& second, Activation second_activation, ValueMap out) {
  using Inner = ExciteInner<Value>;
  const int channels = first.shape.in_channels, squeezed = first.shape.out_channels;
  const int groups = (squeezed + Inner::Units - 1) / Inner::Units;
  const auto frames = static_cast<std::size_t>(in.frames);
  typename System<Where, P>::Workspace workspace(frames * static_cast<std::size_t>(squeezed) * sizeof(float));
  auto* inner = static_cast<float*>(workspace.data());
  System<Where, P>::for_each_block(
      in.frames * groups, Inner::threads, Inner::shared_floats,
      Inner{in.data, first.kernel.data(), first.bias.data(), first_activation, inner, channels, squeezed, groups});
  System<Where, P>::for_each(frames * static_cast<std::size_t>(channels),
                             ExciteOuter<Value>{inner, second.kernel.data(), second.bias.data(), second_activation,
                                                out.data, channels, squeezed});
}

template <class Where, Precision P>
void Primitives<Where, P>::crop_resize(const std::uint8_t* frame, int height, int width, std::uint8_t* out, int side) {
  const int square = std::min(height, width);
  System<Where, P>::for_each(
      static_cast<std::size_t>(side) * static_cast<std::size_t>(side),
      CropResize{frame, width, height / 2 - square / 2, width / 2 - square / 2, square, out, side});
}

/// to[i] = from[i] as float.
template <class T>
struct Widen {
  const T* from = nullptr;
  float* to = nullptr;

  RCAR_HOST_DEVICE void operator()(int i) const { to[i] = to_float(from[i]); }
};
template <class Where, Precision P>
void Primitives<Where, P>::widen(std::size_t count, const Value* from, float* to) {
  System<Where, P>::for_each(count, Widen<Value>{from, to});
}

}  // namespace rcar::backend::device
