#pragma once
/// The exceptions that rcar throws: one type a family, each message one sentence that says what was wrong, where, and
/// what to do.

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
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

/// A GPU that is not there, cannot be used, or failed.
class DeviceError : public Error {
 public:
  using Error::Error;
};

/// Too little memory on a device.
class DeviceMemoryError : public DeviceError {
 public:
  DeviceMemoryError(const std::string& device, std::size_t needed_bytes, std::size_t free_bytes,
                    const std::string& advice = "free some, or take a smaller batch")
      : DeviceError("Memory of " + device + " does not suffice: " + mebibytes(needed_bytes) + " are needed and " +
                    mebibytes(free_bytes) + " are free; " + advice + "."),
        needed(needed_bytes),
        free(free_bytes) {}

  std::size_t needed, free;  // bytes

 private:
  static std::string mebibytes(std::size_t bytes) {
    const std::size_t tenths = (bytes * 10 + (std::size_t{1} << 20) - 1) >> 20;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " MiB";
  }
};

/// Whether a text would move a terminal's cursor or end a line.
inline bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

/// `'text'`: how messages quote what came from outside, with control characters made visible. Of what is longer than
/// any path it gives the start.
inline std::string quoted(const std::string& text) {
  constexpr char digits[] = "0123456789abcdef";
  constexpr std::size_t longest = 4096;
  if (text.size() > longest) return quoted(text.substr(0, longest)) + "...";
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

/// The same; without this overload `quoted(text)` of a variable would find std::quoted wherever \<iomanip\> is
/// included.
inline std::string quoted(std::string& text) { return quoted(std::as_const(text)); }

}  // namespace rcar
