#pragma once
/// How layers are computed where a measurement found better than the cost rule of choose.hpp: written by
/// build/tools/bench/tune, which says in its --help how it measures; do not edit.

#include <array>

#include "algorithm.hpp"

namespace rcar::backend::native {

// clang-format off
// {lanes, kernel height, width, channels in, out, output height, width, {Winograd's outputs down, across}}
inline constexpr std::array<TunedLayer, 1> tuned_layers{{
  {8, 3, 3, 32, 32, 109, 109, {5, 5}},
}};
// clang-format on

}  // namespace rcar::backend::native
