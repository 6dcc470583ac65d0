#pragma once
/// SHA-256 by OpenSSL's libcrypto: names of cache entries, identity of weights.

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "error.hpp"

namespace rcar {

/// An incremental SHA-256.
///
///     Sha256 hash; hash.add("first"); hash.add(bytes); auto name = hash.hex();   // 64 lower-case digits
class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1)
      throw Error("libcrypto offers no SHA-256; install OpenSSL 1.1 or later.");
  }

  Sha256& add(std::span<const std::byte> bytes) {
    if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1) throw Error("libcrypto: SHA-256 failed.");
    return *this;
  }
  Sha256& add(std::string_view text) { return add(std::as_bytes(std::span(text.data(), text.size()))); }

  /// Ends the hash: call it once.
  std::string hex() {
    std::array<unsigned char, 32> digest{};
    EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr);
    constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (unsigned char byte : digest) {
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
    return out;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace rcar
