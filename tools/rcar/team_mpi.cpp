// Teams by MPI; a process that was started alone does not start it.
#include <optional>
#include <rcar/cluster/extract.hpp>
#include <rcar/cluster/gradient_sum.hpp>
#include <rcar/cluster/session.hpp>

#include "team.hpp"
#include "team_of_one.hpp"

namespace rcar::tools {

namespace {

class MpiTeam final : public Team {
 public:
  explicit MpiTeam(cluster::Session& session) : session_(session) {}

  bool first() const override { return session_.first(); }
  const std::vector<std::size_t>& clips_of_rank() const override { return clips_of_rank_; }
  ExtractSummary extract_features(const Dataset& data, const FeatureExtractor& extractor, const FeatureSink& sink,
                                  const ExtractOptions& options) override {
    cluster::SharedSummary summary = cluster::extract_features(session_, data, extractor, sink, options);
    clips_of_rank_ = std::move(summary.clips_of_rank);
    return summary;
  }
  ExtractResult process_videos_and_extract_features(const Dataset& data, const StringLookup& labels,
                                                    const FeatureExtractor& extractor,
                                                    const ExtractOptions& options) override {
    return cluster::process_videos_and_extract_features(session_, data, labels, extractor, options);
  }
  GroupExchange* exchange(const std::string& reduction) override {
    const cluster::Reduction kind = cluster::parse_reduction(reduction);
    return session_.alone() ? nullptr : &exchange_.emplace(session_, kind);
  }
  void require_same(const std::string& text, const std::string& what) override { session_.require_same(text, what); }

 private:
  cluster::Session& session_;
  std::vector<std::size_t> clips_of_rank_;
  std::optional<cluster::GradientSum> exchange_;
};

}  // namespace

int run_in_team(const Console& console, const std::function<int(Team&)>& work) {
  if (cluster::launched_rank() < 0) {
    TeamOfOne alone;
    return work(alone);
  }
  cluster::Session session({print_error, [&](const std::string& text) { console.warn(text); }});
  try {
    MpiTeam team(session);
    const int code = work(team);
    session.leave();
    return code;
  } catch (...) {
    const Failure failure = current_failure();
    session.fail(failure.text, failure.code);
  }
}

}  // namespace rcar::tools
