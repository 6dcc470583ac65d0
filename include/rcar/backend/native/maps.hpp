#pragma once
/// The convolutional primitives of backend::Native: what the kernels do, for which steps, in which blocks.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "../operands.hpp"
#include "choose.hpp"
#include "kernels.hpp"
#include "pack.hpp"
#include "share.hpp"

namespace rcar::backend::native {

/// Floats of scratch that a convolution by this algorithm needs.
constexpr std::size_t scratch_floats(const StepShape& shape, Algorithm algorithm, int lanes) {
  if (algorithm.bf16_tiles) return bf16_scratch_floats(shape);
  if (algorithm.winograd()) return winograd_shape({shape.kernel, algorithm, nullptr, nullptr}, lanes).scratch_floats();
  if (!is_pointwise(shape.window))
    return windowed_shape(shape.window, shape.input, shape.output, 0, lanes).scratch_floats;
  if (!shape.scaled) return 0;
  const std::size_t pixels = shape.output.pixels(), panel = 2 * static_cast<std::size_t>(lanes);
  return static_cast<std::size_t>(shape.kernel.in_channels) * (pixels < scale_weights_from ? pixels : panel);
}

/// A convolution by the algorithm that its weights are packed for.
inline void convolve(const Convolution& job) {
  const Kernels& k = kernels();
  if (job.weights.algorithm.bf16_tiles)
    k.bf16_tiles(job);
  else if (job.weights.algorithm.winograd())
    k.winograd(job);
  else if (is_pointwise(job.window))
    k.pointwise(job);
  else
    k.windowed(job);
}

template <numerics Policy>
struct Maps {
  using Weights = PackedWeights;

  /// A call may take so many frames through a step: weights that stream past the cache serve them all.
  static constexpr int most_frames = 10;

  static Weights pack(const StepShape& shape, std::vector<float> kernel, std::vector<float> bias) {
    return native::pack(shape.kernel, algorithm(shape), lanes(), kernel, bias);
  }

  static std::string packing(const StepShape& shape) {
    return native::packing(shape.kernel, algorithm(shape), lanes());
  }
  static std::span<const float> packed_values(const Weights& weights) { return weights.values(); }
  static std::optional<Weights> packed_over(const StepShape& shape, std::span<const float> values) {
    const PackedLayout layout = packed_layout(shape.kernel, algorithm(shape), lanes());
    if (values.size() != layout.floats) return std::nullopt;
    return Weights(shape.kernel, algorithm(shape), values, layout.bias_at);
  }

  static Algorithm algorithm(const StepShape& shape) { return choose(shape, kernels().abilities, Policy); }

  /// How `parts` threads share a step.
  static BlockSize block(const StepShape& shape, int parts) {
    if (shape.kind == StepKind::convolution) return native::share(shape, algorithm(shape), lanes(), parts);
    const int height = std::max(1, shape.output.height);
    if (shape.output.size() < 8192) parts = 1;  // not worth waking a thread
    return {(height + parts - 1) / parts, shape.output.channels};
  }

  static std::size_t scratch_floats(const StepShape& shape) {
    return shape.kind == StepKind::convolution ? native::scratch_floats(shape, algorithm(shape), lanes()) : 0;
  }

  static void normalize(const std::uint8_t* frame, const float* scale, const float* offset, Map out, Rows rows) {
    const std::size_t first = static_cast<std::size_t>(rows.begin) * static_cast<std::size_t>(out.extent.width);
    simd::kernels().normalize(frame + first * 3, scale, offset, out.pixel(rows.begin, 0),
                              rows.count() * out.extent.width);
  }

  static void convolution(ConstMap in, const float* scale, const Window& window, const Weights& weights,
                          Activation activation, ConstMap residual, Map out, Rows rows, float* scratch) {
    convolve(
        {in, scale, window, weights.view().from_channel(rows.first_channel), activation, residual, out, rows, scratch});
  }

  static void depthwise_convolution(ConstMap in, const Window& window, const Weights& weights, Activation activation,
                                    Map out, Rows rows) {
    if (window.kernel_height > most_depthwise_rows) {
      const auto plain = simd::depthwise_kernel(active_instruction_set());
      for (int f = 0; f < out.frames; ++f)
        plain(activation, in.frame(f), window, weights.view().panels, weights.view().bias, out.frame(f), rows);
      return;
    }
    kernels().depthwise({in, nullptr, window, weights.view(), activation, {}, out, rows, nullptr});
  }

