#pragma once
/// The public tensors. Inner loops work on spans and raw pointers (xtensor's views are slow there).

#include <cstdint>
#if __has_include(<xtensor/containers/xtensor.hpp>)  // since version 0.26
#include <xtensor/containers/xtensor.hpp>
#else
#include <xtensor/xtensor.hpp>
#endif

namespace rcar {

using Frame = xt::xtensor<std::uint8_t, 3>;   // (H, W, 3) RGB
using Frames = xt::xtensor<std::uint8_t, 4>;  // (T, H, W, 3) RGB
using Features = xt::xtensor<float, 3>;       // (N, T, F)
using Mask = xt::xtensor<bool, 2>;            // (N, T), false: padding
using Probabilities = xt::xtensor<float, 2>;  // (N, K)

}  // namespace rcar
