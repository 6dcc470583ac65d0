#pragma once
/// Writes PyTorch checkpoints of the format before PyTorch 1.6, honest and other ones.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace rcar::test {

template <class T>
std::string raw_bytes(T value) {
  std::string out(sizeof value, '\0');
  std::memcpy(out.data(), &value, sizeof value);
  return out;
}

inline std::string pickled(std::int64_t value) { return "\x8a\x08" + raw_bytes(value); }
inline std::string pickled(const std::string& text) {
  return "X" + raw_bytes(static_cast<std::uint32_t>(text.size())) + text;
}
inline std::string pickled(const char* text) { return pickled(std::string(text)); }
inline std::string pickled(const std::vector<std::int64_t>& values) {
  std::string out = "(";
  for (const auto value : values) out += pickled(value);
  return out + "t";
}

/// One tensor as PyTorch pickles it.
struct TorchTensor {
  std::int64_t elements = 4, offset = 0;
  std::vector<std::int64_t> shape{2, 2}, strides{2, 1};
  std::string type = "torch\nFloatStorage", key = "0", view = "N";

  std::string pickle() const {
    return "ctorch._utils\n_rebuild_tensor_v2\n((" + pickled("storage") + "c" + type + "\n" + pickled(key) +
           pickled("cpu") + pickled(elements) + view + "tQ" + pickled(offset) + pickled(shape) + pickled(strides) +
           "\x89" + "ccollections\nOrderedDict\n)RtR";
  }
};

/// A whole file around a pickled object; `keys` is the pickled list of storages, `tail` what stands after it.
inline std::string torch_legacy_file(const std::string& object, const std::string& keys, const std::string& tail) {
  using namespace std::string_literals;
  return "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."s + "\x80\x02M\xe9\x03."s +
         "\x80\x02}X\x0d\x00\x00\x00little_endian\x88s."s + "\x80\x02"s + object + "." + "\x80\x02"s + keys + "." +
         tail;
}

/// A state dict of contiguous float tensors, all zero but for the first element of each, which is 1.
struct TorchName {
  std::string name;
  std::vector<std::int64_t> shape;
};
inline std::string torch_state_dict(const std::vector<TorchName>& names) {
  std::string object = "}", keys = "]", tail;
  for (std::size_t i = 0; i < names.size(); ++i) {
    TorchTensor tensor{.elements = 1, .shape = names[i].shape, .strides = names[i].shape, .key = std::to_string(i)};
    for (std::size_t axis = tensor.shape.size(); axis-- > 0;) {
      tensor.strides[axis] = tensor.elements;
      tensor.elements *= tensor.shape[axis];
    }
    object += pickled(names[i].name) + tensor.pickle() + "s";
    keys += pickled(tensor.key) + "a";
    tail += raw_bytes(tensor.elements) + raw_bytes(1.0F) +
            std::string(static_cast<std::size_t>(tensor.elements - 1) * sizeof(float), '\0');
  }
  return torch_legacy_file(object, keys, tail);
}

}  // namespace rcar::test
