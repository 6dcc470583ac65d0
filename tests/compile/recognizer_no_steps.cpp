// expects: SeqLen is the number of frames of a clip: give at least 1.
#include <rcar/recognizer.hpp>

void use() {
  rcar::Recognizer<rcar::EfficientNetB0<224>, rcar::GRU, 0> model(
      rcar::weights::read_safetensors("weights.safetensors"));
}
