#pragma once
/// backend::Portable: the CUDA back end's own algorithms, run on the processor. It needs Thrust's headers and no CUDA.
/// Not for speed: for machines without a GPU to test on, and for those who extend the CUDA back end.

#include <string_view>

#include "concept.hpp"
#include "device/define_heads.hpp"
#include "device/define_maps.hpp"
#include "device/define_memory.hpp"
#include "device/primitives.hpp"
#include "portable/system.hpp"

namespace rcar::backend {

/// The CUDA back end's algorithms on the processor, with the numbers that P says.
template <Precision P>
struct BasicPortable : device::Primitives<device::Processor, P> {
  static constexpr std::string_view name = device::name_of("portable", P);
  static constexpr float tolerance = device::tolerance_of(P);
};

/// Float throughout.
using Portable = BasicPortable<Precision::fp32>;

static_assert(DeviceBackend<Portable>);

}  // namespace rcar::backend
