// expects: The head's feature dimension is not the backbone's: give SequenceHead the backbone's feature_dim.
#include <rcar/recognizer.hpp>

void use(rcar::Recognizer<rcar::EfficientNetB0<224>, rcar::LSTM, 20>& model) {
  model.set_head(rcar::SequenceHead<2048, 20, rcar::LSTM>(2), rcar::StringLookup({"Dive", "Jump"}));
}
