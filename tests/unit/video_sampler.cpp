#include <catch2/catch.hpp>
#include <rcar/video/sampler.hpp>
#include <vector>

using namespace rcar;

TEST_CASE("a sampler's name is read back as the sampler") {
  for (const Sampler sampler : {Sampler::first, Sampler::uniform}) CHECK(parse_sampler(to_string(sampler)) == sampler);
}

TEST_CASE("an unknown sampler is refused with the names that exist") {
  CHECK_THROWS_AS(parse_sampler("random"), UsageError);
  CHECK_THROWS_WITH(parse_sampler("First"), "There is no sampler 'First'; the samplers are 'first' and 'uniform'.");
}

TEST_CASE("uniform indices rise strictly from the first frame to the last, in steps that differ by at most one") {
  for (std::size_t frames = 1; frames <= 130; ++frames) {
    for (std::size_t steps = 2; steps <= 40; ++steps) {
      const std::size_t count = sampled_count(frames, steps);
      REQUIRE(count == std::min(frames, steps));
      REQUIRE(uniform_index(0, frames, steps) == 0);
      REQUIRE(uniform_index(count - 1, frames, steps) == frames - 1);
      std::size_t shortest = frames, longest = 0;
      for (std::size_t step = 1; step < count; ++step) {
        const std::size_t before = uniform_index(step - 1, frames, steps), here = uniform_index(step, frames, steps);
        REQUIRE(here > before);
        shortest = std::min(shortest, here - before);
        longest = std::max(longest, here - before);
      }
      if (count > 1) REQUIRE(longest - shortest <= 1);
    }
  }
}

TEST_CASE("one uniform frame is the middle one") {
  CHECK(uniform_index(0, 1, 1) == 0);
  CHECK(uniform_index(0, 9, 1) == 4);
  CHECK(uniform_index(0, 10, 1) == 4);
}
