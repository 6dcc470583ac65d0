#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <rcar/data/extract.hpp>
#include <string>
#include <vector>

#include "tests/support/clips.hpp"

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using rcar::test::TempFolder;
using rcar::test::write_clip;
using rcar::test::write_text;

namespace {

constexpr int dim = 16, steps = 6, width = 4;

/// A network in miniature: mean red, green and blue, and where the light is.
void mean_colours(const std::uint8_t* frames, std::size_t n, float* features) {
  for (std::size_t f = 0; f < n; ++f, frames += dim * dim * 3, features += width) {
    double sums[width] = {};
    for (int i = 0; i < dim * dim; ++i) {
      for (int c = 0; c < 3; ++c) sums[c] += frames[i * 3 + c];
      sums[3] += frames[i * 3] * i;
    }
    for (int c = 0; c < width; ++c) features[c] = static_cast<float>(sums[c] / (dim * dim));
  }
}

struct Fixture {
  TempFolder folder;
  rcar::Dataset data;
  rcar::StringLookup labels{std::vector<std::string>{"still", "moving"}};
  std::size_t calls = 0, frames = 0, largest_batch = 0;
  std::vector<std::string> warnings;

  /// Clips of 9, 3, 6, 1, 8 ... frames.
  explicit Fixture(int clips = 5) {
    data.directory = folder / "clips";
    for (int i = 0; i < clips; ++i) {
      const std::string name = "clip" + std::to_string(i) + ".avi";
      write_clip(data.directory / name, i % 5 == 0 ? 9 : i % 5 == 1 ? 3 : i % 5 == 2 ? 6 : i % 5 == 3 ? 1 : 8, i + 1);
      data.entries.push_back({name, i % 2 ? "moving" : "still"});
    }
  }

  rcar::FeatureExtractor extractor() {
    rcar::FeatureExtractor extractor;
    extractor.image_dim = dim;
    extractor.sequence_length = steps;
    extractor.feature_dim = width;
    extractor.identity = "mean colours";
    extractor.instruction_set = "baseline";
    extractor.run = [this](const std::uint8_t* pixels, std::size_t n, float* features) {
      ++calls, frames += n;
      largest_batch = std::max(largest_batch, n);
      mean_colours(pixels, n, features);
    };
    return extractor;
  }
  rcar::ExtractOptions options(const fs::path& cache = {}, std::size_t batch = 4) {
    rcar::ExtractOptions options;
    options.cache = cache;
    options.batch = batch;
    options.progress = rcar::ProgressDisplay::off;
    options.warn = [this](const std::string& text) { warnings.push_back(text); };
    return options;
  }
  rcar::ExtractResult extract(const rcar::ExtractOptions& with) {
    calls = frames = largest_batch = 0;
    return rcar::process_videos_and_extract_features(data, labels, extractor(), with);
  }
};

bool same_bits(const rcar::FeatureSet& a, const rcar::FeatureSet& b) {
  return a.clips == b.clips && a.labels == b.labels && a.features.shape() == b.features.shape() &&
         std::memcmp(a.features.data(), b.features.data(), a.features.size() * sizeof(float)) == 0 && a.mask == b.mask;
}

std::size_t entries_in(const fs::path& cache) {
  return static_cast<std::size_t>(std::count_if(fs::directory_iterator(cache), fs::directory_iterator(),
                                                [](const auto& file) { return file.path().extension() == ".npy"; }));
}

}  // namespace

TEST_CASE("features are each sampled frame's, in the list's order, zero and masked after the clip's end") {
  Fixture fixture;
  const auto result = fixture.extract(fixture.options());
  const auto& set = result.features;
  REQUIRE(set.features.shape() == rcar::Features::shape_type{5, steps, width});
  REQUIRE(set.mask.shape() == rcar::Mask::shape_type{5, steps});
  CHECK(set.labels == std::vector<int>{0, 1, 0, 1, 0});
  CHECK(set.clips[3] == "clip3.avi");
  CHECK(result.quarantine.empty());
  CHECK(result.frames == 6 + 3 + 6 + 1 + 6);
  CHECK(result.frames_per_second > 0);
  for (std::size_t row = 0; row < 5; ++row) {
    const auto frames = rcar::sample_video(fixture.data.path(row), rcar::Sampler::first, steps, dim);
    std::vector<float> expected(static_cast<std::size_t>(steps * width), 0.f);
    mean_colours(frames.data(), frames.shape(0), expected.data());
    for (std::size_t step = 0; step < steps; ++step) {
      CHECK(set.mask(row, step) == (step < frames.shape(0)));
      for (std::size_t f = 0; f < width; ++f) CHECK(set.features(row, step, f) == expected[step * width + f]);
    }
  }
}

