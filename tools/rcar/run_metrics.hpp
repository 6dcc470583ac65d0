#pragma once
// metrics.json of a training (docs/file_formats.md).

#include <cstddef>
#include <nlohmann/json.hpp>
#include <rcar/data/extract.hpp>
#include <rcar/train/evaluate.hpp>
#include <rcar/train/training_card.hpp>

namespace rcar::tools {

/// Seconds of a run's stages.
struct StageSeconds {
  double loading = 0, extraction = 0, training = 0, evaluation = 0;
};

inline nlohmann::ordered_json run_metrics(const Evaluation& test, const TrainingCard& card,
                                          const ExtractResult& train_set, const ExtractResult& test_set,
                                          const StageSeconds& seconds) {
  const double computed_s = train_set.seconds + test_set.seconds;
  const auto computed_frames = static_cast<double>(train_set.frames + test_set.frames);
  return {{"test_accuracy", test.accuracy},
          {"test_loss", test.loss},
          {"train_clips", card.train_clips},
          {"validation_clips", card.validation_clips},
          {"test_clips", card.test_clips},
          {"quarantined_clips", train_set.quarantine.size() + test_set.quarantine.size()},
          {"epochs", card.epochs},
          {"best_epoch", card.best_epoch},
          {"seconds",
           {{"loading", seconds.loading},
            {"extraction", seconds.extraction},
            {"training", seconds.training},
            {"evaluation", seconds.evaluation}}},
          {"cached_clips", train_set.cached + test_set.cached},
          {"frames_per_second", computed_s > 0 ? computed_frames / computed_s : 0.0}};
}

}  // namespace rcar::tools
