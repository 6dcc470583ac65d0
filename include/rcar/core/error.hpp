#pragma once
/// The exceptions that rcar throws: one type a family, each message one sentence that says what was wrong, where, and
/// what to do.

#include <stdexcept>
#include <string>
#include <utility>

namespace rcar {

/// Base of everything that rcar throws on purpose.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A file that cannot be read, written or mapped.
class FileError : public Error {
 public:
  using Error::Error;
};

/// A list, label, feature or split that cannot be used.
class DataError : public Error {
 public:
  using Error::Error;
};

/// A clip that does not decode.
class VideoError : public Error {
 public:
  using Error::Error;
};

/// A weight file that is damaged or belongs to another network.
class WeightsError : public Error {
 public:
  using Error::Error;
};

/// A model file that is damaged or does not fit the types or weights it is loaded with.
class ModelError : public Error {
 public:
  using Error::Error;
};

/// An option or argument that cannot be honoured.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// `'text'`: how messages quote what came from outside, with control characters made visible.
inline std::string quoted(const std::string& text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out = "'";
  for (unsigned char c : text) {
    if (c < 0x20 || c == 0x7f) {
      out += "\\x";
      out += digits[c >> 4];
      out += digits[c & 15];
    } else {
      out += static_cast<char>(c);
    }
  }
  return out += '\'';
}

/// The same; without this overload `quoted(text)` of a variable would find std::quoted wherever <iomanip> is included.
inline std::string quoted(std::string& text) { return quoted(std::as_const(text)); }

}  // namespace rcar
