#pragma once
/// The matrix product by OpenBLAS, through xtensor-blas's CBLAS interface. (That one header costs a translation unit
/// 0.02 s; cxxblas::gemm 0.8 s; xt::blas and xt::linalg from 1.4 s up; all end in the same cblas_sgemm.)

#ifdef XTENSOR_USE_FLENS_BLAS
#error "rcar: XTENSOR_USE_FLENS_BLAS replaces BLAS by slow generic loops; remove it, and link OpenBLAS."
#endif

#include <xflens/cxxblas/drivers/cblas.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "../cpu.hpp"
#include "../primitives.hpp"

// Weak, so that another CBLAS (MKL, BLIS) links too; what only OpenBLAS has is then absent.
extern "C" {
[[gnu::weak]] void openblas_set_num_threads(int);
[[gnu::weak]] char* openblas_get_corename();
}

namespace rcar::backend::blas {

/// The name OpenBLAS gives the kernels it has chosen ("SkylakeX", "Haswell", "Prescott"), "" with another CBLAS.
inline std::string corename() { return openblas_get_corename ? std::string(openblas_get_corename()) : std::string(); }

/// What to tell the user when OpenBLAS chose kernels far below the processor, else an empty string.
///
/// OpenBLAS decides by a list of processor models and takes 'Prescott' (SSE3) for one it does not know: five times
/// slower than need be. It chooses while the program loads, so that only its environment can help.
inline std::string coretype_advice(std::string_view core, InstructionSet hardware) {
  constexpr std::string_view without_avx2[] = {
      "Unknown",     "Katmai",  "Coppermine", "Northwood",  "Prescott",    "Banias",       "Core2",     "Penryn",
      "Dunnington",  "Nehalem", "Atom",       "Athlon",     "Opteron",     "Opteron_SSE3", "Barcelona", "Nano",
      "Sandybridge", "Bobcat",  "Bulldozer",  "Piledriver", "Steamroller", "Generic",      "generic"};
  if (hardware == InstructionSet::baseline) return {};
  for (auto name : without_avx2) {
    if (core != name) continue;
    const std::string better = hardware >= InstructionSet::avx512 ? "SkylakeX" : "Haswell";
    return "OpenBLAS does not know this processor and runs its slow '" + std::string(core) +
           "' kernels; set OPENBLAS_CORETYPE=" + better + " in the environment.";
  }
  return {};
}

/// Done before the first product: one thread a call, since the callers thread over fixed blocks of work, and the
/// notice.
inline void start_once() {
  static const bool started = [] {
    if (openblas_set_num_threads) openblas_set_num_threads(1);
    const std::string advice = coretype_advice(corename(), hardware_instruction_set());
    if (!advice.empty()) std::fprintf(stderr, "rcar: %s\n", advice.c_str());
    return true;
  }();
  static_cast<void>(started);
}

/// Matrix product by BLAS; each call runs on the calling thread.
struct Gemm {
  /// C = alpha * op(A) * op(B) + beta * C, row-major.
  ///
  /// op(A) (m, k): A is (m, k), rows lda apart, or (k, m) when transposed; op(B) (k, n) likewise; C (m, n).
  /// beta == 0 overwrites C whatever it held.
  static void gemm(Transpose a_transposed, Transpose b_transposed, int m, int n, int k, float alpha, const float* a,
                   int lda, const float* b, int ldb, float beta, float* c, int ldc) {
    start_once();
    cblas_sgemm(CblasRowMajor, a_transposed == Transpose::yes ? CblasTrans : CblasNoTrans,
                b_transposed == Transpose::yes ? CblasTrans : CblasNoTrans, m, n, k, alpha, a, lda, b, ldb, beta, c,
                ldc);
  }
};

}  // namespace rcar::backend::blas
