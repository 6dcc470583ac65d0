#pragma once
/// The identity of a network, whatever the size of its image: what a weight file is checked against.

#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "../core/hash.hpp"
#include "backbone.hpp"
#include "graph.hpp"

namespace rcar::graph {

/// The network in words, one layer a line: all that decides its function and its weights, except spatial extents.
/// Padding stands there as its rule, because the zeros themselves depend on the image.
inline std::string canonical_text(std::span<const Layer> layers) {
  std::string text = "rcar graph 1\n";
  const auto number = [&text](auto value) { text += ' ' + std::to_string(value); };
  const auto bits = [&number](float value) { number(std::bit_cast<std::uint32_t>(value)); };
  for (const Layer& layer : layers) {
    text += std::string_view(layer.name);
    number(static_cast<int>(layer.kind));
    for (int input : layer.inputs) number(input);
    number(layer.output.channels);
    for (int value : {layer.window.kernel_height, layer.window.kernel_width, layer.window.stride_height,
                      layer.window.stride_width, static_cast<int>(layer.padding), static_cast<int>(layer.use_bias),
                      static_cast<int>(layer.use_scale), static_cast<int>(layer.activation)})
      number(value);
    bits(layer.epsilon);
    for (float value : layer.scale) bits(value);
    for (float value : layer.offset) bits(value);
    text += '\n';
  }
  return text;
}

/// SHA-256 of the canonical text, 64 hexadecimal digits: equal for every image dimension of a backbone.
inline std::string fingerprint(std::span<const Layer> layers) { return Sha256().add(canonical_text(layers)).hex(); }

/// SHA-256, 64 lower-case digits, of the network's description without spatial extents.
template <BackboneType Backbone>
std::string fingerprint() {
  return fingerprint(graph_of<Backbone>.view());
}

}  // namespace rcar::graph
