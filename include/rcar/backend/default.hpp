#pragma once
/// The back end of those who name none.

#include "native.hpp"

namespace rcar::backend {

using Default = Native<>;

}  // namespace rcar::backend
