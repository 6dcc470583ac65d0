/// Extraction hands features on as they come, and several extractions can divide one list.

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstring>
#include <mutex>
#include <rcar/data/extract.hpp>
#include <rcar/data/feature_store.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/clips.hpp"

using Catch::Matchers::Contains;

namespace {

constexpr int dim = 16, steps = 4, width = 3;

void mean_colours(const std::uint8_t* frames, std::size_t n, float* features) {
  for (std::size_t f = 0; f < n; ++f, frames += dim * dim * 3, features += width)
    for (int c = 0; c < width; ++c) {
      double sum = 0;
      for (int i = 0; i < dim * dim; ++i) sum += frames[i * 3 + c];
      features[c] = static_cast<float>(sum / (dim * dim));
    }
}

struct Fixture {
  rcar::test::TempFolder folder;
  rcar::Dataset data;
  rcar::StringLookup labels{std::vector<std::string>{"still", "moving"}};
  rcar::FeatureExtractor extractor;
  rcar::ExtractOptions options;

  explicit Fixture(int clips) {
    data.directory = folder / "clips";
    for (int i = 0; i < clips; ++i) {
      const std::string name = "clip" + std::to_string(i) + ".avi";
      rcar::test::write_clip(data.directory / name, 1 + i % 6, i + 1);
      data.entries.push_back({name, i % 2 ? "moving" : "still"});
    }
    extractor.image_dim = dim;
    extractor.sequence_length = steps;
    extractor.feature_dim = width;
    extractor.identity = "mean colours";
    extractor.instruction_set = "baseline";
    extractor.run = mean_colours;
    options.batch = 5;
    options.progress = rcar::ProgressDisplay::off;
    options.warn = {};
  }
};

}  // namespace

TEST_CASE("clips are delivered while later ones are not yet read, each once") {
  for (const rcar::Calls calls : {rcar::Calls::in_turn, rcar::Calls::side_by_side}) {
    constexpr std::size_t clips = 60;
    Fixture fixture(clips);
    fixture.extractor.calls = calls;
    std::atomic<std::size_t> delivered{0}, frames{0}, most_on_their_way{0};
    fixture.extractor.run = [&](const std::uint8_t* pixels, std::size_t n, float* features) {
      mean_colours(pixels, n, features);
      frames += n;
    };
    std::set<std::size_t> rows;
    std::size_t delivered_frames = 0;
    const auto summary = rcar::extract_features(
        fixture.data, fixture.extractor,
        [&](std::size_t row, const std::vector<float>& features) {
          CHECK(rows.insert(row).second);
          delivered_frames += features.size() / width;
          CHECK(features.size() / width == std::min<std::size_t>(1 + row % 6, steps));
          most_on_their_way = std::max<std::size_t>(most_on_their_way, frames - delivered_frames);
        },
        fixture.options);
    CHECK(rows.size() == clips);
    CHECK(summary.clips == clips);
    CHECK(summary.frames == frames);
    // What is computed and not yet delivered: a batch, and a clip a thread; not the list.
    CHECK(most_on_their_way <= fixture.options.batch + steps * (rcar::thread_count() + 1));
  }
}

TEST_CASE("what a sink throws ends the extraction") {
  for (const rcar::Calls calls : {rcar::Calls::in_turn, rcar::Calls::side_by_side}) {
    Fixture fixture(40);
    fixture.extractor.calls = calls;
    std::size_t delivered = 0;
    const auto full = [&](std::size_t, const std::vector<float>&) {
      if (++delivered == 3) throw rcar::FileError("full");
    };
    CHECK_THROWS_WITH(rcar::extract_features(fixture.data, fixture.extractor, full, fixture.options), "full");
    CHECK(delivered < 40);
  }
}

TEST_CASE("extractions that take their clips from one place divide the list") {
  Fixture fixture(50);
  rcar::test::write_text(fixture.data.path(7), "this is no video");
  rcar::test::write_text(fixture.data.path(30), "");
  const auto expected =
      rcar::process_videos_and_extract_features(fixture.data, fixture.labels, fixture.extractor, fixture.options);
  std::atomic<std::size_t> next{0};
  fixture.options.cache = fixture.folder / "cache";
  fixture.options.next_clip = [&]() -> std::optional<std::size_t> {
    const std::size_t row = next++;
    return row < fixture.data.size() ? std::optional(row) : std::nullopt;
  };
  rcar::FeatureCollector collector(fixture.data, fixture.labels, fixture.extractor);
  std::mutex mutex;
  const auto sink = [&](std::size_t row, std::vector<float> features) {
    std::lock_guard lock(mutex);
    collector.sink()(row, std::move(features));
  };
  std::vector<rcar::ExtractSummary> parts(3);
  std::vector<std::thread> runs;
  runs.reserve(parts.size());
  for (auto& part : parts)
    runs.emplace_back([&] { part = rcar::extract_features(fixture.data, fixture.extractor, sink, fixture.options); });
  for (auto& run : runs) run.join();
  rcar::ExtractSummary sum;
  for (auto& part : parts) {
    sum.clips += part.clips;
    sum.frames += part.frames;
    sum.quarantine.insert(sum.quarantine.end(), part.quarantine.begin(), part.quarantine.end());
  }
  CHECK(sum.clips == 48);
  CHECK(sum.frames == expected.frames);
  REQUIRE(sum.quarantine.size() == 2);
  CHECK(sum.quarantine[0].row + sum.quarantine[1].row == 37);
  const auto result = collector.result(std::move(sum));
  CHECK(result.features.features == expected.features.features);
  CHECK(result.features.mask == expected.features.mask);
  CHECK(result.features.clips == expected.features.clips);
  CHECK(result.features.labels == expected.features.labels);
}

TEST_CASE("a store holds what a collector holds") {
  Fixture fixture(23);
  rcar::test::write_text(fixture.data.path(4), "this is no video");
  const auto expected =
      rcar::process_videos_and_extract_features(fixture.data, fixture.labels, fixture.extractor, fixture.options);
  rcar::FeatureStore store(fixture.folder / "out", fixture.data, fixture.extractor);
  rcar::extract_features(fixture.data, fixture.extractor, store.sink(), fixture.options);
  store.commit();
  const rcar::MappedFile file(fixture.folder / "out/features.npy");
  REQUIRE(file.bytes().size() == 128 + expected.features.features.size() * sizeof(float));
  CHECK(std::memcmp(file.bytes().data() + 128, expected.features.features.data(), file.bytes().size() - 128) == 0);
}
