#pragma once
/// A folder of features already computed, one `.npy` file a clip, named by the hash of everything they depend on.
///
/// Entries are written aside and renamed: whatever ends a run leaves whole entries only, and runs that share a folder
/// at most compute a clip twice. An entry that is damaged all the same, at whichever byte, counts as none.

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/file.hpp"
#include "../core/hash.hpp"
#include "../core/json.hpp"
#include "cache_entry.hpp"

namespace rcar {

/// SHA-256 of a file's bytes, read in pieces (a mapped file that shrinks meanwhile would end the process).
/// Throws FileError when it cannot be read.
inline std::string file_sha256(const std::filesystem::path& path) {
  const auto fail = [&](const std::string& why) {
    throw FileError("Cannot read " + quoted(path.string()) + ": " + why + ".");
  };
  std::error_code error;
  const auto status = std::filesystem::status(path, error);  // before open(), which would wait for a pipe's writer
  if (!std::filesystem::exists(status)) fail("there is no such file");
  if (!std::filesystem::is_regular_file(status)) fail("it is not a regular file");
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) fail(std::strerror(errno));
  Sha256 hash;
  std::vector<std::byte> buffer(std::size_t{1} << 18);
  for (;;) {
    const ssize_t count = ::read(file, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    const int reason = errno;
    if (count <= 0) ::close(file);
    if (count < 0) fail(std::strerror(reason));
    if (count == 0) return hash.hex();
    hash.add(std::span(buffer).first(static_cast<std::size_t>(count)));
  }
}

/// What to do with a cache that was filled on another kind of CPU, whose features differ in their last bits.
enum class ForeignCache { refuse, accept };

/// A folder of features, one file a clip, named by the hash of all that they depend on.
class FeatureCache {
 public:
  /// Opens the cache in `folder`, making the folder when it is not there. `instruction_set` is the one that this
  /// process computes with. A cache.json that is damaged is made again when there are entries to lose; warning() says
  /// so then.
  /// Throws DataError when the cache is of another instruction set and those are refused, or its cache.json is of
  /// another version or, without entries, damaged; FileError when the folder cannot be made or written to.
  FeatureCache(std::filesystem::path folder, std::string instruction_set, ForeignCache foreign = ForeignCache::refuse)
      : folder_(std::move(folder)), instruction_set_(std::move(instruction_set)) {
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    if (error || ::access(folder_.c_str(), W_OK | X_OK) != 0)
      throw FileError("The feature cache " + quoted(folder_.string()) + " cannot be written: " +
                      (error ? error.message() : std::strerror(errno)) + "; give a folder that can, or none.");
    remove_abandoned();
    const auto marker = folder_ / "cache.json";
    if (!std::filesystem::exists(marker, error)) write_file(marker, marker_text(instruction_set_));
    read_marker(marker);  // read back: another run may have made it meanwhile
    if (filled_by_ != instruction_set_ && foreign == ForeignCache::refuse)
      throw DataError("The feature cache " + quoted(folder_.string()) + " was filled on a CPU with " +
                      quoted(filled_by_) + " instructions and this run computes with " + quoted(instruction_set_) +
                      ", whose features differ in the last bits; give another folder, or accept the foreign cache.");
  }

  /// The features (n, F) of the entry for `key`, the text of everything they depend on; nothing when there is none.
  /// A damaged entry counts as none and is named in `damage`; the first one without a checksum is told of there.
  std::optional<std::vector<float>> load(const std::string& key, std::size_t feature_dim, std::size_t most_frames,
                                         std::string& damage) const {
    auto features = load_entry(path(key, instruction_set_), feature_dim, most_frames, damage);
    if (!features && filled_by_ != instruction_set_)
      features = load_entry(path(key, filled_by_), feature_dim, most_frames, damage);
    return features;
  }

  /// Writes the entry for `key`; features (n, F). Throws FileError when it cannot be written.
  void store(const std::string& key, std::span<const float> features, std::size_t feature_dim) const {
    write_cache_entry(path(key, instruction_set_), features, feature_dim);
  }

  /// Where the entry for `key` lies or would lie.
  std::filesystem::path path(const std::string& key) const { return path(key, instruction_set_); }

