#pragma once
/// What the stand-ins for NVIDIA's libraries offer, and how often they were called.

#include <cstddef>

namespace rcar::test {

/// The stand-ins compute on the host what the libraries' documentation says, from the descriptors they are given.
struct Vendor {
  bool fuses_epilogues = true;     // cuBLASLt: bias, with ReLU or a residual
  bool takes_convolutions = true;  // cuDNN at all
  bool writes_slices = true;       // cuDNN into maps whose pixels have gaps
  std::size_t products = 0, fused_products = 0, convolutions = 0, fused_convolutions = 0;

  static Vendor& instance() {
    static Vendor vendor;
    return vendor;
  }
};

}  // namespace rcar::test