TEST_CASE("the batch changes the number of calls and nothing else") {
  Fixture fixture(11);
  const auto expected = fixture.extract(fixture.options({}, 1)).features;
  const std::size_t frames = fixture.frames;
  CHECK(fixture.calls == frames);
  for (const std::size_t batch : {2u, 5u, 6u, 7u, 40u, 1000u}) {
    CHECK(same_bits(fixture.extract(fixture.options({}, batch)).features, expected));
    CHECK(fixture.frames == frames);
    CHECK(fixture.calls == (frames + batch - 1) / batch);  // batches go over clip boundaries
    CHECK(fixture.largest_batch <= batch);
  }
}

TEST_CASE("a network computes on whole clips side by side where its memory allows") {
  struct MeanColours {
    bool fits;
    std::atomic<bool>* as_expected;
    bool fits_one_a_thread() const { return fits; }
    void forward(const std::uint8_t* frames, std::size_t n, float* features) const {
      const bool alone = fits && rcar::thread_count() > 1;
      if (rcar::inside_parallel_for() != alone) *as_expected = false;
      mean_colours(frames, n, features);
    }
  };
  Fixture fixture(static_cast<int>(4 * rcar::thread_count()));
  const auto expected = fixture.extract(fixture.options()).features;
  auto extractor = fixture.extractor();
  for (const bool fits : {true, false}) {
    std::atomic<bool> as_expected{true};
    const MeanColours network{fits, &as_expected};
    extractor.run_on(network);
    const auto result =
        rcar::process_videos_and_extract_features(fixture.data, fixture.labels, extractor, fixture.options());
    CHECK(as_expected);
    CHECK(same_bits(result.features, expected));
  }
}

TEST_CASE("clips taken whole by each thread give what clips in turn give, with a cache and without") {
  Fixture fixture(static_cast<int>(4 * rcar::thread_count()) + 5);
  const auto expected = fixture.extract(fixture.options()).features;
  auto extractor = fixture.extractor();
  extractor.calls = rcar::Calls::side_by_side;
  extractor.run = mean_colours;
  const auto extract = [&](const rcar::ExtractOptions& options) {
    return rcar::process_videos_and_extract_features(fixture.data, fixture.labels, extractor, options);
  };
  for (const std::size_t batch : {1u, 4u, 40u})
    CHECK(same_bits(extract(fixture.options({}, batch)).features, expected));
  const auto cache = fixture.folder / "cache";
  CHECK(same_bits(extract(fixture.options(cache)).features, expected));
  CHECK(entries_in(cache) == fixture.data.size());
  const auto again = extract(fixture.options(cache));
  CHECK(again.cached == fixture.data.size());
  CHECK(again.frames == 0);
  CHECK(same_bits(again.features, expected));
  write_text(fixture.data.path(1), "this is no video");
  const auto with_fault = extract(fixture.options(cache));
  REQUIRE(with_fault.quarantine.size() == 1);
  CHECK(with_fault.quarantine[0].clip == "clip1.avi");
  CHECK(with_fault.features.size() == fixture.data.size() - 1);
}

TEST_CASE("what ends a run of whole clips leaves the finished ones in the cache") {
  Fixture fixture(static_cast<int>(4 * rcar::thread_count()) + 5);
  auto extractor = fixture.extractor();
  extractor.calls = rcar::Calls::side_by_side;
  std::atomic<std::size_t> calls{0}, finished{0};
  extractor.run = [&](const std::uint8_t* frames, std::size_t n, float* out) {
    if (++calls == fixture.data.size() - 2) throw rcar::WeightsError("stopped");
    mean_colours(frames, n, out);
    ++finished;
  };
  const auto cache = fixture.folder / "cache";
  const auto options = fixture.options(cache, steps);  // a clip a call
  CHECK_THROWS_WITH(rcar::process_videos_and_extract_features(fixture.data, fixture.labels, extractor, options),
                    "stopped");
  CHECK(entries_in(cache) == finished);
  extractor.run = mean_colours;
  const auto result = rcar::process_videos_and_extract_features(fixture.data, fixture.labels, extractor, options);
  CHECK(result.cached == finished);
  CHECK(same_bits(result.features, fixture.extract(fixture.options()).features));
}

