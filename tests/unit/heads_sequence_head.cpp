#include <rcar/heads/sequence_head.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "tests/support/toy_features.hpp"

namespace {

using namespace rcar;
using Catch::Matchers::Contains;

template <class Head>
std::string listing(const Head& head) {
  std::string out;
  for (const auto& p : head.parameters()) out += p.name + " " + weights::to_string(p.shape) + "; ";
  return out;
}

}  // namespace

TEST_CASE("the original's head has Keras's parameters under Keras's names") {
  CHECK(listing(SequenceHead<2048, 20, GRU>(5)) ==
        "gru/kernel (2048, 48); gru/recurrent_kernel (16, 48); gru/bias (2, 48); gru_1/kernel (16, 24); "
        "gru_1/recurrent_kernel (8, 24); gru_1/bias (2, 24); dense/kernel (8, 8); dense/bias (8,); "
        "dense_1/kernel (8, 5); dense_1/bias (5,); ");
  CHECK(listing(SequenceHead<2560, 20, LSTM>(3)) ==
        "lstm/kernel (2560, 64); lstm/recurrent_kernel (16, 64); lstm/bias (64,); lstm_1/kernel (16, 32); "
        "lstm_1/recurrent_kernel (8, 32); lstm_1/bias (32,); dense/kernel (8, 8); dense/bias (8,); "
        "dense_1/kernel (8, 3); dense_1/bias (3,); ");
  CHECK(SequenceHead<2048, 20, GRU>(5).parameter_count() == 2048 * 48 + 16 * 48 + 96 + 16 * 24 + 8 * 24 + 48 + 72 + 45);
}

TEST_CASE("a head says its layers in words") {
  CHECK(SequenceHead<4, 2, LSTM>::description() ==
        "lstm(16, sequences) -> lstm(8) -> dropout(0.4) -> dense(8, relu) -> dense(softmax)");
}

TEST_CASE("a head's weights go through a store and back") {
  const SequenceHead<6, 4, LSTM> from(3, 1);
  SequenceHead<6, 4, LSTM> to(3, 2);
  CHECK(to.values() != from.values());
  weights::Store store;
  from.store(store);
  to.load(store);
  CHECK(to.values() == from.values());
}

TEST_CASE("weights that do not fit are refused by name and leave the head as it was") {
  weights::Store store;
  SequenceHead<6, 4, GRU>(3).store(store);
  SequenceHead<6, 4, GRU> other_classes(4, 9);
  const auto before = other_classes.values();
  CHECK_THROWS_WITH(other_classes.load(store),
                    Contains("'dense_1/kernel'") && Contains("(8, 3)") && Contains("(8, 4)"));
  CHECK(other_classes.values() == before);
  SequenceHead<6, 4, LSTM> other_cell(3);
  CHECK_THROWS_AS(other_cell.load(store), WeightsError);
  CHECK_THROWS_WITH(other_cell.load(store), Contains("'lstm/kernel'"));
  CHECK_THROWS_AS(other_cell.assign(std::vector<float>(3)), UsageError);
}

TEST_CASE("features of other shapes are refused with both shapes") {
  const SequenceHead<6, 4, GRU> head(3);
  const FeatureSet set = test::random_features(2, 4, 5, 3);
  CHECK_THROWS_AS(head.predict(set.features, set.mask), UsageError);
  CHECK_THROWS_WITH(head.predict(set.features, set.mask), Contains("(2, 4, 6)") && Contains("(2, 4, 5)"));
  const FeatureSet good = test::random_features(2, 4, 6, 3);
  CHECK_THROWS_WITH(head.predict(good.features, test::random_features(3, 4, 6, 3).mask), Contains("(3, 4)"));
}

TEST_CASE("a head for one class is refused") { CHECK_THROWS_AS((SequenceHead<6, 4, GRU>(1)), UsageError); }

TEST_CASE("no clips give no probabilities") {
  const auto p =
      SequenceHead<6, 4, GRU>(3).predict(Features(Features::shape_type{0, 4, 6}), Mask(Mask::shape_type{0, 4}));
  CHECK(p.shape(0) == 0);
  CHECK(p.shape(1) == 3);
}

TEST_CASE("probabilities of a clip add up to one") {
  const FeatureSet set = test::random_features(5, 4, 6, 3);
  const Probabilities p = SequenceHead<6, 4, GRU>(3, 4).predict(set.features, set.mask);
  for (std::size_t i = 0; i < 5; ++i) CHECK(p(i, 0) + p(i, 1) + p(i, 2) == Approx(1).epsilon(1e-6));
}
