#pragma once
/// What can be wrong with a described network, and the sentence that the compiler says then.

#include <cstdint>

#include "graph.hpp"

namespace rcar::graph {

/// What can be wrong with a network's description.
enum class Misfit : std::uint8_t {
  none,
  too_many_inputs,
  preprocessing_channels,
  window_larger_than_image,
  concatenated_sizes,
  added_shapes,
  multiplied_shapes,
  input_without_preprocessing,
  batch_normalization_alone,
};

/// The first thing that is wrong, and the layer at which it was seen.
struct Finding {
  Misfit misfit = Misfit::none;
  Name layer;
};

/// Stops the compilation if something is wrong. The compiler names the layer, as this template's argument.
template <Misfit misfit, Name layer>
consteval void require_fit() {
  static_assert(misfit != Misfit::too_many_inputs, "A layer reads at most four others.");
  static_assert(misfit != Misfit::preprocessing_channels, "Preprocessing reads an image of 3 channels (RGB).");
  static_assert(misfit != Misfit::window_larger_than_image,
                "A layer's window is larger than its image: give the network a larger image.");
  static_assert(misfit != Misfit::concatenated_sizes,
                "Layers of different heights or widths cannot be concatenated along the channels.");
  static_assert(misfit != Misfit::added_shapes, "Layers of different shapes cannot be added.");
  static_assert(misfit != Misfit::multiplied_shapes,
                "The second factor of multiply is one number a channel: shape (1, 1, C).");
  static_assert(misfit != Misfit::input_without_preprocessing,
                "A network's input goes into one preprocessing layer and nowhere else.");
  static_assert(misfit != Misfit::batch_normalization_alone,
                "Batch normalization is folded: it must follow a linear convolution that nothing else reads.");
}

}  // namespace rcar::graph
