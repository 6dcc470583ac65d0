#pragma once
/// backend::Native: rcar's own kernels on every hot path.

#include <string>
#include <string_view>

#include "blas/gemm.hpp"
#include "blas/recurrent.hpp"
#include "concept.hpp"
#include "native/maps.hpp"

namespace rcar::backend {

template <numerics Policy = numerics::fast>
struct Native : blas::Gemm, native::Maps<Policy>, blas::Recurrent {
  static constexpr std::string_view name = Policy == numerics::fast ? "native" : "native exact";
  static constexpr float tolerance = Policy == numerics::fast ? 5e-5f : 1e-5f;

  static std::string engine() { return std::string(name) + " " + instruction_set(); }
};

static_assert(Backend<Native<>>);
static_assert(FusingBackend<Native<>>);

}  // namespace rcar::backend
