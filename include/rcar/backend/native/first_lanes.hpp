#pragma once
/// Some of a vector's floats, and the square root: what GCC's vector types have no word for. For the bodies of kernels
/// only (see simd/each_set.inc).

#include <cstddef>
#include <cstdint>

#include "../../core/compiled.hpp"
#include "../simd/vector.hpp"

#ifndef RCAR_COMPILED
#if defined(__x86_64__)
#include <immintrin.h>
#endif
#define RCAR_BODY "../native/first_lanes.inc"
#include "../simd/each_set.inc"
#undef RCAR_BODY
#endif
