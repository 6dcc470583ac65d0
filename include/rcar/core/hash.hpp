#pragma once
/// SHA-256 by OpenSSL's libcrypto: names of cache entries, identity of weights. MD5 only where others publish nothing
/// better: Keras's weight files.

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "error.hpp"

namespace rcar {

namespace detail {

/// An incremental hash by one of libcrypto's algorithms.
class Digest {
 public:
  Digest(const EVP_MD* algorithm, std::string name)
      : name_(std::move(name)), context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    if (!context_ || EVP_DigestInit_ex(context_.get(), algorithm, nullptr) != 1)
      throw Error("libcrypto offers no " + name_ + "; install OpenSSL 1.1 or later.");
  }

  Digest& add(std::span<const std::byte> bytes) {
    if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1)
      throw Error("libcrypto: " + name_ + " failed.");
    return *this;
  }
  Digest& add(std::string_view text) { return add(std::as_bytes(std::span(text.data(), text.size()))); }

  /// Ends the hash, in lower-case hexadecimal: call it once.
  std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), digest.data(), &size);
    constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (unsigned char byte : std::span(digest).first(size)) {
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
    return out;
  }

 private:
  std::string name_;
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace detail

/// An incremental SHA-256.
///
///     Sha256 hash; hash.add("first"); hash.add(bytes); auto name = hash.hex();   // 64 lower-case digits
class Sha256 : public detail::Digest {
 public:
  Sha256() : Digest(EVP_sha256(), "SHA-256") {}
};

/// An incremental MD5: 32 lower-case digits. It tells a damaged download from a whole one; it proves no authorship.
class Md5 : public detail::Digest {
 public:
  Md5() : Digest(EVP_md5(), "MD5") {}
};

}  // namespace rcar
