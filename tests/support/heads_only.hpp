#pragma once
/// The native primitives of heads as a back end of their own, so that they are tested without those of maps.

#include <rcar/backend/concept.hpp>
#include <rcar/backend/native/gemm.hpp>
#include <rcar/backend/native/recurrent.hpp>
#include <string>
#include <string_view>

namespace rcar::test {

struct HeadsOnly : backend::native::Gemm, backend::native::Recurrent {
  static constexpr std::string_view name = "native heads";
  static constexpr float tolerance = 1e-5f;

  static std::string engine() { return "native heads " + backend::instruction_set(); }
};

static_assert(backend::GemmBackend<HeadsOnly> && backend::RecurrentBackend<HeadsOnly>);

}  // namespace rcar::test
