/// The head's numbers are Keras's: golden files made by heads.py.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>
#include <rcar/heads/sequence_head.hpp>
#include <rcar/train/device_trainer.hpp>
#include <rcar/train/trainer.hpp>
#include <rcar/weights/safetensors.hpp>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "tests/support/backends.hpp"
#include "tests/support/golden_data.hpp"

namespace {

using namespace rcar;

template <class Cell, class Backend>
using SmallHead = SequenceHead<12, 7, Cell, Backend>;

/// One batch of a golden file, its labels, and the dropout decisions (20, 4, 8) of the Adam steps.
struct Golden {
  weights::Store store;
  FeatureSet set;
  std::vector<float> keep;

  Golden(const std::string& cell, const std::string& masks)
      : store(weights::read_safetensors(test::golden_file("heads_" + cell + ".safetensors"))) {
    const auto features = values("features"), mask = values(masks + "/mask");
    set.features = Features(Features::shape_type{4, 7, 12});
    set.mask = Mask(Mask::shape_type{4, 7});
    std::copy(features.begin(), features.end(), set.features.data());
    std::transform(mask.begin(), mask.end(), set.mask.data(), [](float m) { return m != 0; });
    for (float label : values("labels")) set.labels.push_back(static_cast<int>(label));
    keep.assign(values("keep").begin(), values("keep").end());
  }

  std::span<const float> values(const std::string& name) const {
    INFO(name);
    REQUIRE(store.find(name) != nullptr);
    return store.find(name)->values;
  }

  template <class Head>
  Head initial_head() const {
    weights::Store initial;
    const std::string prefix = "initial/";
    for (const auto& tensor : store.tensors())
      if (tensor.name.starts_with(prefix))
        initial.add(tensor.name.substr(prefix.size()), tensor.shape, {tensor.values.begin(), tensor.values.end()});
    Head head(3);
    head.load(initial);
    return head;
  }
};

/// Largest absolute difference over the largest absolute value; tensors of zeros must be zeros.
double relative_difference(std::span<const float> ours, std::span<const float> theirs) {
  REQUIRE(ours.size() == theirs.size());
  double difference = 0, largest = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    REQUIRE(std::isfinite(ours[i]));
    difference = std::max(difference, std::abs(double(ours[i]) - theirs[i]));
    largest = std::max(largest, std::abs(double(theirs[i])));
  }
  return difference == 0 ? 0 : difference / largest;
}

constexpr std::size_t rows[] = {0, 1, 2, 3};
const char* const mask_kinds[] = {"full", "partial", "scattered", "empty"};

}  // namespace

TEMPLATE_TEST_CASE("a head's probabilities are Keras's for full, partial, scattered and empty masks", "",
                   RCAR_CELLS_AND_BACKENDS_UNDER_TEST) {
  using Cell = std::tuple_element_t<0, TestType>;
  using Head = SmallHead<Cell, std::tuple_element_t<1, TestType>>;
  for (const char* masks : mask_kinds) {
    INFO(masks);
    const Golden golden{std::string(Cell::name), masks};
    const Probabilities ours = golden.initial_head<Head>().predict(golden.set.features, golden.set.mask);
    const auto theirs = golden.values(std::string(masks) + "/probabilities");
    CHECK(relative_difference(std::span(ours.data(), ours.size()), theirs) < 1e-5);
  }
}

TEMPLATE_TEST_CASE("a head's loss and gradients are Keras's for full, partial, scattered and empty masks", "",
                   RCAR_CELLS_AND_BACKENDS_UNDER_TEST) {
  using Cell = std::tuple_element_t<0, TestType>;
  using Head = SmallHead<Cell, std::tuple_element_t<1, TestType>>;
  for (const std::string masks : mask_kinds) {
    INFO(masks);
    const Golden golden{std::string(Cell::name), masks};
    Head head = golden.initial_head<Head>();
    Trainer<Head> trainer(head, 4);
    const BatchResult result = trainer.differentiate(golden.set, rows, std::span(golden.keep).first(4 * 8));
    CHECK(result.loss / 4 == Approx(golden.values(masks + "/loss")[0]).epsilon(1e-5));
    const std::vector<float> gradient = trainer.gradient();
    for (const auto& p : head.parameters()) {
      INFO(p.name);
      const auto theirs = golden.values(masks + "/gradient/" + p.name);
      CHECK(relative_difference(std::span(gradient).subspan(p.offset, p.size), theirs) < 1e-4);
    }
  }
}

TEMPLATE_TEST_CASE("a head's weights after 20 Adam steps are Keras's for full, partial, scattered and empty masks", "",
                   RCAR_CELLS_AND_BACKENDS_UNDER_TEST) {
  using Cell = std::tuple_element_t<0, TestType>;
  using Head = SmallHead<Cell, std::tuple_element_t<1, TestType>>;
  for (const std::string masks : mask_kinds) {
    INFO(masks);
    const Golden golden{std::string(Cell::name), masks};
    Head head = golden.initial_head<Head>();
    const std::vector<float> before = head.values();
    Trainer<Head> trainer(head, 4);
    for (std::size_t step = 0; step < 20; ++step)
      trainer.step(golden.set, rows, std::span(golden.keep).subspan(step * 4 * 8, 4 * 8));
    const std::vector<float> after = head.values();
    CHECK(after != before);
    for (const auto& p : head.parameters()) {
      INFO(p.name);
      const auto theirs = golden.values(masks + "/trained/" + p.name);
      CHECK(relative_difference(std::span(after).subspan(p.offset, p.size), theirs) < 1e-4);
    }
  }
}
