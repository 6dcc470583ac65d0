// expects: InceptionV3 needs an image dimension of 75 or more.
#include <rcar/recognizer.hpp>

void use() {
  rcar::Recognizer<rcar::InceptionV3<74>, rcar::LSTM, 20> model(rcar::weights::read_safetensors("weights.safetensors"));
}
