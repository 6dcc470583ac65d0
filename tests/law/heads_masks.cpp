/// What masks, batches and splits may and may not change.

#include <algorithm>
#include <catch2/catch.hpp>
#include <rcar/heads/sequence_head.hpp>
#include <tuple>
#include <vector>

#include "tests/support/backends.hpp"
#include "tests/support/toy_features.hpp"

namespace {

using namespace rcar;

/// A recurrence of 3 clips with random weights, and what it gives.
template <class Cell, class Backend>
struct Run {
  static constexpr int N = 3, T = 8, U = 5, G = Cell::gates, S = Cell::saved_per_unit;
  std::vector<float> projected, initial, kernel, bias;
  std::vector<bool> mask;

  Run() : projected(N * T * G * U), initial(N * Cell::states * U), kernel(U * G * U), bias(G * U), mask(N * T, true) {
    Random random(7);
    for (auto* values : {&projected, &initial, &kernel, &bias})
      for (float& x : *values) x = static_cast<float>(random.normal());
    for (int i : {0, 3, 4, 7, 10, 15, 16, 17, 18, 19, 20, 21, 22, 23}) mask[i] = false;
  }

  struct Result {
    std::vector<float> states, saved, last;
  };

  /// Steps `first` to `end` - 1 of all clips from the state `from`.
  Result steps(int first, int end, const std::vector<float>& from) const {
    const int count = end - first;
    std::vector<float> x;
    std::vector<char> m;  // vector<bool> has no data()
    for (int n = 0; n < N; ++n)
      for (int t = first; t < end; ++t) {
        x.insert(x.end(), projected.begin() + (n * T + t) * G * U, projected.begin() + (n * T + t + 1) * G * U);
        m.push_back(mask[n * T + t]);
      }
    Result out{std::vector<float>(N * count * U), std::vector<float>(N * count * S * U), std::vector<float>(N * U)};
    const backend::Recurrence in{N,
                                 count,
                                 U,
                                 reinterpret_cast<const bool*>(m.data()),
                                 x.data(),
                                 from.data(),
                                 kernel.data(),
                                 Cell::bias_rows == 2 ? bias.data() : nullptr};
    Cell::template forward<typename test::OnHost<Backend>::type>(
        in, {out.states.data(), out.last.data(), out.saved.data()});
    return out;
  }
};

}  // namespace

TEMPLATE_TEST_CASE("a masked step leaves the state as it was", "", RCAR_CELLS_AND_BACKENDS_UNDER_TEST) {
  using Cell = std::tuple_element_t<0, TestType>;
  const Run<Cell, std::tuple_element_t<1, TestType>> run;
  const auto all = run.steps(0, run.T, run.initial);
  for (int n = 0; n < run.N; ++n) {
    for (int t = 0; t < run.T; ++t) {
      INFO("clip " << n << " step " << t);
      const float* before = t ? &all.states[(n * run.T + t - 1) * run.U] : &run.initial[n * Cell::states * run.U];
      const float* after = &all.states[(n * run.T + t) * run.U];
      CHECK(std::equal(after, after + run.U, before) == !run.mask[n * run.T + t]);
      if constexpr (Cell::states == 2) {
        const float* carry_before =
            t ? &all.saved[((n * run.T + t - 1) * run.S + 4) * run.U] : &run.initial[(n * 2 + 1) * run.U];
        const float* carry = &all.saved[((n * run.T + t) * run.S + 4) * run.U];
        CHECK(std::equal(carry, carry + run.U, carry_before) == !run.mask[n * run.T + t]);
      }
    }
  }
}

TEMPLATE_TEST_CASE("a sequence split in two equals the whole", "", RCAR_CELLS_AND_BACKENDS_UNDER_TEST) {
  using Cell = std::tuple_element_t<0, TestType>;
  const Run<Cell, std::tuple_element_t<1, TestType>> run;
  const auto whole = run.steps(0, run.T, run.initial);
  for (int cut = 1; cut < run.T; ++cut) {
    INFO("cut before step " << cut);
    const auto first = run.steps(0, cut, run.initial);
    std::vector<float> between;
    for (int n = 0; n < run.N; ++n) {
      between.insert(between.end(), first.last.begin() + n * run.U, first.last.begin() + (n + 1) * run.U);
      const auto carry = first.saved.begin() + (((n + 1) * cut - 1) * run.S + 4) * run.U;
      if constexpr (Cell::states == 2) between.insert(between.end(), carry, carry + run.U);
    }
    CHECK(run.steps(cut, run.T, between).last == whole.last);
  }
}

