#pragma once
/// A convolution by itself, through the public interface of a back end, on random numbers.

#include <rcar/backend/operands.hpp>
#include <rcar/core/random.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rcar::bench {

inline std::vector<float> random_values(std::size_t count, std::uint64_t seed, float low = -1, float high = 1) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = random.uniform(low, high);
  return values;
}

/// One convolution or depthwise convolution with maps, weights and scratch memory of its own.
template <class B>
class Layer {
 public:
  Layer(const backend::StepShape& shape, Activation activation, bool residual)
      : shape_(shape),
        activation_(activation),
        in_(random_values(shape.input.size(), 1)),
        out_(shape.output.size()),
        residual_(residual ? random_values(shape.output.size(), 2) : std::vector<float>{}),
        scale_(shape.scaled ? random_values(static_cast<std::size_t>(shape.input.channels), 3, 0, 1)
                            : std::vector<float>{}),
        weights_(B::pack(shape, random_values(shape.kernel.size(), 4),
                         random_values(static_cast<std::size_t>(shape.kernel.out_channels), 5))),
        scratch_(B::scratch_floats(shape)),
        block_rows_(std::max(1, B::block(shape, 1).rows)) {}

  /// All rows of the output, block after block on this thread, as Network calls them.
  void run() {
    const backend::ConstMap in{in_.data(), shape_.input, shape_.input.channels};
    const backend::Map out{out_.data(), shape_.output, shape_.output.channels};
    backend::ConstMap residual;
    if (!residual_.empty()) residual = {residual_.data(), shape_.output, shape_.output.channels};
    for (int begin = 0; begin < shape_.output.height; begin += block_rows_) {
      const backend::Rows rows{begin, std::min(begin + block_rows_, shape_.output.height)};
      if (shape_.kind == StepKind::depthwise_convolution)
        B::depthwise_convolution(in, shape_.window, weights_, activation_, out, rows);
      else
        B::convolution(in, scale_.empty() ? nullptr : scale_.data(), shape_.window, weights_, activation_, residual,
                       out, rows, scratch_.data());
    }
  }

  float first() const { return out_.front(); }

 private:
  backend::StepShape shape_;
  Activation activation_;
  std::vector<float> in_, out_, residual_, scale_;
  typename B::Weights weights_;
  std::vector<float> scratch_;
  int block_rows_;
};

}  // namespace rcar::bench
