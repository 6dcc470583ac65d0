// The README's opening lines, as a program. It trains on the prepared folder that it is started in, beside weights/.
#include <cstdio>
#include <rcar/recognizer.hpp>

int main() try {
  using Model = rcar::Recognizer<rcar::EfficientNetB0<224>, rcar::LSTM, 20>;
  auto model = Model::load_backbone("weights/efficientnetb0.safetensors");
  model.fit(rcar::read_dataset("train.csv", "train"), {.epochs = 60, .batch_size = 64, .patience = 15});
  for (const auto& [label, probability] : model.predict("clip.avi"))
    std::printf("%6.2f%%  %s\n", 100 * probability, label.c_str());
  model.save("action.rcar");
} catch (const rcar::Error& error) {
  return std::fprintf(stderr, "error: %s\n", error.what()), 1;
}
