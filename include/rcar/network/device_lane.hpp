#pragma once
/// What one batch of a device needs beside the arena: its frames on the way in, its features on the way out, and the
/// recorded work between them. Two lanes let the host fill and empty one while the device computes the other.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>

#include "../backend/concept.hpp"
#include "../core/square.hpp"

namespace rcar {

/// What one stream of work on a device holds.
template <backend::DeviceBackend B>
struct DeviceLane {
  typename B::template Array<std::uint8_t> frames;    // (capacity, D, D, 3)
  typename B::template Array<std::uint8_t> squares;   // as they come
  typename B::template Array<float> features;         // (capacity, F)
  typename B::template Pinned<std::uint8_t> staged;   // the squares
  typename B::template Pinned<float> result;          // the features
  std::map<std::size_t, typename B::Recording> work;  // by number of frames
  typename B::Mark done;
  std::size_t running = 0;  // frames under way

  void reserve(std::size_t capacity, std::size_t frame_bytes, std::size_t feature_dim) {
    if (capacity * frame_bytes <= frames.size()) return;
    work.clear();
    frames = {}, features = {}, result = {};  // given back before more is asked for
    frames = typename B::template Array<std::uint8_t>(capacity * frame_bytes);
    features = typename B::template Array<float>(capacity * feature_dim);
    result = typename B::template Pinned<float>(capacity * feature_dim);
  }

  /// Queues the copy of squares to the device and their resizing to `side`.
  void take(std::span<const Square> given, int side) {
    const auto bytes_of = [](int edge) { return static_cast<std::size_t>(edge) * static_cast<std::size_t>(edge) * 3; };
    std::size_t bytes = 0;
    for (const Square& square : given) bytes += bytes_of(square.side);
    if (bytes > staged.size()) {
      squares = {}, staged = {};
      squares = typename B::template Array<std::uint8_t>(bytes);
      staged = typename B::template Pinned<std::uint8_t>(bytes);
    }
    const bool all_fit = std::all_of(given.begin(), given.end(), [&](const Square& s) { return s.side == side; });
    std::uint8_t* to = staged.data();
    for (const Square& square : given) to = std::copy_n(square.rgb, bytes_of(square.side), to);
    B::queue_copy_in(staged.data(), bytes, all_fit ? frames.data() : squares.data());
    if (all_fit) return;
    const std::uint8_t* from = squares.data();
    for (std::size_t i = 0; i < given.size(); ++i) {
      B::crop_resize(from, given[i].side, given[i].side, frames.data() + i * bytes_of(side), side);
      from += bytes_of(given[i].side);
    }
  }
};

}  // namespace rcar
