// The program of docs/cluster.md: cluster_docs CLIPS WEIGHTS, in the folder that is to get model.rcar.

#include <cstdio>
#include <exception>
#include <rcar/cluster/extract.hpp>
#include <rcar/cluster/gradient_sum.hpp>
#include <rcar/cluster/session.hpp>
#include <rcar/recognizer.hpp>

namespace {

using namespace rcar;

void run(const std::filesystem::path& folder, const std::filesystem::path& weights) {
  const Dataset data = read_class_folders(folder);
  const StringLookup labels = StringLookup::from_tags(data.tags());
  auto model = Recognizer<EfficientNetLite0<32>, LSTM, 6>::load_backbone(weights);
  ExtractOptions extract;
  extract.warn = {};
  // docs/cluster.md
  cluster::Session session;  // every rank makes one; a process without mpirun is a rank alone
  const FeatureExtractor extractor = model.extractor();
  const ExtractResult set = cluster::process_videos_and_extract_features(session, data, labels, extractor, extract);
  cluster::GradientSum sum(session);
  ExperimentOptions options;
  options.exchange = session.alone() ? nullptr : &sum;
  if (session.first()) options.checkpoint = "best_weights.safetensors";
  model.fit(set.features, labels, options);
  if (session.first()) model.save("model.rcar");
  session.leave();
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) return 2;
  run(argv[1], argv[2]);
} catch (const std::exception& error) {
  std::fprintf(stderr, "error: %s\n", error.what());
  return 1;
}
