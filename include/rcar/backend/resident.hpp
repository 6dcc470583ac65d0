#pragma once
/// Where a back end reads what the host has, and on which threads it is called.

#include <cstddef>

#include "../core/threads.hpp"

namespace rcar::backend {

/// Whether a back end computes in the host's memory.
template <class B>
inline constexpr bool computes_on_host = !requires {
  typename B::Recording;
};

/// Values of the host where back end B can read them: there, or copied into its memory.
///
/// Throws DeviceMemoryError when the copy does not fit.
template <class B, class T>
class Resident {
 public:
  Resident(const T* host, std::size_t count) : at_(place(host, count)) {}

  const T* data() const {
    if constexpr (computes_on_host<B>)
      return at_;
    else
      return at_.data();
  }

 private:
  static auto place(const T* host, std::size_t count) {
    if constexpr (computes_on_host<B>)
      return host;
    else
      return typename B::template Array<T>(host, count);
  }

  decltype(place(nullptr, 0)) at_;
};

/// How many threads call back end B at a time: a device has threads of its own.
template <class B>
std::size_t calling_threads() {
  return computes_on_host<B> ? thread_count() : 1;
}

/// parallel_for of calls to back end B.
template <class B, class Item>
void for_each_call(std::size_t count, Item&& item) {
  if constexpr (computes_on_host<B>)
    parallel_for(count, item);
  else
    for (std::size_t i = 0; i < count; ++i) item(i, std::size_t{0});
}

}  // namespace rcar::backend
