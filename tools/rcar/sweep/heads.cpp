#include "heads.hpp"

#include "typed_heads.hpp"

namespace rcar::tools::sweep {

const std::vector<std::string>& head_names() {
  static const std::vector<std::string> names{"gru", "lstm", "gru64", "lstm64"};
  return names;
}

HeadResult train_head(const std::string& name, int frames, const FeatureSet& train, const FeatureSet& test,
                      const StringLookup& labels, const ExperimentOptions& options) {
  if (frames < 1 || frames > most_frames)
    throw UsageError("A head of a sweep takes 1 to " + std::to_string(most_frames) + " frames, not " +
                     std::to_string(frames) + "; choose other --lengths.");
  const Layers layers = name.ends_with("64") ? Layers::wide : Layers::original;
  if (name == "gru" || name == "gru64") return train_with<GRU>(layers, frames, train, test, labels, options);
  if (name == "lstm" || name == "lstm64") return train_with<LSTM>(layers, frames, train, test, labels, options);
  throw UsageError("There is no head " + quoted(std::string(name)) + "; choose gru, lstm, gru64 or lstm64.");
}

}  // namespace rcar::tools::sweep
