#pragma once
/// What training reports, epoch by epoch.

#include <string>
#include <vector>

namespace rcar {

/// One entry an epoch. Losses are the mean sparse categorical cross-entropy a clip, accuracies fractions; those of
/// training are taken as it goes, with dropout, as Keras's are.
struct History {
  std::vector<double> loss, accuracy;
  std::vector<double> val_loss, val_accuracy;  // empty without validation clips
  std::string monitor = "val_loss";            // what decided the best epoch; "loss" without validation clips
  int best_epoch = 0;                          // counted from 1; its weights were restored
  bool stopped_early = false;
  int resumed_after = 0;  // epochs that an earlier run had done, whose training state was gone on from; 0: none
};

}  // namespace rcar
