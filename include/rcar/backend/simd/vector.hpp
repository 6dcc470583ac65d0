#pragma once
/// One vector an instruction set: loads, stores, activations. For the bodies of kernels only (see each_set.inc).

#include <cstddef>
#include <cstdint>

#include "../../core/compiled.hpp"
#include "../operands.hpp"

#ifndef RCAR_COMPILED
#define RCAR_BODY "vector.inc"
#include "each_set.inc"
#undef RCAR_BODY
#endif
