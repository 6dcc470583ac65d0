/// Training learns, and does so the same way every time.

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <rcar/core/file.hpp>
#include <rcar/core/hash.hpp>
#include <rcar/heads/sequence_head.hpp>
#include <rcar/train/fit.hpp>
#include <span>
#include <string>
#include <vector>

#include "tests/support/toy_features.hpp"

namespace {

using namespace rcar;
namespace fs = std::filesystem;

/// Hash of weights, history and predictions after a short training.
template <class Cell>
std::string trained_hash(std::uint64_t seed) {
  const FeatureSet train = test::random_features(45, 6, 300, 3, 1),
                   validation = test::random_features(21, 6, 300, 3, 2);
  SequenceHead<300, 6, Cell> head(3, seed);
  const History history = fit(head, train, validation, {.epochs = 4, .batch_size = 20, .seed = seed});
  const Probabilities p = head.predict(validation.features, validation.mask);
  const std::vector<float> values = head.values();
  return Sha256()
      .add(std::as_bytes(std::span(values)))
      .add(std::as_bytes(std::span(history.loss)))
      .add(std::as_bytes(std::span(history.val_loss)))
      .add(std::as_bytes(std::span(p.data(), p.size())))
      .hex();
}

std::string both_hashes() { return trained_hash<GRU>(5) + trained_hash<LSTM>(5); }

}  // namespace

// Run by the test below in a process of its own, since a process keeps its number of threads.
TEST_CASE("child: write the hash of a training", "[.]") {
  const char* path = std::getenv("RCAR_TEST_HASH_FILE");
  REQUIRE(path != nullptr);
  write_file(path, both_hashes());
}

TEST_CASE("the same seed gives the same bits for any number of threads") {
  const std::string here = both_hashes();
  CHECK(both_hashes() == here);
  const fs::path file = fs::temp_directory_path() / ("rcar_hash_" + std::to_string(::getpid()));
  for (const char* threads : {"1", "2", "5"}) {
    INFO(threads << " threads");
    const std::string command = "RCAR_NUM_THREADS=" + std::string(threads) + " RCAR_TEST_HASH_FILE='" + file.string() +
                                "' '" + fs::read_symlink("/proc/self/exe").string() +
                                "' 'child: write the hash of a training' > /dev/null";
    REQUIRE(std::system(command.c_str()) == 0);
    CHECK(std::string(MappedFile(file).text()) == here);
    fs::remove(file);
  }
}

TEST_CASE("another seed gives another training") { CHECK(trained_hash<GRU>(5) != trained_hash<GRU>(6)); }

TEMPLATE_TEST_CASE("a head learns a tiny set by heart", "", GRU, LSTM) {
  const FeatureSet train = test::random_features(12, 5, 20, 3);
  using Head = SequenceHead<20, 5, TestType, backend::Default,
                            heads::Stack<heads::Recurrent<TestType, 16, heads::Returns::sequences>,
                                         heads::Recurrent<TestType, 8>, heads::Dense<8, Activation::relu>>>;
  Head head(3, 1);
  fit(head, train, {}, {.epochs = 300, .patience = 300, .learning_rate = 1e-2f});
  const Evaluation result = evaluate(head, train);
  CHECK(result.accuracy == 1.0);
  CHECK(result.loss < 0.01);
}

TEMPLATE_TEST_CASE("the original's head tells classes apart that differ only in order", "", GRU, LSTM) {
  const FeatureSet train = test::ordered_features(80, 8, 16, 1), validation = test::ordered_features(40, 8, 16, 2),
                   unseen = test::ordered_features(100, 8, 16, 3);
  SequenceHead<16, 8, TestType> head(2, 1);
  fit(head, train, validation, {.epochs = 80, .batch_size = 16, .learning_rate = 5e-3f});
  CHECK(evaluate(head, unseen).accuracy > 0.95);

  FeatureSet reversed = unseen;
  for (std::size_t i = 0; i < 100; ++i)
    for (std::size_t t = 0; t < 8; ++t) std::copy_n(&unseen.features(i, 7 - t, 0), 16, &reversed.features(i, t, 0));
  CHECK(evaluate(head, reversed).accuracy < 0.05);  // backwards, each is the other class
}
