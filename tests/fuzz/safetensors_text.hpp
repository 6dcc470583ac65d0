#pragma once
/// A safetensors file in memory, and one whose metadata is made whole again after a random change.

#include <functional>
#include <rcar/weights/safetensors.hpp>
#include <string>
#include <string_view>

#include "target.hpp"

namespace rcar::fuzz {

inline std::string safetensors_text(const weights::Store& store, std::size_t alignment = 8) {
  std::string text = weights::safetensors_header(store, alignment);
  for (const weights::Tensor& tensor : store.tensors())
    text.append(reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size_bytes());
  return text;
}

/// The file with metadata that `mend` has put right; empty when it is no safetensors file.
template <class Mend>
std::string mended_safetensors(std::string_view input, Mend&& mend, std::size_t alignment = 8) {
  try {
    const OwnBytes own(input);
    weights::Store store = weights::parse_safetensors(own.bytes(), own.owner(), "input", "");
    mend(store);
    return safetensors_text(store, alignment);
  } catch (const Error&) {
    return {};
  }
}

}  // namespace rcar::fuzz
