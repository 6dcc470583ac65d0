// expects: EfficientNet needs an image dimension of 32 or more.
#include <rcar/recognizer.hpp>

void use() {
  rcar::Recognizer<rcar::EfficientNetB0<31>, rcar::GRU, 20> model(
      rcar::weights::read_safetensors("weights.safetensors"));
}
