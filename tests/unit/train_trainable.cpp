#include <rcar/train/trainable.hpp>

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "tests/support/toy_features.hpp"

using namespace rcar;
using Catch::Matchers::Contains;

TEST_CASE("a NaN or infinite feature is refused, naming clip and frame") {
  for (float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    FeatureSet set = test::random_features(9, 4, 5, 3);
    CHECK_NOTHROW(require_usable(set, 3, "training"));
    set.mask(6, 2) = false;  // also where the mask hides it: 0 * NaN is NaN
    set.features(6, 2, 4) = bad;
    CHECK_THROWS_AS(require_usable(set, 3, "training"), DataError);
    CHECK_THROWS_WITH(require_usable(set, 3, "training"), Contains("'clip6'") && Contains("frame 2"));
  }
}

TEST_CASE("an empty set, a foreign label and parts of unequal length are refused") {
  CHECK_THROWS_WITH(require_usable(FeatureSet{}, 3, "evaluation"), Contains("no clips for evaluation"));
  FeatureSet set = test::random_features(5, 4, 5, 3);
  set.labels[3] = 3;
  CHECK_THROWS_WITH(require_usable(set, 3, "training"), Contains("'clip3'") && Contains("is 3"));
  set.labels[3] = -1;
  CHECK_THROWS_AS(require_usable(set, 3, "training"), DataError);
  set = test::random_features(5, 4, 5, 3);
  set.labels.pop_back();
  CHECK_THROWS_WITH(require_usable(set, 3, "training"), Contains("5 clips of features") && Contains("4 labels"));
}

TEST_CASE("classes without a training clip are refused by name") {
  const FeatureSet set = test::random_features(4, 2, 2, 2);
  CHECK_NOTHROW(require_trainable(set, StringLookup(std::vector<std::string>{"a", "b"})));
  CHECK_THROWS_WITH(require_trainable(set, StringLookup(std::vector<std::string>{"a", "b", "Punch"})),
                    Contains("Class 'Punch' has no training clip"));
  CHECK_THROWS_WITH(require_trainable(set, StringLookup(std::vector<std::string>{"a", "b", "c", "d"})),
                    Contains("Classes 'c', 'd' have no training clip"));
}

TEST_CASE("one class only is refused") {
  const FeatureSet set = test::random_features(4, 2, 2, 1);
  CHECK_THROWS_WITH(require_trainable(set, StringLookup(std::vector<std::string>{"Punch"})),
                    Contains("only one class, 'Punch'"));
}
