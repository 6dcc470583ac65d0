#pragma once
/// Weights and images drawn by a formula that tests/golden/formula.py computes too, so that golden files need not hold
/// them: value i of a tensor is a hash of the tensor's name and i.

#include <rcar/graph/plan.hpp>
#include <rcar/graph/tensors.hpp>
#include <rcar/weights/store.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rcar::test {

/// FNV-1a.
inline std::uint64_t name_hash(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (unsigned char c : name) hash = (hash ^ c) * 0x100000001b3ULL;
  return hash;
}

/// 64 bits of value i of a stream (splitmix64's step i).
inline std::uint64_t formula_bits(std::uint64_t seed, std::uint64_t i) {
  std::uint64_t z = seed + (i + 1) * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

/// `count` values uniform in [low, high), 24 bits.
inline std::vector<float> formula_values(std::string_view name, std::size_t count, double low, double high) {
  const std::uint64_t seed = name_hash(name);
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = static_cast<float>(low + (high - low) * (static_cast<double>(formula_bits(seed, i) >> 40) * 0x1p-24));
  return values;
}

/// `count` RGB images (N, D, D, 3): squares of eight pixels with noise on them.
inline std::vector<std::uint8_t> formula_images(std::size_t count, std::size_t dim) {
  const std::uint64_t coarse = name_hash("coarse"), fine = name_hash("fine");
  std::vector<std::uint8_t> images;
  images.reserve(count * dim * dim * 3);
  const std::size_t squares = (dim + 7) / 8;
  for (std::size_t n = 0; n < count; ++n)
    for (std::size_t y = 0; y < dim; ++y)
      for (std::size_t x = 0; x < dim; ++x)
        for (std::size_t c = 0; c < 3; ++c) {
          const std::uint64_t square = formula_bits(coarse, ((n * squares + y / 8) * squares + x / 8) * 3 + c) >> 57;
          const std::uint64_t noise = formula_bits(fine, ((n * dim + y) * dim + x) * 3 + c) >> 57;
          images.push_back(static_cast<std::uint8_t>(square + noise));  // 0..254
        }
  return images;
}

/// The moving mean and variance of every batch norm layer of a network, one pair a layer, by the layers' names in byte
/// order: (L, 2). Empty: 0 and 1.
using Statistics = std::span<const float>;

/// Weights for every tensor of a network: kernels He-uniform, gamma near 1, bias and beta near 0. `projection_gain`
/// multiplies gamma of the batch norm layers that end a residual branch (`block1b_project_bn`; the first block of a
/// stage, `block1a`, has no residual).
inline weights::Store formula_weights(std::span<const graph::Layer> layers, Statistics statistics = {},
                                      double projection_gain = 1) {
  std::vector<std::string> norms;
  for (const auto& layer : layers)
    if (layer.kind == graph::LayerKind::batch_normalization) norms.emplace_back(std::string_view(layer.name));
  std::sort(norms.begin(), norms.end());

  weights::Store store;
  for (const auto& tensor : graph::tensors(layers)) {
    const std::string name = graph::tensor_name(layers, tensor);
    const std::string layer(std::string_view(layers[static_cast<std::size_t>(tensor.layer)].name));
    weights::Shape shape;
    for (int i = 0; i < tensor.rank; ++i)
      shape.push_back(static_cast<std::size_t>(tensor.shape[static_cast<std::size_t>(i)]));
    const std::size_t count = weights::element_count(shape);
    const auto statistic = [&](std::size_t column, float otherwise) {
      if (statistics.empty()) return std::vector<float>(count, otherwise);
      const auto row = std::lower_bound(norms.begin(), norms.end(), layer) - norms.begin();
      return std::vector<float>(count, statistics[static_cast<std::size_t>(row) * 2 + column]);
    };
    std::vector<float> values;
    switch (tensor.role) {
      case graph::TensorRole::kernel:
      case graph::TensorRole::depthwise_kernel: {
        const bool depthwise = tensor.role == graph::TensorRole::depthwise_kernel;
        const double fan_in = static_cast<double>(shape[0] * shape[1] * (depthwise ? 1 : shape[2]));
        const double limit = std::sqrt(6.0 / fan_in);
        values = formula_values(name, count, -limit, limit);
        break;
      }
      case graph::TensorRole::gamma: {
        const bool residual = layer.ends_with("project_bn") && layer[6] != 'a';
        const double gain = residual ? projection_gain : 1.0;
        values = formula_values(name, count, 0.8 * gain, 1.2 * gain);
        break;
      }
      case graph::TensorRole::bias:
      case graph::TensorRole::beta:
        values = formula_values(name, count, -0.1, 0.1);
        break;
      case graph::TensorRole::moving_mean:
        values = statistic(0, 0);
        break;
      case graph::TensorRole::moving_variance:
        values = statistic(1, 1);
        break;
    }
    store.add(name, shape, std::move(values));
  }
  return store;
}

}  // namespace rcar::test
