/// Extraction by something that computes while the host goes on: batches are begun and finished.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <rcar/core/error.hpp>
#include <rcar/data/extract.hpp>
#include <string>
#include <vector>

#include "tests/support/clips.hpp"

namespace {

using namespace rcar;

constexpr int dim = 16, steps = 6;

/// A device in miniature: a frame's features are its side and its mean. It takes at most `most` frames at a time.
struct Device {
  std::size_t most = 1000, begun = 0, fails_at = 1000;
  std::vector<float> under_way[2];
  std::vector<int> sides;

  std::size_t begin(std::size_t slot, std::span<const Square> squares) {
    CHECK(under_way[slot].empty());  // a slot is finished before it is begun again
    if (++begun == fails_at) throw DeviceError("The GPU could not start a kernel: it is on fire.");
    const std::size_t count = std::min(most, squares.size());
    for (const Square& square : squares.first(count)) {
      const std::size_t bytes = static_cast<std::size_t>(square.side) * static_cast<std::size_t>(square.side) * 3;
      double sum = 0;
      for (std::size_t i = 0; i < bytes; ++i) sum += square.rgb[i];
      under_way[slot].push_back(static_cast<float>(square.side));
      under_way[slot].push_back(static_cast<float>(sum / static_cast<double>(bytes)));
      sides.push_back(square.side);
    }
    return count;
  }
  void finish(std::size_t slot, float* features) {
    std::copy(under_way[slot].begin(), under_way[slot].end(), features);
    under_way[slot].clear();
  }

  FeatureExtractor extractor(int own_up_to) {
    FeatureExtractor extractor;
    extractor.image_dim = dim;
    extractor.sequence_length = steps;
    extractor.feature_dim = 2;
    extractor.identity = "sides";
    extractor.instruction_set = "a device";
    extractor.run = [](const std::uint8_t*, std::size_t, float*) { FAIL("the device is to be begun and finished"); };
    extractor.begin = [this](std::size_t slot, std::span<const Square> squares) { return begin(slot, squares); };
    extractor.finish = [this](std::size_t slot, float* features) { finish(slot, features); };
    extractor.own_up_to = own_up_to;
    return extractor;
  }
};

struct Fixture {
  test::TempFolder folder;
  Dataset data;
  StringLookup labels{std::vector<std::string>{"still", "moving"}};

  Fixture() {
    data.directory = folder / "clips";
    for (int i = 0; i < 13; ++i) {
      const std::string name = "clip" + std::to_string(i) + ".avi";
      test::write_clip(data.directory / name, 1 + i % 8, i + 1);
      data.entries.push_back({name, i % 2 ? "moving" : "still"});
    }
  }
  ExtractResult extract(Device& device, std::size_t batch, int own_up_to = 0, bool cache = false) const {
    ExtractOptions options;
    options.batch = batch;
    options.progress = ProgressDisplay::off;
    if (cache) options.cache = folder / "cache";
    return process_videos_and_extract_features(data, labels, device.extractor(own_up_to), options);
  }
};

}  // namespace

TEST_CASE("batches that are begun and finished give each clip its own features, however many a device takes") {
  const Fixture fixture;
  Device roomy;
  const auto expected = fixture.extract(roomy, 1).features;
  for (const std::size_t batch : {2u, 5u, 7u, 40u}) {
    for (const std::size_t most : {1u, 3u, 1000u}) {
      Device device;
      device.most = most;
      const auto result = fixture.extract(device, batch);
      INFO("batch " << batch << ", at most " << most);
      CHECK((result.features.features == expected.features));
      CHECK((result.features.mask == expected.mask));
      if (most >= batch) CHECK(device.sides.size() % batch == 0);  // every batch is full
      CHECK(device.under_way[0].empty());
      CHECK(device.under_way[1].empty());
    }
  }
}

TEST_CASE("frames come at their clip's own size up to a limit, and resized beyond it") {
  const Fixture fixture;
  const int own = static_cast<int>(sample_video(fixture.data.path(0), Sampler::first, 1, dim, 10000).shape(1));
  REQUIRE(own != dim);
  for (const auto& [limit, side] : {std::pair(own, own), std::pair(own - 1, dim), std::pair(0, dim)}) {
    Device device;
    fixture.extract(device, 4, limit);
    CHECK(std::all_of(device.sides.begin(), device.sides.end(), [side = side](int each) { return each == side; }));
  }
}

TEST_CASE("when a device fails, what it has computed is kept, and the next run goes on from there") {
  const Fixture fixture;
  Device whole;
  const auto expected = fixture.extract(whole, 4).features;
  Device device;
  device.fails_at = 6;
  CHECK_THROWS_WITH(fixture.extract(device, 4, 0, true), Catch::Contains("it is on fire"));
  Device second;
  const auto result = fixture.extract(second, 4, 0, true);
  CHECK(result.cached >= 3);
  CHECK(result.cached < 13);
  CHECK((result.features.features == expected.features));
}
