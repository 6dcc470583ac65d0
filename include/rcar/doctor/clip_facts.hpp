#pragma once
/// What is known of one clip once it has been read and decoded to its end.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>

#include "../core/error.hpp"
#include "../data/feature_cache.hpp"
#include "../video/thumbnails.hpp"
#include "signature.hpp"

namespace rcar::doctor {

/// What decoding a whole clip tells.
struct ClipFacts {
  std::string fault;   // why it cannot be read; empty: it can
  std::string sha256;  // of the file's bytes; empty where they cannot be read
  std::uint64_t bytes = 0;
  std::size_t frames = 0;   // that decode
  std::size_t claimed = 0;  // by the container; 0: it claims nothing
  double frames_per_second = 0;
  int width = 0, height = 0;
  std::string codec;
  Signature signature;  // empty where there is a fault

  bool readable() const { return fault.empty(); }
  double seconds() const { return frames_per_second > 0 ? static_cast<double>(frames) / frames_per_second : 0; }
};

/// Hash and size of a clip's file; a fault where it cannot be read.
inline ClipFacts read_clip_file(const std::filesystem::path& path) {
  ClipFacts facts;
  try {
    facts.sha256 = file_sha256(path);
    std::error_code failure;
    const auto bytes = std::filesystem::file_size(path, failure);
    facts.bytes = failure ? 0 : bytes;
  } catch (const FileError& error) {
    facts.fault = error.what();
  }
  return facts;
}

/// Adds what decoding the clip tells. What cannot be decoded is a fault, not an exception.
inline void decode_clip(const std::filesystem::path& path, ClipFacts& facts) {
  constexpr std::size_t most = 256;  // thumbnails to choose the signature's from
  try {
    const DecodedClip clip = decode_thumbnails(path, static_cast<int>(Signature::side), most);
    facts.frames = clip.frames;
    facts.claimed = clip.claimed;
    facts.frames_per_second = clip.frames_per_second;
    facts.width = clip.width;
    facts.height = clip.height;
    facts.codec = clip.codec;
    facts.signature = Signature(clip.thumbnails, clip.frames);
  } catch (const VideoError& error) {
    facts.fault = error.what();  // says more than that the bytes cannot be read
  }
}

}  // namespace rcar::doctor
