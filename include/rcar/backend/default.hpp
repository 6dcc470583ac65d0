#pragma once
/// The back end of those who name none.

#include "native.hpp"

namespace rcar::backend {

/// The back end of those who name none.
using Default = Native<>;

}  // namespace rcar::backend
