#pragma once
/// The back end of those who name none.

#include "blas.hpp"

namespace rcar::backend {

using Default = Blas;

}  // namespace rcar::backend
