#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <rcar/data/extract.hpp>
#include <rcar/data/split.hpp>
#include <rcar/data/ucf101.hpp>
#include <string>
#include <vector>

#include "tests/support/clips.hpp"
#include "tests/support/shared_data.hpp"

TEST_CASE("the real clips are 195 training and 105 test clips by the first split", "[shared]") {
  const auto shared = rcar::test::shared_data();
  if (!shared) return;
  const auto data = rcar::read_ucf_tree(*shared / "data/UCF-101", *shared / "data/ucfTrainTestlist", 1);
  CHECK(data.train.size() == 195);
  CHECK(data.test.size() == 105);
  CHECK(rcar::group_overlap(data.train, data.test).empty());
  REQUIRE(data.warnings.size() == 1);
  CHECK_THAT(data.warnings[0], Catch::Contains("369 of the 669 clips"));
  CHECK(rcar::read_class_folders(*shared / "data/UCF-101").size() == 300);
}

TEST_CASE("the real clips divide by group, each class to within one clip of the fraction", "[shared]") {
  const auto shared = rcar::test::shared_data();
  if (!shared) return;
  const auto parts = rcar::split_train_test(rcar::read_class_folders(*shared / "data/UCF-101"), 0.3, 1);
  CHECK(parts.warnings.empty());
  CHECK(rcar::group_overlap(parts.train, parts.test).empty());
  for (const char* tag : {"Basketball", "Diving", "JumpingJack", "Punch", "PushUps"}) {
    const auto tags = parts.test.tags();
    CHECK(std::abs(std::count(tags.begin(), tags.end(), tag) - 18) <= 1);
  }
}

TEST_CASE("every real clip decodes, is cached and comes back bit by bit", "[shared]") {
  const auto shared = rcar::test::shared_data();
  if (!shared) return;
  const rcar::test::TempFolder folder;
  auto data = rcar::read_ucf_tree(*shared / "data/UCF-101", *shared / "data/ucfTrainTestlist", 1).test;
  rcar::FeatureExtractor extractor;
  extractor.image_dim = 32;
  extractor.sequence_length = 20;
  extractor.feature_dim = 2;
  extractor.run = [](const std::uint8_t* frames, std::size_t n, float* features) {
    for (std::size_t i = 0; i < n; ++i) {
      features[2 * i] = frames[i * 32 * 32 * 3];
      features[2 * i + 1] = frames[i * 32 * 32 * 3 + 1600];
    }
  };
  const auto labels = rcar::StringLookup::from_tags(data.tags());
  rcar::ExtractOptions options;
  options.cache = folder / "cache";
  options.progress = rcar::ProgressDisplay::off;
  const auto first = rcar::process_videos_and_extract_features(data, labels, extractor, options);
  CHECK(first.quarantine.empty());
  CHECK(first.frames == 105 * 20);
  const auto second = rcar::process_videos_and_extract_features(data, labels, extractor, options);
  CHECK(second.cached == 105);
  CHECK(second.features.features == first.features.features);
  CHECK(second.features.labels == first.features.labels);
}
