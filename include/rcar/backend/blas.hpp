#pragma once
/// backend::Blas: matrix products by OpenBLAS through xtensor-blas, vectorised kernels for everything else.

#include <string>
#include <string_view>

#include "blas/gemm.hpp"
#include "blas/maps.hpp"
#include "blas/recurrent.hpp"
#include "concept.hpp"

namespace rcar::backend {

/// Matrix products by OpenBLAS, vectorised kernels for everything else.
struct Blas : blas::Gemm, blas::Maps, blas::Recurrent {
  static constexpr std::string_view name = "blas";
  static constexpr float tolerance = 1e-5f;

  static std::string engine() { return "blas " + blas::corename() + " " + instruction_set(); }
};

static_assert(Backend<Blas>);

}  // namespace rcar::backend
