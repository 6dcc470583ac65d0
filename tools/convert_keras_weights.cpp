/// Converts Keras weight files to rcar's native files, and heads back.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <rcar/graph/fingerprint.hpp>
#include <rcar/heads/cell.hpp>
#include <rcar/heads/original.hpp>
#include <rcar/keras_backbones.hpp>
#include <rcar/model_file.hpp>
#include <rcar/weights/keras/read_backbone.hpp>
#include <rcar/weights/keras/read_head.hpp>
#include <rcar/weights/keras/write_head.hpp>
#include <rcar/weights/safetensors.hpp>
#include <set>
#include <string>
#include <vector>

#include "run_program.hpp"

namespace {

namespace fs = std::filesystem;
namespace keras = rcar::weights::keras;

struct Options {
  fs::path in, out;
  std::string model;  // --model, --backbone
  keras::RescalingChoice rescaling = keras::RescalingChoice::automatic;
  std::vector<std::string> classes;
  std::string sampler = "first";
  int sequence_length = 0;  // 0: as the file says, else 20
  int image_dim = 0;        // 0: the backbone's own
  bool to_keras = false;
};

void note(const std::string& sentence) { std::fprintf(stderr, "note: %s\n", sentence.c_str()); }

using File = std::shared_ptr<const keras::KerasFile>;

void convert_backbone(const Options& options, const File& file) {
  const auto read =
      keras::find_keras_backbone(file, options.in, rcar::keras_backbones(), {options.model, options.rescaling});
  for (const std::string& sentence : read.notes) note(sentence);
  rcar::weights::write_safetensors(options.out, read.store);
  std::printf("%s: %zu tensors, %zu parameters of %s\n", options.out.c_str(), read.store.size(),
              read.store.parameters(), read.backbone.c_str());
}

const keras::Candidate& backbone(const std::string& name) {
  for (const keras::Candidate& candidate : rcar::keras_backbones())
    if (candidate.name == name) return candidate;
  throw rcar::UsageError("There is no backbone " + rcar::quoted(std::string(name)) + "; choose one of " +
                         keras::detail::names(rcar::keras_backbones()) + ".");
}

int sequence_length(const Options& options, const keras::KerasHead& head) {
  const int in_file = static_cast<int>(head.sequence_length);
  if (options.sequence_length && in_file && options.sequence_length != in_file)
    throw rcar::UsageError(rcar::quoted(options.in.string()) + " takes sequences of " + std::to_string(in_file) +
                           " frames and --sequence-length says " + std::to_string(options.sequence_length) +
                           "; leave the option out.");
  return options.sequence_length ? options.sequence_length : in_file ? in_file : 20;
}

void require_classes(const Options& options, const keras::KerasHead& head) {
  if (options.classes.size() != head.classes)
    throw rcar::UsageError(rcar::quoted(options.in.string()) + " tells " + std::to_string(head.classes) +
                           " classes apart and --classes names " + std::to_string(options.classes.size()) +
                           "; name them all, in the order of the outputs.");
  std::set<std::string> seen;
  for (const std::string& name : options.classes)
    if (name.empty() || !seen.insert(name).second)
      throw rcar::UsageError("The class name " + rcar::quoted(std::string(name)) +
                             " in --classes is blank or stands twice; give every class its own name.");
}

void convert_head_to_model(const Options& options, const keras::KerasHead& head) {
  if (options.model.empty())
    throw rcar::UsageError("A model needs to know its backbone; add --backbone NAME, e.g. --backbone efficientnetb0.");
  const keras::Candidate& network = backbone(options.model);
  require_classes(options, head);
  const auto features = static_cast<std::size_t>(network.layers.back().output.channels);
  if (head.feature_dim != features)
    throw rcar::WeightsError(rcar::quoted(options.in.string()) + " reads " + std::to_string(head.feature_dim) +
                             " features a frame and " + options.model + " gives " + std::to_string(features) +
                             "; name the backbone it was trained with.");
  bool has_normalization = false;
  for (const auto& layer : network.layers) has_normalization |= layer.preprocessing_parameters > 0;

  rcar::ModelFile model;
  model.backbone = options.model;
  model.graph = rcar::graph::fingerprint(network.layers);
  model.rescaling = !has_normalization ? "none" : options.rescaling == keras::RescalingChoice::off ? "off" : "on";
  model.image_dim = options.image_dim ? options.image_dim : network.layers.front().output.height;
  model.sequence_length = sequence_length(options, head);
  model.feature_dim = static_cast<int>(head.feature_dim);
  model.cell = head.cell;
  model.head = (head.cell == "gru" ? rcar::heads::Original<rcar::GRU>::description()
                                   : rcar::heads::Original<rcar::LSTM>::description()) +
               " -> dense(softmax)";
  model.sampler = rcar::parse_sampler(options.sampler);
  model.classes = options.classes;
  model.parameters = head.parameters;
  rcar::save_model(options.out, model);
  std::printf("%s: model of %s at %d x %d, %s, %d frames, %zu classes\n", options.out.c_str(), options.model.c_str(),
              model.image_dim, model.image_dim, head.cell.c_str(), model.sequence_length, head.classes);
}

void convert_head(const Options& options, const File& file) {
  const keras::KerasHead head = keras::find_keras_head(file, options.in);
  if (!options.classes.empty()) return convert_head_to_model(options, head);
  rcar::weights::Store store = head.parameters;
  store.metadata = {{"format", "rcar-head"}, {"version", "1"}, {"cell", head.cell}};
  rcar::weights::write_safetensors(options.out, store);
  note("This is a head alone; with --classes A,B,.. and --backbone NAME it becomes a whole model.");
  std::printf("%s: %zu tensors of a %s head, %zu features, %zu classes\n", options.out.c_str(), store.size(),
              head.cell.c_str(), head.feature_dim, head.classes);
}

void convert_to_keras(const Options& options) {
  if (!options.out.string().ends_with(".weights.h5"))
    throw rcar::UsageError("Keras loads weights from files named *.weights.h5 only; name the output so, not " +
                           rcar::quoted(options.out.string()) + ".");
  const rcar::weights::Store store = rcar::weights::read_safetensors(options.in);
  keras::write_keras_head(options.out, store);
  std::printf("%s: the head of %s; load it with load_weights\n", options.out.c_str(), options.in.c_str());
}

void convert(const Options& options) {
  std::error_code absent;
  if (fs::equivalent(options.in, options.out, absent))
    throw rcar::UsageError("IN and OUT are the same file; give OUT another name.");
  if (options.to_keras) return convert_to_keras(options);
  const auto file = std::make_shared<const keras::KerasFile>(keras::read_keras_file(options.in));
  if (keras::is_head(*file)) return convert_head(options, file);
  if (!options.classes.empty())
    throw rcar::UsageError("The option --classes is for sequence models and " + rcar::quoted(options.in.string()) +
                           " holds none; leave it out.");
  convert_backbone(options, file);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Converts Keras weight files (.h5, .weights.h5, .keras) to rcar's native files (safetensors).\n"
      "What the file holds is recognised by its tensors' shapes: a backbone, also inside another model, or the\n"
      "sequence model of the Keras pipeline (GRU or LSTM 16, 8, dropout, dense 8, dense K).");
  app.add_option("IN", options.in, "the Keras file; with --to-keras a model.rcar or a converted head")->required();
  app.add_option("OUT", options.out, "the file to write")->required();
  app.add_option("--model,--backbone", options.model,
                 "the backbone that IN must hold; for a sequence model the backbone whose features it reads");
  const std::map<std::string, keras::RescalingChoice> choices{{"auto", keras::RescalingChoice::automatic},
                                                              {"on", keras::RescalingChoice::on},
                                                              {"off", keras::RescalingChoice::off}};
  app.add_option(
         "--rescaling", options.rescaling,
         "EfficientNet's second Rescaling layer, which Keras adds for ImageNet weights: on, off or auto (as the\n"
         "file shows; on where a legacy .h5 does not show it)")
      ->transform(CLI::Transformer(choices))
      ->option_text("on|off|auto");
  app.add_option("--classes", options.classes, "class names in the order of the outputs: makes a whole model of a head")
      ->delimiter(',')
      ->option_text("A,B,..");
  app.add_option("--sampler", options.sampler, "which frames the head was trained on")
      ->check(CLI::IsMember({"first", "uniform"}))
      ->capture_default_str();
  app.add_option("--sequence-length", options.sequence_length, "frames a clip, where IN does not say (else 20)")
      ->check(CLI::Range(1, 1 << 20));
  app.add_option("--image-dim", options.image_dim, "image dimension of the backbone (else its own)")
      ->check(CLI::Range(1, 1 << 15));
  app.add_flag("--to-keras", options.to_keras, "writes the head of IN as OUT.weights.h5, which Keras loads");
  app.footer(
      "\nexamples:\n"
      "  convert_keras_weights efficientnetb0_notop.h5 efficientnetb0.safetensors\n"
      "  convert_keras_weights extractor.keras inceptionv3.safetensors --model inceptionv3\n"
      "  convert_keras_weights head.keras model.rcar --classes Dive,Punch,Jump --backbone efficientnetb0 --sampler "
      "first\n"
      "  convert_keras_weights --to-keras model.rcar head.weights.h5");
  return rcar::tools::run_program(app, argc, argv, [&] {
    convert(options);
    return 0;
  });
}
