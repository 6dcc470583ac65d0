#pragma once
// The processes that mpirun started together, as sub-commands see them. A process that was started alone is a team of
// one; so is every process where rcar was built without MPI (team_alone.cpp, team_mpi.cpp).

#include <cstddef>
#include <functional>
#include <rcar/data/extract.hpp>
#include <rcar/train/group_exchange.hpp>
#include <string>
#include <vector>

#include "console.hpp"

namespace rcar::tools {

class Team {
 public:
  virtual ~Team() = default;

  /// Whether this process speaks and writes for all.
  virtual bool first() const = 0;
  /// The clips that each process took in the last extraction.
  virtual const std::vector<std::size_t>& clips_of_rank() const = 0;

  /// rcar::extract_features, the list divided; the sink is the first process's.
  virtual ExtractSummary extract_features(const Dataset& data, const FeatureExtractor& extractor,
                                          const FeatureSink& sink, const ExtractOptions& options) = 0;
  /// rcar::process_videos_and_extract_features, the list divided; every process has all features in the end.
  virtual ExtractResult process_videos_and_extract_features(const Dataset& data, const StringLookup& labels,
                                                            const FeatureExtractor& extractor,
                                                            const ExtractOptions& options) = 0;
  /// For ExperimentOptions; nullptr in a team of one. `reduction`: ordered or fast.
  virtual GroupExchange* exchange(const std::string& reduction) = 0;
  /// Throws DataError where the processes have not come to the same.
  virtual void require_same(const std::string& text, const std::string& what) = 0;
};

/// Runs `work` in every process of the team; returns its exit code. What one throws ends all, and is said once.
int run_in_team(const Console& console, const std::function<int(Team&)>& work);

}  // namespace rcar::tools
