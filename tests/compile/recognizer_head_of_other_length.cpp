// expects: The head's sequence length is not the recognizer's: use the same SeqLen.
#include <rcar/recognizer.hpp>

void use(rcar::Recognizer<rcar::EfficientNetB0<224>, rcar::LSTM, 20>& model) {
  model.set_head(rcar::SequenceHead<1280, 40, rcar::LSTM>(2), rcar::StringLookup({"Dive", "Jump"}));
}
