// Names the action in video clips with a trained model:
//   predict_video model.rcar clip.avi --weights efficientnetb0.safetensors --gif clip.gif --json result.json
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <rcar/any_recognizer.hpp>
#include <rcar/keras.hpp>
#include <rcar/video/gif.hpp>

#include "../tools/backend_choice.hpp"
#include "../tools/run_program.hpp"

namespace {

struct Options {
  std::string model, weights, gif, json, backend = "cpu";
  std::vector<std::string> clips;
  double frames_per_second = 0;
};

/// `clip.gif` for one clip; for several, `clip-1.gif`, `clip-2.gif`, ...
std::filesystem::path gif_path(const Options& options, std::size_t clip) {
  std::filesystem::path path = options.gif;
  if (options.clips.size() == 1) return path;
  return path.parent_path() / (path.stem().string() + "-" + std::to_string(clip + 1) + path.extension().string());
}

/// Proves that what is asked for can be written, before it is computed.
void require_writable(const Options& options) {
  if (!options.json.empty()) rcar::AtomicFile probe(options.json);  // never committed, so never left behind
  if (!options.gif.empty())
    for (std::size_t i = 0; i < options.clips.size(); ++i) rcar::AtomicFile probe(gif_path(options, i));
}

int predict(const Options& options) {
  require_writable(options);
  rcar::tools::require_backend(options.backend);
  using List = rcar::RegisteredRecognizers;
  const rcar::ModelFile model = rcar::load_model(options.model);
  const rcar::RecognizerChoice choice{model.backbone, model.cell, model.sequence_length, model.image_dim};
  List::require(choice);
  const auto recognizer = rcar::tools::make_recognizer_on(
      options.backend, choice,
      rcar::read_backbone_weights(options.weights, model.backbone, List::layers(model.backbone)), model.sampler);
  recognizer->restore(model, options.model);
  auto results = nlohmann::ordered_json::array();
  int failures = 0;
  for (std::size_t i = 0; i < options.clips.size(); ++i) {
    const std::string& clip = options.clips[i];
    try {
      const rcar::VideoPrediction prediction = recognizer->predict_video_sequence(clip);
      std::printf("%s\n", clip.c_str());
      auto probabilities = nlohmann::ordered_json::object();
      for (const auto& [label, probability] : prediction.classes) {
        std::printf("  %6.2f%%  %s\n", 100.0 * static_cast<double>(probability), label.c_str());
        probabilities[label] = probability;
      }
      results.push_back(
          {{"clip", clip}, {"label", prediction.classes.front().label}, {"probabilities", probabilities}});
      if (!options.gif.empty()) {
        const double rate = options.frames_per_second > 0 ? options.frames_per_second : prediction.frames_per_second;
        rcar::frames_to_gif(prediction.frames, gif_path(options, i), rate);
      }
    } catch (const rcar::VideoError& error) {  // one bad clip does not stop the others
      rcar::tools::print_error(error.what());
      ++failures;
    }
  }
  if (!options.json.empty() && !results.empty())
    rcar::write_file(options.json, results.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  return failures == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Names the action in video clips with a trained rcar model."};
  app.add_option("MODEL", options.model, "Model file that training wrote (model.rcar)")->required();
  app.add_option("CLIP", options.clips, "Video files")->required();
  app.add_option("--weights", options.weights, "Backbone weights the model was trained with: native or Keras file")
      ->required();
  rcar::tools::add_backend_option(app, options.backend);
  app.add_option("--gif", options.gif,
                 "Write the frames that were looked at as an animated GIF (F-1, F-2, ... for several clips)");
  app.add_option("--fps", options.frames_per_second, "Speed of the GIF, frames a second (default: the clip's own)")
      ->check(CLI::Range(0.1, 50.0));
  app.add_option("--json", options.json, "Write the probabilities as JSON");
  app.footer(
      "Examples:\n"
      "  predict_video out/model.rcar clip.avi --weights weights/efficientnetb0.safetensors\n"
      "  predict_video out/model.rcar a.avi b.avi --weights efficientnetb0_notop.h5 --gif frames.gif --json out.json\n"
      "Exit code: 0 all clips predicted, 1 error (also when a clip could not be read), 2 wrong usage.");
  return rcar::tools::run_program(app, argc, argv, [&] { return predict(options); });
}
