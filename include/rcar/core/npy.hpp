#pragma once
/// The head of a NumPy file.

#include <cstddef>
#include <span>
#include <string>

namespace rcar {

/// Bytes that every head has at least; one of two axes has no more.
inline constexpr std::size_t npy_header_bytes = 128;

/// NumPy's format 1.0: magic, version, the header's length, and the header, padded to a multiple of 64 bytes and to at
/// least npy_header_bytes, so that files of one to three axes have heads of one length. `descr` is "<f4" or "|b1"; the
/// values follow with the last axis running fastest.
inline std::string npy_header(const std::string& descr, std::span<const std::size_t> shape) {
  std::string text = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (";
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (axis > 0) text += ' ';
    text += std::to_string(shape[axis]) + ',';
  }
  if (shape.size() > 1) text.pop_back();
  text += "), }";
  constexpr std::size_t before = 10, multiple = 64;
  const std::size_t wanted = before + text.size() + 1;
  const std::size_t bytes =
      wanted <= npy_header_bytes ? npy_header_bytes : (wanted + multiple - 1) / multiple * multiple;
  text.append(bytes - wanted, ' ') += '\n';
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(text.size() & 255) +
         static_cast<char>(text.size() >> 8) + text;
}

}  // namespace rcar
