#pragma once
// A process that was started alone.

#include "team.hpp"

namespace rcar::tools {

class TeamOfOne final : public Team {
 public:
  bool first() const override { return true; }
  const std::vector<std::size_t>& clips_of_rank() const override { return clips_of_rank_; }
  ExtractSummary extract_features(const Dataset& data, const FeatureExtractor& extractor, const FeatureSink& sink,
                                  const ExtractOptions& options) override {
    clips_of_rank_ = {data.size()};
    return rcar::extract_features(data, extractor, sink, options);
  }
  ExtractResult process_videos_and_extract_features(const Dataset& data, const StringLookup& labels,
                                                    const FeatureExtractor& extractor,
                                                    const ExtractOptions& options) override {
    clips_of_rank_ = {data.size()};
    return rcar::process_videos_and_extract_features(data, labels, extractor, options);
  }
  GroupExchange* exchange(const std::string&) override { return nullptr; }
  void require_same(const std::string&, const std::string&) override {}

 private:
  std::vector<std::size_t> clips_of_rank_;
};

}  // namespace rcar::tools
