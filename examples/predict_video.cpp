// Names the action in video clips with a trained model:
//   predict_video model.rcar clip.avi --weights efficientnetb0.safetensors --gif clip.gif --json result.json
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <rcar/any_recognizer.hpp>
#include <rcar/keras.hpp>

namespace {

struct Options {
  std::string model, weights, gif, json;
  std::vector<std::string> clips;
  double frames_per_second = 10;
};

/// `clip.gif` for one clip; for several, `clip-1.gif`, `clip-2.gif`, ...
std::filesystem::path gif_path(const Options& options, std::size_t clip) {
  std::filesystem::path path = options.gif;
  if (options.clips.size() == 1) return path;
  return path.parent_path() / (path.stem().string() + "-" + std::to_string(clip + 1) + path.extension().string());
}

int predict(const Options& options) {
  const auto backbone = rcar::load_model(options.model).backbone;
  const auto recognizer = rcar::load_recognizer(
      options.model,
      rcar::read_backbone_weights(options.weights, backbone, rcar::RegisteredRecognizers::layers(backbone)));
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
      if (!options.gif.empty()) rcar::frames_to_gif(prediction.frames, gif_path(options, i), options.frames_per_second);
    } catch (const rcar::VideoError& error) {  // one bad clip does not stop the others
      std::fprintf(stderr, "error: %s\n", error.what());
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
  app.add_option("--gif", options.gif,
                 "Write the frames that were looked at as an animated GIF (F-1, F-2, ... for several clips)");
  app.add_option("--fps", options.frames_per_second, "Speed of the GIF, frames a second")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 50.0));
  app.add_option("--json", options.json, "Write the probabilities as JSON");
  app.footer(
      "Examples:\n"
      "  predict_video out/model.rcar clip.avi --weights weights/efficientnetb0.safetensors\n"
      "  predict_video out/model.rcar a.avi b.avi --weights efficientnetb0_notop.h5 --gif frames.gif --json out.json\n"
      "Exit code: 0 all clips predicted, 1 error (also when a clip could not be read), 2 wrong usage.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    return predict(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
