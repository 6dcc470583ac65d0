#pragma once
/// What a pickle describes, as plain values: nothing that it names is looked up, made or called.

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace rcar::weights::torch {

/// An object's place in its pickle. Objects refer to one another by place, so shared and even cyclic ones are harmless.
using Ref = std::uint32_t;

struct None {};
/// An integer beyond 64 bits: two's complement, least significant byte first.
struct LongInteger {
  std::string bytes;
};
/// Python's tuple.
struct Tuple {
  std::vector<Ref> items;
};
/// Python's list.
struct List {
  std::vector<Ref> items;
};
/// A dict or OrderedDict, in the order in which the items were set.
struct Dict {
  std::vector<std::pair<Ref, Ref>> items;
};
/// A class or function by name ("torch.FloatStorage").
struct Global {
  std::string name;
};
/// A call that the pickle asks for and that is not made.
struct Call {
  std::string function;
  std::vector<Ref> arguments;
};
/// An object that lies outside the pickle; `id` says which.
struct Persistent {
  Ref id;
};

/// Whatever a pickle may hold.
using Object = std::variant<None, bool, std::int64_t, double, std::string, LongInteger, Tuple, List, Dict, Global, Call,
                            Persistent>;

/// One pickle: its objects, the one it stands for, and how many bytes it took.
struct Pickle {
  std::vector<Object> objects;
  Ref root = 0;
  std::size_t bytes = 0;

  /// The object at `ref` when it is a T, else nullptr.
  template <class T>
  const T* get(Ref ref) const {
    return std::get_if<T>(&objects[ref]);
  }
};

}  // namespace rcar::weights::torch
