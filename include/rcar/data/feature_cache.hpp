#pragma once
/// A folder of features already computed, one `.npy` file a clip, named by the hash of everything they depend on.
///
/// Entries are written aside and renamed: whatever ends a run leaves whole entries only, and runs that share a folder
/// at most compute a clip twice.

#include <fcntl.h>
#include <unistd.h>

#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
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

class FeatureCache {
 public:
  /// Opens the cache in `folder`, making the folder when it is not there. `instruction_set` is the one that this
  /// process computes with.
  /// Throws DataError when the cache is of another instruction set and those are refused, or its cache.json is
  /// damaged; FileError when the folder cannot be made or written to.
  FeatureCache(std::filesystem::path folder, std::string instruction_set, ForeignCache foreign = ForeignCache::refuse)
      : folder_(std::move(folder)), instruction_set_(std::move(instruction_set)) {
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    if (!std::filesystem::is_directory(folder_) || ::access(folder_.c_str(), W_OK | X_OK) != 0)
      throw FileError("The feature cache " + quoted(folder_.string()) +
                      " cannot be written; give a folder that can, or none.");
    remove_abandoned();
    const auto marker = folder_ / "cache.json";
    if (!std::filesystem::exists(marker)) {
      json::Value value;
      value.set("format", "rcar-feature-cache");
      value.set("version", 1);
      value.set("instruction_set", instruction_set_);
      write_file(marker, json::dump(value) + "\n");
    }
    filled_by_ = read_marker(marker);  // read back: another run may have made it meanwhile
    if (filled_by_ != instruction_set_ && foreign == ForeignCache::refuse)
      throw DataError("The feature cache " + quoted(folder_.string()) + " was filled on a CPU with " +
                      quoted(filled_by_) + " instructions and this run computes with " + quoted(instruction_set_) +
                      ", whose features differ in the last bits; give another folder, or accept the foreign cache.");
  }

  /// The features (n, F) of the entry for `key`, the text of everything they depend on; nothing when there is none.
  /// A damaged entry counts as none and is named in `damage`.
  std::optional<std::vector<float>> load(const std::string& key, std::size_t feature_dim, std::size_t most_frames,
                                         std::string& damage) const {
    auto features = load_entry(path(key, instruction_set_), feature_dim, most_frames, damage);
    if (!features && filled_by_ != instruction_set_)
      features = load_entry(path(key, filled_by_), feature_dim, most_frames, damage);
    return features;
  }

  /// Writes the entry for `key`; features (n, F). Throws FileError when it cannot be written.
  void store(const std::string& key, std::span<const float> features, std::size_t feature_dim) const {
    AtomicFile file(path(key, instruction_set_));
    file.write(npy_header(features.size() / feature_dim, feature_dim));
    file.write(std::as_bytes(features));
    file.commit();
  }

  /// Where the entry for `key` lies or would lie.
  std::filesystem::path path(const std::string& key) const { return path(key, instruction_set_); }

 private:
  static_assert(std::endian::native == std::endian::little, "Entries are little-endian, as this machine must be.");

  std::filesystem::path path(const std::string& key, const std::string& instruction_set) const {
    return folder_ / (Sha256().add(key).add("\ninstruction_set ").add(instruction_set).hex() + ".npy");
  }

  /// NumPy's format 1.0: magic, version, the header's length, the header padded to a multiple of 64.
  static std::string npy_header(std::size_t rows, std::size_t columns) {
    std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", " +
                       std::to_string(columns) + "), }";
    text.append(header_bytes - 10 - 1 - text.size(), ' ') += '\n';
    return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(text.size() & 255) +
           static_cast<char>(text.size() >> 8) + text;
  }

  /// Strict: the bytes before the numbers must be those that store() writes for a file of this size.
  static std::optional<std::vector<float>> load_entry(const std::filesystem::path& path, std::size_t feature_dim,
                                                      std::size_t most_frames, std::string& damage) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) return std::nullopt;
    const auto damaged = [&](const std::string& how) {
      damage = "Cache entry " + quoted(path.string()) + " " + how + ", so it is computed again.";
      return std::nullopt;
    };
    try {
      const MappedFile file(path);
      const std::size_t row_bytes = feature_dim * sizeof(float);
      const std::size_t size = file.bytes().size();
      if (size < header_bytes + row_bytes || (size - header_bytes) % row_bytes != 0)
        return damaged("has " + std::to_string(size) + " bytes, which no entry of " + std::to_string(feature_dim) +
                       " features has");
      const std::size_t rows = (size - header_bytes) / row_bytes;
      if (rows > most_frames || file.text().substr(0, header_bytes) != npy_header(rows, feature_dim))
        return damaged("has another shape or type");
      std::vector<float> features(rows * feature_dim);
      std::memcpy(features.data(), file.bytes().data() + header_bytes, features.size() * sizeof(float));
      for (const float value : features)
        if (!std::isfinite(value)) return damaged("holds values that are no numbers");
      return features;
    } catch (const FileError&) {
      return damaged("cannot be read");
    }
  }

  static std::string read_marker(const std::filesystem::path& marker) {
    try {
      const MappedFile file(marker);
      const json::Value value = json::parse(file.text());
      if (value.at("format").string() == "rcar-feature-cache" && value.at("version").integer() == 1)
        return value.at("instruction_set").string();
    } catch (const json::JsonError&) {  // said below
    }
    throw DataError(quoted(marker.string()) +
                    " is damaged or of another version of rcar; remove that folder or give another.");
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

  static constexpr std::size_t header_bytes = 128;

  std::filesystem::path folder_;
  std::string instruction_set_, filled_by_;
};

}  // namespace rcar
