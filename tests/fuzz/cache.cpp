// The feature cache: an entry is taken with the values that were stored, or named as damaged; and its cache.json.

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <rcar/data/feature_cache.hpp>

#include "scratch.hpp"
#include "target.hpp"

namespace rcar::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t feature_dim = 3, most_frames = 4;

Outcome read_entry(std::string_view input) {
  static const Scratch folder;
  static const FeatureCache cache(folder.path(), "avx2");
  const fs::path entry = cache.path("key");
  write(entry, input);
  std::string damage;
  const auto features = cache.load("key", feature_dim, most_frames, damage);
  if (!features) {
    check_message(damage);
    return Outcome::refused;
  }
  law(damage.empty(), "an entry that is taken is not damaged:", damage);
  law(features->size() % feature_dim == 0 && features->size() <= feature_dim * most_frames, "an entry has whole rows");
  for (const float value : *features) law(std::isfinite(value), "features are finite");
  cache.store("key", *features, feature_dim);
  std::ifstream file(entry, std::ios::binary);
  const std::string again{std::istreambuf_iterator<char>(file), {}};
  law(again == input, "storing what was loaded gives the same bytes");
  return Outcome::taken;
}

Outcome read_marker(std::string_view input) {
  static const Scratch folder;
  write(folder.path() / "cache.json", input);
  return taken_unless_refused([] { const FeatureCache cache(folder.path(), "avx2", ForeignCache::accept); });
}

const Registered entry({"cache_entry", "", read_entry, 64});
const Registered marker({"cache_marker", "", read_marker, 160});

}  // namespace
}  // namespace rcar::fuzz
