#include "keras.hpp"

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

namespace rcar::tools {

namespace {

namespace keras = weights::keras;

using File = std::shared_ptr<const keras::KerasFile>;

keras::RescalingChoice rescaling_of(const KerasConversion& options) {
  if (options.rescaling == "on") return keras::RescalingChoice::on;
  return options.rescaling == "off" ? keras::RescalingChoice::off : keras::RescalingChoice::automatic;
}

Converted convert_backbone(const KerasConversion& options, const File& file) {
  const auto read =
      keras::find_keras_backbone(file, options.in, keras_backbones(), {options.model, rescaling_of(options)});
  weights::write_safetensors(options.out, read.store);
  return {"backbone",
          read.backbone,
          options.out.string() + ": " + std::to_string(read.store.size()) + " tensors, " +
              std::to_string(read.store.parameters()) + " parameters of " + read.backbone,
          read.store.size(),
          read.store.parameters(),
          read.notes};
}

const keras::Candidate& backbone(const std::string& name) {
  for (const keras::Candidate& candidate : keras_backbones())
    if (candidate.name == name) return candidate;
  throw UsageError("There is no backbone " + quoted(std::string(name)) + "; choose one of " +
                   keras::detail::names(keras_backbones()) + ".");
}

int sequence_length(const KerasConversion& options, const keras::KerasHead& head) {
  const int in_file = static_cast<int>(head.sequence_length);
  if (options.sequence_length && in_file && options.sequence_length != in_file)
    throw UsageError(quoted(options.in.string()) + " takes sequences of " + std::to_string(in_file) +
                     " frames and --sequence-length says " + std::to_string(options.sequence_length) +
                     "; leave the option out.");
  return options.sequence_length ? options.sequence_length : in_file ? in_file : 20;
}

void require_classes(const KerasConversion& options, const keras::KerasHead& head) {
  if (options.classes.size() != head.classes)
    throw UsageError(quoted(options.in.string()) + " tells " + std::to_string(head.classes) +
                     " classes apart and --classes names " + std::to_string(options.classes.size()) +
                     "; name them all, in the order of the outputs.");
  std::set<std::string> seen;
  for (const std::string& name : options.classes)
    if (name.empty() || !seen.insert(name).second)
      throw UsageError("The class name " + quoted(std::string(name)) +
                       " in --classes is blank or stands twice; give every class its own name.");
}

Converted convert_head_to_model(const KerasConversion& options, const keras::KerasHead& head) {
  if (options.model.empty())
    throw UsageError("A model needs to know its backbone; add --backbone NAME, e.g. --backbone efficientnetb0.");
  const keras::Candidate& network = backbone(options.model);
  require_classes(options, head);
  const auto features = static_cast<std::size_t>(network.layers.back().output.channels);
  if (head.feature_dim != features)
    throw WeightsError(quoted(options.in.string()) + " reads " + std::to_string(head.feature_dim) +
                       " features a frame and " + options.model + " gives " + std::to_string(features) +
                       "; name the backbone it was trained with.");
  bool has_normalization = false;
  for (const auto& layer : network.layers) has_normalization |= layer.preprocessing_parameters > 0;

  ModelFile model;
  model.backbone = options.model;
  model.graph = graph::fingerprint(network.layers);
  model.rescaling = !has_normalization ? "none" : options.rescaling == "off" ? "off" : "on";
  model.image_dim = options.image_dim ? options.image_dim : network.layers.front().output.height;
  model.sequence_length = sequence_length(options, head);
  model.feature_dim = static_cast<int>(head.feature_dim);
  model.cell = head.cell;
  model.head = (head.cell == "gru" ? heads::Original<GRU>::description() : heads::Original<LSTM>::description()) +
               " -> dense(softmax)";
  model.sampler = parse_sampler(options.sampler);
  model.classes = options.classes;
  model.parameters = head.parameters;
  save_model(options.out, model);
  const std::string dim = std::to_string(model.image_dim);
  return {"model",
          options.model,
          options.out.string() + ": model of " + options.model + " at " + dim + " x " + dim + ", " + head.cell + ", " +
              std::to_string(model.sequence_length) + " frames, " + std::to_string(head.classes) + " classes",
          model.parameters.size(),
          model.parameters.parameters(),
          {}};
}

Converted convert_head(const KerasConversion& options, const File& file) {
  const keras::KerasHead head = keras::find_keras_head(file, options.in);
  if (!options.classes.empty()) return convert_head_to_model(options, head);
  weights::Store store = head.parameters;
  store.metadata = {{"format", "rcar-head"}, {"version", "1"}, {"cell", head.cell}};
  weights::write_safetensors(options.out, store);
  return {"head",
          {},
          options.out.string() + ": " + std::to_string(store.size()) + " tensors of a " + head.cell + " head, " +
              std::to_string(head.feature_dim) + " features, " + std::to_string(head.classes) + " classes",
          store.size(),
          store.parameters(),
          {"This is a head alone; with --classes A,B,.. and --backbone NAME it becomes a whole model."}};
}

Converted convert_to_keras(const KerasConversion& options) {
  if (!options.out.string().ends_with(".weights.h5"))
    throw UsageError("Keras loads weights from files named *.weights.h5 only; name the output so, not " +
                     quoted(options.out.string()) + ".");
  const weights::Store store = weights::read_safetensors(options.in);
  keras::write_keras_head(options.out, store);
  return {"Keras head",
          {},
          options.out.string() + ": the head of " + options.in.string() + "; load it with load_weights",
          store.size(),
          store.parameters(),
          {}};
}

}  // namespace

void add_keras_options(CLI::App& app, KerasConversion& conversion) {
  app.add_option("--model,--backbone", conversion.model,
                 "The backbone that IN must hold; for a sequence model the backbone whose features it reads")
      ->group("Keras");
  app.add_option(
         "--rescaling", conversion.rescaling,
         "EfficientNet's second Rescaling layer, which Keras adds for ImageNet weights: on, off or auto (as the "
         "file shows; on where a legacy .h5 does not show it)")
      ->capture_default_str()
      ->check(CLI::IsMember({"on", "off", "auto"}))
      ->group("Keras");
  app.add_option("--classes", conversion.classes,
                 "Class names in the order of the outputs: makes a whole model of a head")
      ->delimiter(',')
      ->group("Keras");
  app.add_option("--sampler", conversion.sampler, "Which frames the head was trained on: first or uniform")
      ->check(CLI::IsMember({"first", "uniform"}))
      ->capture_default_str()
      ->group("Keras");
  app.add_option("--sequence-length", conversion.sequence_length, "Frames a clip, where IN does not say (else 20)")
      ->check(CLI::Range(1, 1 << 20))
      ->group("Keras");
  app.add_option("--image-dim", conversion.image_dim, "Image dimension of the backbone (else its own)")
      ->check(CLI::Range(1, 1 << 15))
      ->group("Keras");
  app.add_flag("--to-keras", conversion.to_keras, "Writes the head of IN as OUT.weights.h5, which Keras loads")
      ->group("Keras");
}

Converted convert_keras(const KerasConversion& conversion) {
  require_two_files(conversion.in, conversion.out);
  if (conversion.to_keras) return convert_to_keras(conversion);
  const auto file = std::make_shared<const keras::KerasFile>(keras::read_keras_file(conversion.in));
  if (keras::is_head(*file)) return convert_head(conversion, file);
  if (!conversion.classes.empty())
    throw UsageError("The option --classes is for sequence models and " + quoted(conversion.in.string()) +
                     " holds none; leave it out.");
  return convert_backbone(conversion, file);
}

}  // namespace rcar::tools
