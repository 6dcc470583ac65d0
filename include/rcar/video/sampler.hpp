#pragma once
/// Which frames of a clip a recognizer looks at.

#include <cstddef>
#include <string>
#include <string_view>

#include "../core/error.hpp"

namespace rcar {

/// `first`: the first T frames (what the Keras pipeline takes; 0.8 s of a clip at 25 frames/s and T = 20).
/// `uniform`: T frames spread evenly over the whole clip, its first and its last frame included.
/// Either takes every frame of a clip that has fewer than T.
enum class Sampler { first, uniform };

/// "first" or "uniform", as command lines and model files spell it.
constexpr std::string_view to_string(Sampler sampler) { return sampler == Sampler::first ? "first" : "uniform"; }

/// The sampler of that name. Throws UsageError, with the valid names, for any other.
inline Sampler parse_sampler(std::string_view name) {
  for (const Sampler sampler : {Sampler::first, Sampler::uniform})
    if (name == to_string(sampler)) return sampler;
  throw UsageError("There is no sampler " + quoted(std::string(name)) + "; the samplers are 'first' and 'uniform'.");
}

/// How many frames `uniform` and `first` take of a clip of `frame_count` frames.
constexpr std::size_t sampled_count(std::size_t frame_count, std::size_t sequence_length) {
  return frame_count < sequence_length ? frame_count : sequence_length;
}

/// The frame that `uniform` takes as its `step`-th, step < sampled_count(frame_count, sequence_length):
/// floor(step (n - 1) / (T - 1)), strictly increasing from 0 to n - 1; the middle frame when T is 1.
constexpr std::size_t uniform_index(std::size_t step, std::size_t frame_count, std::size_t sequence_length) {
  if (frame_count <= sequence_length) return step;
  if (sequence_length == 1) return (frame_count - 1) / 2;
  return step * (frame_count - 1) / (sequence_length - 1);
}

}  // namespace rcar
