#pragma once
/// Names of clips and classes as text that every reader takes.

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "../core/json.hpp"

namespace rcar::report {

/// Text that any page can show: bytes that are no UTF-8 become U+FFFD, control characters their pictures (U+2400 on).
inline std::string page_text(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = json::detail::utf8_length(text.substr(i));
    const auto byte = static_cast<unsigned char>(text[i]);
    if (length == 0)
      out += "\xef\xbf\xbd";
    else if (byte < 0x20)
      (out += "\xe2\x90") += static_cast<char>(0x80 + byte);
    else
      out += text.substr(i, length);
    i += std::max<std::size_t>(length, 1);
  }
  return out;
}

}  // namespace rcar::report
