// expects: Cell is not a recurrent cell: use rcar::GRU or rcar::LSTM.
#include <rcar/recognizer.hpp>

void use() {
  rcar::Recognizer<rcar::EfficientNetB0<224>, int, 20> model(rcar::weights::read_safetensors("weights.safetensors"));
}
