// rcar predict, one label a clip.
#include <algorithm>
#include <cmath>
#include <mutex>
#include <new>
#include <rcar/core/threads.hpp>
#include <rcar/data/csv.hpp>
#include <rcar/data/prefetch.hpp>
#include <rcar/report/canvas.hpp>
#include <rcar/video/gif.hpp>
#include <rcar/video/resize.hpp>

#include "predict.hpp"

namespace rcar::tools {

namespace {

namespace fs = std::filesystem;

/// A clip on its way from its frames to its row of the results.
struct Clip {
  std::size_t row = 0;
  SampledClip sampled{};
  std::string fault;                // why it has no result
  std::vector<Prediction> classes;  // most likely first
  std::vector<float> by_class;      // in the model's order
};

class ClipPrediction {
 public:
  ClipPrediction(const PredictOptions& options, const std::vector<std::string>& clips, AnyRecognizer& recognizer,
                 const Console& console)
      : options_(options),
        clips_(clips),
        recognizer_(recognizer),
        console_(console),
        extractor_(recognizer.extractor()),
        gifs_(paths_of_clips(options.gif, ".gif", clips)),
        results_(clips.size()),
        progress_("Predicting", clips.size(), "clips", clips.size() > 1 ? console.progress() : ProgressDisplay::off) {
    for (const fs::path& path : {options.csv, options.json_lines})
      if (!path.empty()) AtomicFile probe(path);  // never committed, so never left behind
    for (const fs::path& path : gifs_)
      if (!path.empty()) AtomicFile probe(path);
  }

  int run() {
    const OpenCvOnOneThread calm;
    if (extractor_.calls == Calls::side_by_side && clips_.size() >= thread_count()) {
      parallel_for(clips_.size(), [&](std::size_t row, std::size_t) { finish(compute(decode(row))); });
    } else {  // the network takes all cores or a device, decoding goes on beside it
      const auto side = static_cast<std::size_t>(extractor_.image_dim);
      const std::size_t bytes = static_cast<std::size_t>(extractor_.sequence_length) * side * side * 3;
      const std::size_t ahead = std::clamp<std::size_t>((std::size_t{256} << 20) / bytes, 2, 2 * thread_count() + 2);
      Prefetch<Clip> decoded(clips_.size(), thread_count(), ahead, [&](std::size_t row) { return decode(row); });
      while (auto clip = decoded.next()) finish(compute(std::move(*clip)));
    }
    progress_.finish();
    return write();
  }

 private:
  Clip decode(std::size_t row) const {
    Clip clip;
    clip.row = row;
    try {
      clip.sampled = sample_clip(clips_[row], extractor_.sampler, static_cast<std::size_t>(extractor_.sequence_length),
                                 extractor_.image_dim);
    } catch (const VideoError& error) {
      clip.fault = error.what();
    }
    return clip;
  }

  Clip compute(Clip clip) const {
    if (!clip.fault.empty()) return clip;
    const auto steps = static_cast<std::size_t>(extractor_.sequence_length);
    const auto feature_dim = static_cast<std::size_t>(extractor_.feature_dim);
    const std::size_t count = clip.sampled.frames.shape(0);
    Features features(Features::shape_type{1, steps, feature_dim}, 0.F);
    Mask mask(Mask::shape_type{1, steps}, false);
    extractor_.run(clip.sampled.frames.data(), count, features.data());
    std::fill_n(mask.data(), count, true);
    if (!std::all_of(features.begin(), features.end(), [](float value) { return std::isfinite(value); }))
      throw DataError("The features of clip " + quoted(clips_[clip.row]) +
                      " are not finite numbers; check the backbone's weights.");
    const Probabilities probabilities = recognizer_.predict(features, mask);
    clip.by_class.assign(probabilities.begin(), probabilities.end());
    clip.classes = ranked(recognizer_.labels().vocabulary(), probabilities.data());
    const fs::path& gif = gifs_[clip.row];
    if (!gif.empty()) frames_to_gif(clip.sampled.frames, gif, clip.sampled.frames_per_second);
    clip.sampled.frames = {};
    return clip;
  }

  /// Keeps a result, and says all that are next in the list's order.
  void finish(Clip clip) {
    std::lock_guard lock(mutex_);
    const std::size_t row = clip.row;
    results_[row] = std::move(clip);
    progress_.advance(1);
    for (; said_ < results_.size() && results_[said_]; ++said_) say(*results_[said_]);
  }

  bool abstains(const Clip& clip) const { return clip.classes.front().probability < options_.threshold.value_or(0); }
  std::string label(const Clip& clip) const { return abstains(clip) ? options_.nothing : clip.classes.front().label; }

  void say(const Clip& clip) const {
    if (!clip.fault.empty()) {
      clear_progress_line(console_);
      return console_.fault(clip.fault);
    }
    std::string line = clips_[clip.row] + ": ";
    if (abstains(clip)) line += options_.nothing + " (";
    for (std::size_t k = 0; k < std::min(options_.top, clip.classes.size()); ++k)
      line += (k ? ", " : "") + clip.classes[k].label + " " + percent(double{clip.classes[k].probability});
    say_result(console_, line + (abstains(clip) ? ")" : ""));
  }

  nlohmann::ordered_json json(const Clip& clip) const {
    auto probabilities = nlohmann::ordered_json::object();
    for (const auto& [name, probability] : clip.classes) probabilities[name] = probability;
    return {{"clip", clips_[clip.row]},
            {"label", label(clip)},
            {"abstained", abstains(clip)},
            {"probability", clip.classes.front().probability},
            {"probabilities", probabilities}};
  }

  int write() const {
    auto predicted = nlohmann::ordered_json::array(), failed = nlohmann::ordered_json::array();
    std::vector<std::string> header{"clip", "label", "probability"};
    const auto& classes = recognizer_.labels().vocabulary();
    header.insert(header.end(), classes.begin(), classes.end());
    std::string csv = csv_line(header), lines;
    for (const auto& clip : results_) {
      if (!clip->fault.empty()) {
        failed.push_back({{"clip", clips_[clip->row]}, {"reason", clip->fault}});
        continue;
      }
      std::vector<std::string> row{clips_[clip->row], label(*clip),
                                   report::short_number(double{clip->classes.front().probability}, 6)};
      for (const float probability : clip->by_class) row.push_back(report::short_number(double{probability}, 6));
      csv += csv_line(row);
      predicted.push_back(json(*clip));
      lines += predicted.back().dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
    }
    if (!options_.csv.empty()) write_file(options_.csv, csv);
    if (!options_.json_lines.empty()) write_file(options_.json_lines, lines);
    const bool faults = !failed.empty(), none = predicted.empty();
    console_.json({{"clips", std::move(predicted)},
                   {"failed", std::move(failed)},
                   {"seconds", progress_.seconds()},
                   {"clips_per_second", static_cast<double>(clips_.size()) / progress_.seconds()}});
    return none ? exit_code::error : faults ? exit_code::findings : exit_code::done;
  }

  const PredictOptions& options_;
  const std::vector<std::string>& clips_;
  AnyRecognizer& recognizer_;
  const Console& console_;
  FeatureExtractor extractor_;
  std::vector<fs::path> gifs_;
  std::vector<std::optional<Clip>> results_;
  std::size_t said_ = 0;
  std::mutex mutex_;
  Progress progress_;
};

}  // namespace

int predict_clips(const PredictOptions& options, const std::vector<std::string>& clips, AnyRecognizer& recognizer,
                  const Console& console) {
  return ClipPrediction(options, clips, recognizer, console).run();
}

}  // namespace rcar::tools