TEST_CASE("a cache that can no longer be written ends a run of whole clips") {
  Fixture fixture(static_cast<int>(4 * rcar::thread_count()) + 5);
  auto extractor = fixture.extractor();
  extractor.calls = rcar::Calls::side_by_side;
  const auto cache = fixture.folder / "cache";
  extractor.run = [&](const std::uint8_t* frames, std::size_t n, float* out) {
    mean_colours(frames, n, out);
    std::error_code ignored;
    fs::rename(cache, fixture.folder / "elsewhere", ignored);
  };
  CHECK_THROWS_AS(
      rcar::process_videos_and_extract_features(fixture.data, fixture.labels, extractor, fixture.options(cache)),
      rcar::FileError);
}

TEST_CASE("a second run with a cache does not touch the network and gives the same bits") {
  Fixture fixture;
  const auto expected = fixture.extract(fixture.options()).features;
  const auto cache = fixture.folder / "cache";
  const auto first = fixture.extract(fixture.options(cache));
  CHECK(first.cached == 0);
  CHECK(same_bits(first.features, expected));
  const auto second = fixture.extract(fixture.options(cache));
  CHECK(second.cached == 5);
  CHECK(second.frames == 0);
  CHECK(second.frames_per_second == 0);
  CHECK(fixture.calls == 0);
  CHECK(same_bits(second.features, expected));
}

TEST_CASE("a cache entry belongs to the clip's bytes, not to its name") {
  Fixture fixture;
  const auto cache = fixture.folder / "cache";
  fixture.extract(fixture.options(cache));
  fs::rename(fixture.data.path(0), fixture.data.directory / "renamed.avi");
  fixture.data.entries[0].video_name = "renamed.avi";
  write_clip(fixture.data.path(2), 6, 99);  // another clip under the old name
  const auto result = fixture.extract(fixture.options(cache));
  CHECK(result.cached == 4);
  CHECK(same_bits(result.features, fixture.extract(fixture.options()).features));
}

TEST_CASE("whatever the features depend on keeps cache entries apart") {
  Fixture fixture;
  const auto options = fixture.options(fixture.folder / "cache");
  fixture.extract(options);
  const auto cached_with = [&](auto change) {
    auto other = fixture.extractor();
    change(other);
    return rcar::process_videos_and_extract_features(fixture.data, fixture.labels, other, options).cached;
  };
  CHECK(cached_with([](auto&) {}) == 5);
  CHECK(cached_with([](auto& other) { other.identity = "other weights"; }) == 0);
  CHECK(cached_with([](auto& other) { other.sampler = rcar::Sampler::uniform; }) == 0);
  CHECK(cached_with([](auto& other) { other.sequence_length = 5; }) == 0);
  CHECK(cached_with([](auto& other) {
          other.feature_dim = 3;
          other.run = [](const std::uint8_t*, std::size_t n, float* out) { std::fill_n(out, n * 3, 1.f); };
        }) == 0);
  CHECK_THROWS_WITH(cached_with([](auto& other) { other.instruction_set = "avx512"; }),
                    Contains("'baseline'") && Contains("'avx512'"));
  auto accepting = options;
  accepting.foreign_cache = rcar::ForeignCache::accept;
  auto other = fixture.extractor();
  other.instruction_set = "avx512";
  CHECK(rcar::process_videos_and_extract_features(fixture.data, fixture.labels, other, accepting).cached == 5);
}

