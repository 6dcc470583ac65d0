#pragma once
/// A folder of facts already known, one file a clip, named by the SHA-256 of the clip's bytes: an examination that was
/// interrupted goes on, and one that is repeated decodes new clips only.

#include <unistd.h>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "../core/error.hpp"
#include "../core/file.hpp"
#include "../core/hash.hpp"
#include "../core/json.hpp"
#include "clip_facts.hpp"

namespace rcar::doctor {

/// Entries are a line of JSON and the signature's pixels, under a checksum; a damaged one counts as none. Clips that
/// cannot be read are not kept: a codec may be installed later.
class FactsCache {
 public:
  /// Opens the cache, making the folder when it is not there. Throws FileError when it cannot be made or written to.
  explicit FactsCache(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::error_code ignored;
    std::filesystem::create_directories(folder_, ignored);
    if (!std::filesystem::is_directory(folder_, ignored) || ::access(folder_.c_str(), W_OK | X_OK) != 0)
      throw FileError("The cache " + quoted(folder_.string()) + " cannot be written; give a folder that can, or none.");
  }

  /// Where the facts of a clip lie or would lie.
  std::filesystem::path path(const std::string& sha256) const { return folder_ / (sha256 + ".facts"); }

  /// The facts of the clip whose bytes have that hash; nothing when there are none, or damaged ones.
  std::optional<ClipFacts> load(const std::string& sha256) const {
    std::error_code ignored;
    if (!std::filesystem::exists(path(sha256), ignored)) return std::nullopt;
    try {
      const MappedFile file(path(sha256));
      return parse(file.text(), sha256);
    } catch (const Error&) {
      return std::nullopt;
    }
  }

  /// Throws FileError when the entry cannot be written.
  void store(const ClipFacts& facts) const {
    json::Value head;
    head.set("format", "rcar-clip-facts");
    head.set("version", 1);
    head.set("clip", facts.sha256);
    head.set("bytes", facts.bytes);
    head.set("frames", facts.frames);
    head.set("claimed", facts.claimed);
    head.set("frames_per_second", facts.frames_per_second);
    head.set("width", facts.width);
    head.set("height", facts.height);
    head.set("codec", facts.codec);
    const std::string line = json::dump(head) + "\n";
    const auto pixels = std::as_bytes(facts.signature.pixels());
    AtomicFile file(path(facts.sha256));
    file.write(Sha256().add(line).add(pixels).hex());
    file.write(line);
    file.write(pixels);
    file.commit(Durability::in_memory);  // checked when it is read
  }

 private:
  static std::optional<ClipFacts> parse(std::string_view text, const std::string& sha256) {
    constexpr std::size_t digits = 64;
    const std::size_t end = text.substr(0, 4096).find('\n');
    if (end == std::string_view::npos || end < digits || text.size() != end + 1 + Signature::size) return std::nullopt;
    if (Sha256().add(text.substr(digits)).hex() != text.substr(0, digits)) return std::nullopt;
    const json::Value head = json::parse(text.substr(digits, end - digits));
    if (head.at("format").string() != "rcar-clip-facts" || head.at("version").integer() != 1 ||
        head.at("clip").string() != sha256)
      return std::nullopt;
    ClipFacts facts;
    facts.sha256 = sha256;
    facts.bytes = static_cast<std::uint64_t>(head.at("bytes").integer());
    facts.frames = static_cast<std::size_t>(head.at("frames").integer());
    facts.claimed = static_cast<std::size_t>(head.at("claimed").integer());
    facts.frames_per_second = head.at("frames_per_second").number();
    facts.width = static_cast<int>(head.at("width").integer());
    facts.height = static_cast<int>(head.at("height").integer());
    facts.codec = head.at("codec").string();
    const auto pixels = std::as_bytes(std::span(text)).subspan(end + 1);
    facts.signature = Signature({reinterpret_cast<const std::uint8_t*>(pixels.data()), pixels.size()});
    return facts;
  }

  std::filesystem::path folder_;
};

}  // namespace rcar::doctor
