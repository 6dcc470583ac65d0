#pragma once
/// backend::Reference: naive loops with double-precision sums, no dependency, easy to check by eye. Every other back
/// end is tested against it.

#include <string>
#include <string_view>

#include "concept.hpp"
#include "reference/gemm.hpp"
#include "reference/maps.hpp"
#include "reference/recurrent.hpp"

namespace rcar::backend {

/// Naive loops: the oracle of every other back end.
struct Reference : reference::Gemm, reference::Maps, reference::Recurrent {
  static constexpr std::string_view name = "reference";
  static constexpr float tolerance = 1e-6f;

  static std::string engine() { return "reference"; }
};

static_assert(Backend<Reference>);

}  // namespace rcar::backend