TEST_CASE("a damaged cache entry is computed again with a warning") {
  Fixture fixture;
  const auto cache = fixture.folder / "cache";
  const auto expected = fixture.extract(fixture.options(cache)).features;
  for (const auto& file : fs::directory_iterator(cache))
    if (file.path().extension() == ".npy") {
      fs::resize_file(file.path(), fs::file_size(file.path()) - 1);
      break;
    }
  const auto result = fixture.extract(fixture.options(cache));
  CHECK(result.cached == 4);
  CHECK(same_bits(result.features, expected));
  REQUIRE(fixture.warnings.size() == 1);
  CHECK_THAT(fixture.warnings[0], Contains(".npy'"));
  CHECK(fixture.extract(fixture.options(cache)).cached == 5);
}

TEST_CASE("clips that do not decode are quarantined with their reasons and the others go on") {
  for (const bool with_cache : {false, true}) {
    Fixture fixture(8);
    const auto expected = fixture.extract(fixture.options()).features;
    fs::remove(fixture.data.path(0));
    write_text(fixture.data.path(3), "");
    write_text(fixture.data.path(4), "this is no video");
    fs::remove(fixture.data.path(7));
    fs::create_directory(fixture.data.path(7));
    const auto result = fixture.extract(fixture.options(with_cache ? fixture.folder / "cache" : fs::path()));
    REQUIRE(result.quarantine.size() == 4);
    const char* const clips[] = {"clip0.avi", "clip3.avi", "clip4.avi", "clip7.avi"};
    const char* const reasons[] = {"no clip", "empty", "not a video", "a folder"};
    for (std::size_t i = 0; i < 4; ++i) {
      CHECK(result.quarantine[i].clip == clips[i]);
      CHECK_THAT(result.quarantine[i].reason, Contains(reasons[i]) && !Contains("\n"));
    }
    CHECK(same_bits(result.features, expected.select(std::vector<std::size_t>{1, 2, 5, 6})));
    REQUIRE(fixture.warnings.size() == 1);
    CHECK_THAT(fixture.warnings[0], Contains("4 of 8 clips") && Contains("clip0.avi, clip3.avi"));

    rcar::write_quarantine(fixture.folder / "quarantine.csv", result.quarantine);
    const auto table = rcar::read_csv(fixture.folder / "quarantine.csv");
    CHECK(table.columns == std::vector<std::string>{"clip", "reason"});
    REQUIRE(table.rows.size() == 4);
    CHECK(table.rows[1].fields[1] == result.quarantine[1].reason);
  }
}

TEST_CASE("no clip that decodes is an error that gives the first reason") {
  Fixture fixture(2);
  fs::remove(fixture.data.path(0));
  write_text(fixture.data.path(1), "");
  CHECK_THROWS_AS(fixture.extract(fixture.options()), rcar::DataError);
  CHECK_THROWS_WITH(fixture.extract(fixture.options()),
                    Contains("None of the 2 clips") && Contains("'clip0.avi'") && !Contains("\n"));
}

TEST_CASE("features that are no numbers stop the run by the clip's name and are not cached") {
  Fixture fixture;
  const auto cache = fixture.folder / "cache";
  auto extractor = fixture.extractor();
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    extractor.run = [&](const std::uint8_t* frames, std::size_t n, float* out) {
      mean_colours(frames, n, out);
      out[n * width - 1] = bad;
    };
    CHECK_THROWS_WITH(
        rcar::process_videos_and_extract_features(fixture.data, fixture.labels, extractor, fixture.options(cache, 1)),
        Contains("'clip") && Contains("not finite"));
    CHECK(entries_in(cache) == 0);
  }
}

TEST_CASE("an unknown tag, an empty list and a useless extractor are refused before any work") {
  Fixture fixture;
  fixture.data.entries[3].tag = "dancing";
  CHECK_THROWS_WITH(fixture.extract(fixture.options()), Contains("'dancing'") && Contains("'clip3.avi'"));
  CHECK(fixture.calls == 0);
  fixture.data.entries.clear();
  CHECK_THROWS_AS(fixture.extract(fixture.options()), rcar::DataError);
  CHECK_THROWS_AS(rcar::process_videos_and_extract_features(fixture.data, fixture.labels, {}), rcar::UsageError);
  CHECK_THROWS_AS(fixture.extract(fixture.options({}, 0)), rcar::UsageError);
}

