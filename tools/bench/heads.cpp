// The speed of head training: an epoch of the Keras pipeline's head on random features.
//   heads --clips 156 --cell gru
//   heads --clips 9537 --classes 101

#include <CLI/CLI.hpp>
#include <cstdio>
#include <rcar/heads/original.hpp>
#include <rcar/heads/sequence_head.hpp>
#include <string>
#include <type_traits>

#include "../run_program.hpp"
#include "support/backends.hpp"
#include "support/features.hpp"
#include "support/training.hpp"

namespace {

using namespace rcar;

constexpr int steps = 20, feature_dim = 2048;  // InceptionV3's

struct Options {
  int clips = 156, classes = 5, epochs = 13, warmup = 2, batch_size = 64;
  std::string cell = "gru";
  bool csv = false;
  bench::BackendChoice backend;
};

template <class B, class Cell>
int measure(const Options& options) {
  const FeatureSet set = bench::random_features(options.clips, options.classes, steps, feature_dim);
  SequenceHead<feature_dim, steps, Cell, B> head(options.classes, 1);
  const double ms = 1e3 * bench::epoch_seconds(head, set, {options.epochs, options.warmup, options.batch_size});
  if (options.csv) {
    std::printf("clips,steps,features,classes,cell,batch_size,backend,engine,threads,ms_per_epoch\n");
    std::printf("%d,%d,%d,%d,%s,%d,%s,%s,%zu,%.4f\n", options.clips, steps, feature_dim, options.classes,
                options.cell.c_str(), options.batch_size, std::string(B::name).c_str(), B::engine().c_str(),
                thread_count(), ms);
  } else {
    std::printf("%d clips of %d x %d features, %s 16-8, batches of %d, %s (%s), %zu threads: %.2f ms an epoch\n",
                options.clips, steps, feature_dim, options.cell.c_str(), options.batch_size,
                std::string(B::name).c_str(), B::engine().c_str(), thread_count(), ms);
  }
  return 0;
}

int run(const Options& options) {
  if (options.cell != "gru" && options.cell != "lstm")
    throw UsageError("There is no cell " + quoted(options.cell) + "; choose gru or lstm.");
  if (options.clips < options.classes)
    throw UsageError("There are fewer clips than classes; give --clips at least " + std::to_string(options.classes) +
                     ".");
  return bench::with_backend(options.backend, [&](auto back_end) {
    using B = typename decltype(back_end)::type;
    return options.cell == "gru" ? measure<B, GRU>(options) : measure<B, LSTM>(options);
  });
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Measures head training: milliseconds an epoch, the median of several, on random features."};
  app.add_option("--clips", options.clips, "Clips of 20 x 2048 features")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  app.add_option("--classes", options.classes, "Classes")->capture_default_str()->check(CLI::Range(2, 10000));
  app.add_option("--cell", options.cell, "gru or lstm")->capture_default_str();
  app.add_option("--batch-size", options.batch_size, "Clips a step of the optimiser")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  app.add_option("--epochs", options.epochs, "Epochs that the median is of")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000));
  app.add_option("--warmup", options.warmup, "Epochs before them")->capture_default_str()->check(CLI::Range(0, 1000));
  app.add_flag("--csv", options.csv, "Print CSV");
  bench::add_backend_options(app, options.backend);
  app.footer(
      "Examples:\n"
      "  heads --clips 156 --cell gru\n"
      "  heads --clips 9537 --classes 101 --epochs 5\n"
      "9,537 clips are UCF101's training list; they take 1.6 GB.\n"
      "Exit code: 0 measured, 1 error, 2 wrong usage.");
  return tools::run_program(app, argc, argv, [&] { return run(options); });
}
