// expects: The head's cell, back end or layers are not the recognizer's: give it the recognizer's SequenceHead type.
#include <rcar/recognizer.hpp>

void use(rcar::Recognizer<rcar::EfficientNetB0<224>, rcar::LSTM, 20>& model) {
  model.set_head(rcar::SequenceHead<1280, 20, rcar::GRU>(2), rcar::StringLookup({"Dive", "Jump"}));
}
