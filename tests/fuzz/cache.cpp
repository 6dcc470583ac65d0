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

/// Where the entry of the tests lies; its checksum covers its name.
const fs::path& entry_path() {
  static const Scratch folder;
  static const FeatureCache cache(folder.path(), "avx2");
  static const fs::path path = cache.path("key");
  return path;
}

Outcome read_entry(std::string_view input) {
  write(entry_path(), input);
  const CacheEntry entry = read_cache_entry(entry_path(), feature_dim, most_frames);
  if (!entry.features) {
    law(entry.unproven || !entry.damage.empty(), "an entry that is not taken is unproven or damaged");
    if (!entry.damage.empty()) check_message(entry.damage);
    return Outcome::refused;
  }
  const std::vector<float>& features = *entry.features;
  law(entry.damage.empty(), "an entry that is taken is not damaged:", entry.damage);
  law(features.size() % feature_dim == 0 && features.size() <= feature_dim * most_frames, "an entry has whole rows");
  for (const float value : features) law(std::isfinite(value), "features are finite");
  write_cache_entry(entry_path(), features, feature_dim);
  std::ifstream file(entry_path(), std::ios::binary);
  const std::string again{std::istreambuf_iterator<char>(file), {}};
  law(again == input, "storing what was loaded gives the same bytes");
  return Outcome::taken;
}

std::string mend_entry(std::string_view input) {
  const std::size_t header = npy_header_bytes, end = detail::cache_entry_end_bytes;
  if (input.size() < header + end) return {};
  const std::string_view whole = input.substr(0, input.size() - end), values = whole.substr(header);
  return std::string(whole) + detail::cache_entry_end(entry_path(), whole.substr(0, header),
                                                      std::as_bytes(std::span(values.data(), values.size())));
}

Outcome read_marker(std::string_view input) {
  static const Scratch folder;
  write(folder.path() / "cache.json", input);
  return taken_unless_refused([] { const FeatureCache cache(folder.path(), "avx2", ForeignCache::accept); });
}

const Registered entry({"cache_entry", "", read_entry, 64, std::size_t{1} << 20, mend_entry});
const Registered marker({"cache_marker", "", read_marker, 160});

}  // namespace
}  // namespace rcar::fuzz
