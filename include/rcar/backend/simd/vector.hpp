#pragma once
/// One vector an instruction set: loads, stores, activations. For the bodies of kernels only (see each_set.inc).

#include <cstddef>
#include <cstdint>

#include "../../core/compiled.hpp"
#include "../cpu.hpp"
#include "../operands.hpp"

/// What the namespaces of the instruction sets, which each_set.inc opens, call `name`: that of `set`.
#if defined(__x86_64__)
#define RCAR_OF_SET(set, name)                                     \
  ((set) >= ::rcar::backend::InstructionSet::avx512 ? avx512::name \
   : (set) == ::rcar::backend::InstructionSet::avx2 ? avx2::name   \
                                                    : baseline::name)
#else
#define RCAR_OF_SET(set, name) (static_cast<void>(set), baseline::name)
#endif

#ifndef RCAR_COMPILED
#define RCAR_BODY "vector.inc"
#include "each_set.inc"
#undef RCAR_BODY
#endif