TEST_CASE("what the network throws ends the run, and finished clips stay in the cache") {
  Fixture fixture(10);
  const auto cache = fixture.folder / "cache";
  auto extractor = fixture.extractor();
  extractor.run = [&](const std::uint8_t* frames, std::size_t n, float* out) {
    if (++fixture.calls == 6) throw rcar::WeightsError("stopped");
    mean_colours(frames, n, out);
  };
  CHECK_THROWS_WITH(
      rcar::process_videos_and_extract_features(fixture.data, fixture.labels, extractor, fixture.options(cache)),
      "stopped");
  const std::size_t kept = entries_in(cache);
  CHECK(kept >= 3);
  CHECK(kept < 10);
  CHECK(fixture.extract(fixture.options(cache)).cached == kept);
}

// The other half of the next test, run as a process of its own: ends itself by the signal RCAR_TEST_SIGNAL in the
// midst.
TEST_CASE("an extraction that is killed", "[.][extract-victim]") {
  const char* folder = std::getenv("RCAR_TEST_EXTRACT_FOLDER");
  const char* signal_number = std::getenv("RCAR_TEST_SIGNAL");
  if (!folder || !signal_number) return;
  Fixture fixture(0);
  fixture.data.directory = fs::path(folder) / "clips";
  for (int i = 0; i < 12; ++i) fixture.data.entries.push_back({"clip" + std::to_string(i) + ".avi", "still"});
  auto extractor = fixture.extractor();
  std::size_t calls = 0;
  extractor.run = [&](const std::uint8_t* frames, std::size_t n, float* out) {
    if (++calls == 8) ::raise(std::atoi(signal_number));
    mean_colours(frames, n, out);
  };
  rcar::process_videos_and_extract_features(fixture.data, fixture.labels, extractor,
                                            fixture.options(fs::path(folder) / "cache"));
}

TEST_CASE("a run that was killed continues with the clips it lacks and ends with the same bits") {
  for (const int how : {SIGKILL, SIGINT, SIGTERM}) {
    Fixture fixture(12);
    const auto expected = fixture.extract(fixture.options()).features;
    const std::size_t all_frames = fixture.frames;
    const std::string folder = fixture.folder.path().string(), number = std::to_string(how);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::setenv("RCAR_TEST_EXTRACT_FOLDER", folder.c_str(), 1);
      ::setenv("RCAR_TEST_SIGNAL", number.c_str(), 1);
      ::signal(how, SIG_DFL);
      if (!std::freopen("/dev/null", "w", stdout) || !std::freopen("/dev/null", "w", stderr)) ::_exit(1);
      ::execl("/proc/self/exe", "rcar_test", "[extract-victim]", static_cast<char*>(nullptr));
      ::_exit(1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    const std::size_t kept = entries_in(fixture.folder / "cache");
    CHECK(kept >= 4);  // 7 batches of 4 frames went through
    CHECK(kept < 12);
    for (const auto& file : fs::directory_iterator(fixture.folder / "cache"))
      CHECK((file.path().extension() == ".npy" || file.path().filename() == "cache.json"));

    const auto result = fixture.extract(fixture.options(fixture.folder / "cache"));
    CHECK(result.cached == kept);
    CHECK(fixture.frames < all_frames);
    CHECK(same_bits(result.features, expected));
    CHECK(entries_in(fixture.folder / "cache") == 12);
  }
}

TEST_CASE("two runs on one cache at once both end with the same bits") {
  Fixture fixture(10);
  const auto expected = fixture.extract(fixture.options()).features;
  const auto cache = fixture.folder / "cache";
  rcar::FeatureExtractor extractor = fixture.extractor();
  extractor.run = mean_colours;
  std::vector<rcar::FeatureSet> sets(4);
  std::vector<std::thread> runs;
  runs.reserve(sets.size());
  const auto options = fixture.options(cache);
  for (auto& set : sets)
    runs.emplace_back([&] {
      set = rcar::process_videos_and_extract_features(fixture.data, fixture.labels, extractor, options).features;
    });
  for (auto& run : runs) run.join();
  for (const auto& set : sets) CHECK(same_bits(set, expected));
  CHECK(entries_in(cache) == 10);
  CHECK(fixture.warnings.empty());
}