  /// Whether a pointwise convolution and the depthwise convolution that alone reads it are better computed together.
  static bool fuses(const StepShape& expand, const StepShape& depthwise) {
    return expand.kind == StepKind::convolution && is_pointwise(expand.window) && !expand.scaled &&
           depthwise.kind == StepKind::depthwise_convolution && depthwise.window.kernel_height <= most_depthwise_rows;
  }
  static std::size_t fused_scratch_floats(const StepShape& expand, const StepShape& depthwise) {
    if (algorithm(expand).bf16_tiles)
      return bf16_expand_shape(expand.input, expand.input.channels, depthwise.output, depthwise.window).scratch_floats;
    return expand_shape(expand.input, depthwise.output.channels, depthwise.window, lanes()).scratch_floats;
  }
  static BlockSize fused_block(const StepShape& /*expand*/, const StepShape& depthwise, int parts) {
    return share_fused(depthwise, lanes(), parts);
  }
  static void expand_depthwise(ConstMap in, const Weights& expand, Activation expand_activation, const Window& window,
                               const Weights& depthwise, Activation activation, Map out, Rows rows, float* scratch) {
    const auto run = expand.view().algorithm.bf16_tiles ? kernels().bf16_expand_depthwise : kernels().expand_depthwise;
    for (int f = 0; f < out.frames; ++f)
      run({in.frame(f), expand.view().from_channel(rows.first_channel), expand_activation, window,
           depthwise.view().from_channel(rows.first_channel), activation, out.frame(f), rows, scratch});
  }

  static void max_pooling(ConstMap in, const Window& window, Map out, Rows rows) {
    for (int f = 0; f < out.frames; ++f) simd::kernels().max_pooling(in.frame(f), window, out.frame(f), rows);
  }
  static void average_pooling(ConstMap in, const Window& window, Map out, Rows rows) {
    for (int f = 0; f < out.frames; ++f) simd::kernels().average_pooling(in.frame(f), window, out.frame(f), rows);
  }
  static void global_average_pooling(ConstMap in, Map out) {
    for (int f = 0; f < out.frames; ++f) simd::kernels().global_average_pooling(in.frame(f), out.frame(f).data);
  }

  static void activation(ConstMap in, const float* bias, Activation activation, Map out, Rows rows) {
    for (int f = 0; f < out.frames; ++f)
      simd::kernels().finish(activation, in.frame(f).pixel(rows.begin, 0), in.pixel_stride, bias, nullptr, 0,
                             out.frame(f).pixel(rows.begin, 0), out.pixel_stride, rows.count() * out.extent.width,
                             out.extent.channels);
  }

  static void add(ConstMap in, ConstMap other, Activation activation, Map out, Rows rows) {
    const int pixels = rows.count() * out.extent.width;
    for (int f = 0; f < out.frames; ++f) {
      float* result = out.frame(f).pixel(rows.begin, 0);
      simd::kernels().add(in.frame(f).pixel(rows.begin, 0), in.pixel_stride, other.frame(f).pixel(rows.begin, 0),
                          other.pixel_stride, result, out.pixel_stride, pixels, out.extent.channels);
      if (activation != Activation::linear)
        simd::kernels().finish(activation, result, out.pixel_stride, nullptr, nullptr, 0, result, out.pixel_stride,
                               pixels, out.extent.channels);
    }
  }

  static void multiply(ConstMap in, const float* scale, Map out, Rows rows) {
    for (int f = 0; f < out.frames; ++f)
      simd::kernels().multiply(in.frame(f).pixel(rows.begin, 0), in.pixel_stride,
                               scale + static_cast<std::ptrdiff_t>(f) * out.extent.channels,
                               out.frame(f).pixel(rows.begin, 0), out.pixel_stride, rows.count() * out.extent.width,
                               out.extent.channels);
  }

  static void copy(ConstMap in, Map out, Rows rows) {
    for (int f = 0; f < out.frames; ++f)
      for (int y = rows.begin; y < rows.end; ++y)
        for (int x = 0; x < out.extent.width; ++x)
          std::memcpy(out.frame(f).pixel(y, x), in.frame(f).pixel(y, x),
                      sizeof(float) * static_cast<std::size_t>(out.extent.channels));
  }

 private:
  static int lanes() { return kernels().abilities.lanes; }
};

}  // namespace rcar::backend::native
