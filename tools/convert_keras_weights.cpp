/// Converts Keras weight files to rcar's native files, and heads back.

#include <CLI/CLI.hpp>
#include <cstdio>

#include "convert/keras.hpp"
#include "run_program.hpp"

int main(int argc, char** argv) {
  rcar::tools::KerasConversion conversion;
  CLI::App app(
      "Converts Keras weight files (.h5, .weights.h5, .keras) to rcar's native files (safetensors).\n"
      "What the file holds is recognised by its tensors' shapes: a backbone, also inside another model, or the\n"
      "sequence model of the Keras pipeline (GRU or LSTM 16, 8, dropout, dense 8, dense K).");
  app.add_option("IN", conversion.in, "the Keras file; with --to-keras a model.rcar or a converted head")->required();
  app.add_option("OUT", conversion.out, "the file to write")->required();
  rcar::tools::add_keras_options(app, conversion);
  app.footer(
      "\nexamples:\n"
      "  convert_keras_weights efficientnetb0_notop.h5 efficientnetb0.safetensors\n"
      "  convert_keras_weights extractor.keras inceptionv3.safetensors --model inceptionv3\n"
      "  convert_keras_weights head.keras model.rcar --classes Dive,Punch,Jump --backbone efficientnetb0 --sampler "
      "first\n"
      "  convert_keras_weights --to-keras model.rcar head.weights.h5");
  return rcar::tools::run_program(app, argc, argv, [&] {
    const auto converted = rcar::tools::convert_keras(conversion);
    for (const auto& note : converted.notes) std::fprintf(stderr, "note: %s\n", note.c_str());
    std::printf("%s\n", converted.sentence.c_str());
    return 0;
  });
}
