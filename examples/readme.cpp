// The README's opening lines, as a program:
//   readme WEIGHTS.safetensors TRAIN.csv CLIP_FOLDER CLIP
#include <cstdio>
#include <rcar/recognizer.hpp>

using Model = rcar::Recognizer<rcar::EfficientNetB0<224>, rcar::LSTM, 20>;

int main(int argc, char** argv) try {
  if (argc != 5) throw rcar::UsageError("usage: readme WEIGHTS.safetensors TRAIN.csv CLIP_FOLDER CLIP");
  auto model = Model::load_backbone(argv[1]);
  model.fit(rcar::read_dataset(argv[2], argv[3]), {.epochs = 60, .batch_size = 64, .patience = 15});
  for (const auto& [label, probability] : model.predict(argv[4]))
    std::printf("%6.2f%%  %s\n", 100 * probability, label.c_str());
  model.save("action.rcar");
} catch (const rcar::Error& error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return 1;
}