  /// What was repaired at opening, in one sentence; empty when nothing was.
  const std::string& warning() const { return warning_; }

 private:
  std::filesystem::path path(const std::string& key, const std::string& instruction_set) const {
    return folder_ / (Sha256().add(key).add("\ninstruction_set ").add(instruction_set).hex() + ".npy");
  }

  std::optional<std::vector<float>> load_entry(const std::filesystem::path& path, std::size_t feature_dim,
                                               std::size_t most_frames, std::string& damage) const {
    CacheEntry entry = read_cache_entry(path, feature_dim, most_frames);
    if (!entry.damage.empty()) damage = std::move(entry.damage);
    if (entry.unproven && !told_of_unproven_.exchange(true))
      damage = "The feature cache " + quoted(folder_.string()) +
               " has entries without a checksum, as earlier versions of rcar wrote them; they are computed again.";
    return std::move(entry.features);
  }

  // --- cache.json ---

  static constexpr const char* marker_format = "rcar-feature-cache";
  static constexpr int marker_version = 1;

  static std::string marker_text(const std::string& instruction_set) {
    json::Value value;
    value.set("format", marker_format);
    value.set("version", marker_version);
    value.set("instruction_set", instruction_set);
    value.set("checksum", marker_checksum(value));
    return json::dump(value) + "\n";
  }
  static std::string marker_checksum(const json::Value& value) {
    return Sha256().add(json::dump(value)).hex().substr(0, 16);
  }

  /// Takes what the marker says of who filled the cache. It matters for foreign caches alone: the names of the entries
  /// hold the instruction set, so that a cache whose marker is lost never gives another CPU's features.
  void read_marker(const std::filesystem::path& marker) {
    bool other_version = false;
    try {
      const json::Value all = json::parse(read_file(marker), {.bytes = 4096, .depth = 4});
      json::Value value;
      std::string checksum;
      for (const json::Member& member : all.object())
        if (member.name == "checksum")
          checksum = member.value.string();
        else
          value.set(member.name, member.value);
      // Earlier versions wrote these three members and no checksum.
      const bool whole = checksum.empty() ? value.object().size() == 3 : checksum == marker_checksum(value);
      if (whole && value.at("format").string() == marker_format) {
        filled_by_ = value.at("instruction_set").string();
        other_version = value.at("version").integer() != marker_version;
        if (!other_version) return;
      }
    } catch (const json::JsonError&) {  // repaired or refused below
    }
    if (other_version || !has_entries())
      throw DataError(quoted(marker.string()) +
                      " is damaged or of another version of rcar; remove that folder or give another.");
    write_file(marker, marker_text(instruction_set_));
    filled_by_ = instruction_set_;
    warning_ = quoted(marker.string()) + " is damaged and is made again, for a CPU with " + quoted(instruction_set_) +
               " instructions; entries that such a CPU computed are used as before.";
  }

  /// Whether there is a file under an entry's name.
  bool has_entries() const {
    std::error_code error;
    for (const auto& file : std::filesystem::directory_iterator(folder_, error)) {
      const std::string name = file.path().filename().string();
      if (name.size() == 64 + 4 && name.ends_with(".npy") && name.find_first_not_of("0123456789abcdef") == 64)
        return true;
    }
    return false;
  }

  /// Removes what a killed run left beside the entries. A day old, it cannot be of a run that is still writing.
  void remove_abandoned() const {
    std::error_code error;
    for (const auto& file : std::filesystem::directory_iterator(folder_, error)) {
      const std::string name = file.path().filename().string();
      const bool aside = name.size() == 64 + 4 + 7 && name.substr(64, 5) == ".npy.";
      const auto written = aside ? file.last_write_time(error) : std::filesystem::file_time_type::max();
      if (aside && !error && written < std::filesystem::file_time_type::clock::now() - std::chrono::hours(24))
        std::filesystem::remove(file.path(), error);
    }
  }

  std::filesystem::path folder_;
  std::string instruction_set_, filled_by_, warning_;
  mutable std::atomic<bool> told_of_unproven_ = false;
};

}  // namespace rcar
