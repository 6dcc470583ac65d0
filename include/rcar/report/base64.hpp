#pragma once
/// Base64 by OpenSSL's libcrypto: pictures inside a page, and the hashes by which the page names its own script.

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "../core/error.hpp"

namespace rcar::report {

/// RFC 4648, with padding and without line breaks.
inline std::string base64(std::span<const unsigned char> bytes) {
  constexpr std::size_t piece = 3 << 20;  // of a length that needs no padding; the library counts with int
  std::string text;
  while (!bytes.empty()) {
    const auto next = bytes.first(std::min(bytes.size(), piece));
    std::string encoded((next.size() + 2) / 3 * 4 + 1, '\0');  // the library ends it with a zero byte
    const int written =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()), next.data(), static_cast<int>(next.size()));
    text.append(encoded, 0, static_cast<std::size_t>(written));
    bytes = bytes.subspan(next.size());
  }
  return text;
}

/// The SHA-256 of a text as a content security policy has it: `sha256-` and 44 characters.
inline std::string policy_hash(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    throw Error("libcrypto: SHA-256 failed.");
  return "sha256-" + base64(std::span(digest).first(size));
}

}  // namespace rcar::report
