// expects: CNN is not a backbone: use rcar::InceptionV3<D>, rcar::EfficientNetB0<D>, ...
#include <rcar/recognizer.hpp>

void use() { rcar::Recognizer<int, rcar::LSTM, 20> model(rcar::weights::read_safetensors("weights.safetensors")); }
