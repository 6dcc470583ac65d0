#pragma once
/// backend::Native: rcar's own kernels on every hot path, for AVX-512, AVX2 and whatever else the compiler is told of,
/// chosen at run time.
///
///     Recognizer<InceptionV3<224>, GRU, 20>                                              // numerics::fast
///     Recognizer<InceptionV3<224>, GRU, 20, backend::Native<backend::numerics::exact>>   // sums of products only

#include <string>
#include <string_view>

#include "concept.hpp"
#include "native/gemm.hpp"
#include "native/maps.hpp"
#include "native/recurrent.hpp"

namespace rcar::backend {

/// rcar's own kernels, for the instruction set of the processor that runs them.
template <numerics Policy = numerics::fast>
struct Native : native::Gemm, native::Maps<Policy>, native::Recurrent {
  static constexpr std::string_view name = Policy == numerics::fast ? "native" : "native exact";
  static constexpr float tolerance = Policy == numerics::fast ? 1e-4f : 1e-5f;

  static std::string engine() { return std::string(name) + " " + instruction_set(); }
};

static_assert(Backend<Native<>>);
static_assert(FusingBackend<Native<>>);
static_assert(KeepingBackend<Native<>>);

}  // namespace rcar::backend
