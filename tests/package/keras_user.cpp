// Uses the part of the installed library that reads Keras's files.

#include <cstdio>
#include <rcar/backbones/efficientnet.hpp>
#include <rcar/keras.hpp>

int main() {
  try {
    rcar::read_backbone_weights<rcar::EfficientNetB0<64>>("no such file.h5");
  } catch (const rcar::Error& error) {
    std::printf("%s\n", error.what());
    return 0;
  }
  return 1;
}
