// Uses the installed library in two translation units: a header-only library must not define anything twice.

#include <cstdio>
#include <rcar/recognizer.hpp>

int feature_dimension();

int main() {
  using Model = rcar::Recognizer<rcar::EfficientNetB0<64>, rcar::GRU, 4>;
  static_assert(sizeof(Model) > 0);
  std::printf("rcar %s, %d features\n", rcar::version, feature_dimension());
  return feature_dimension() == 1280 ? 0 : 1;
}