TEMPLATE_TEST_CASE("a batch equals its clips taken one at a time", "", RCAR_CELLS_AND_BACKENDS_UNDER_TEST) {
  using Head = SequenceHead<9, 6, std::tuple_element_t<0, TestType>, std::tuple_element_t<1, TestType>>;
  using Backend = std::tuple_element_t<1, TestType>;
  const FeatureSet set = test::random_features(13, 6, 9, 4);
  const Head head(4, 3);
  const Probabilities batch = head.predict(set.features, set.mask);
  for (std::size_t i = 0; i < set.size(); ++i) {
    const FeatureSet one = set.select(std::vector<std::size_t>{i});
    const Probabilities single = head.predict(one.features, one.mask);
    if (backend::computes_on_host<Backend> || test::same_bits_in_any_batch)
      CHECK(std::equal(single.begin(), single.end(), batch.data() + i * 4));  // bit for bit
    for (std::size_t k = 0; k < 4; ++k) CHECK(single.data()[k] == Approx(batch.data()[i * 4 + k]).epsilon(1e-5));
  }

  typename Head::Workspace work(head, 13);  // all clips in one pass: other products, so not the same bits
  const backend::Resident<Backend, float> features(set.features.data(), set.features.size());
  const backend::Resident<Backend, bool> mask(set.mask.data(), set.mask.size());
  head.forward(Head::clips_of(features.data(), mask.data(), 0, 13), work);
  Backend::softmax(13, 4, work.logits, work.probabilities);
  std::vector<float> together(batch.size());
  Backend::download(work.probabilities, together.size(), together.data());
  for (std::size_t i = 0; i < batch.size(); ++i) CHECK(together[i] == Approx(batch.data()[i]).epsilon(1e-5));
}

TEMPLATE_TEST_CASE("masked frames, wherever they stand and whatever they hold, change nothing", "",
                   RCAR_CELLS_AND_BACKENDS_UNDER_TEST) {
  using Cell = std::tuple_element_t<0, TestType>;
  using Backend = std::tuple_element_t<1, TestType>;
  FeatureSet set = test::random_features(10, 12, 9, 4);
  set.mask.fill(false);
  FeatureSet dense{Features(Features::shape_type{10, 5, 9}), Mask(Mask::shape_type{10, 5}, true), {}, {}};
  Random random(5);
  for (std::size_t i = 0; i < 10; ++i) {
    std::vector<std::size_t> steps{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    random.shuffle(std::span(steps));
    steps.resize(5);
    std::sort(steps.begin(), steps.end());
    for (std::size_t t = 0; t < 5; ++t) {
      set.mask(i, steps[t]) = true;
      std::copy_n(&set.features(i, steps[t], 0), 9, &dense.features(i, t, 0));
    }
  }
  const SequenceHead<9, 5, Cell, Backend> short_head(4, 3);
  const SequenceHead<9, 12, Cell, Backend> long_head(4, 3);
  const Probabilities without = short_head.predict(dense.features, dense.mask);
  const Probabilities with = long_head.predict(set.features, set.mask);
  for (std::size_t i = 0; i < with.size(); ++i) CHECK(with.data()[i] == Approx(without.data()[i]).epsilon(1e-5));
}

TEMPLATE_TEST_CASE("a clip that is masked throughout gives what no clip gives", "",
                   RCAR_CELLS_AND_BACKENDS_UNDER_TEST) {
  using Head = SequenceHead<9, 6, std::tuple_element_t<0, TestType>, std::tuple_element_t<1, TestType>>;
  FeatureSet set = test::random_features(4, 6, 9, 4);
  set.mask.fill(false);
  const Probabilities p = Head(4, 3).predict(set.features, set.mask);
  for (float x : p) CHECK(x == 0.25f);  // zero states and zero biases: all classes alike
}
