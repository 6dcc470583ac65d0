#pragma once
/// The device that is the processor: kernels run by Thrust's CPP system on rcar's threads, products by the host's own
/// kernels. For machines without a GPU, and so for tests of all that the CUDA back end computes by itself.

// Without this Thrust would ask for CUDA's headers.
#ifndef THRUST_DEVICE_SYSTEM
#define THRUST_DEVICE_SYSTEM THRUST_DEVICE_SYSTEM_CPP
#endif

#include <thrust/execution_policy.h>
#include <thrust/for_each.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/system/cpp/execution_policy.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "../../core/error.hpp"
#include "../../core/threads.hpp"
#include "../cpu.hpp"
#include "../device/elements.hpp"
#include "../device/primitives.hpp"
#include "../device/product.hpp"
#include "../native/gemm.hpp"

namespace rcar::backend::portable {

/// What can be watched and set of the device.
struct Device {
  std::atomic<std::size_t> limit{std::numeric_limits<std::size_t>::max()};  // bytes that may be taken, as of a GPU's
  std::atomic<std::size_t> taken{0}, allocations{0};
  /// Threads run from the last to the first: where that changes a bit, one reads what another writes in the same phase.
  std::atomic<bool> backwards{false};

  static Device& instance() {
    static Device device;
    return device;
  }
  std::size_t free() const { return limit > taken ? limit - taken : 0; }
};

/// The threads of a block, one after another.
struct Block {
  template <class Phase>
  void each(int count, Phase phase) const {
    const bool backwards = Device::instance().backwards;
    for (int i = 0; i < count; ++i) phase(backwards ? count - 1 - i : i);
  }
};

/// f from the last index to the first.
template <class F>
struct Backwards {
  F f;
  int last;
  void operator()(int i) const { f(last - i); }
};

}  // namespace rcar::backend::portable

namespace rcar::backend::device {

template <Precision P>
struct System<Processor, P> {
  using Value = typename ElementOf<P>::type;

  static void* allocate(std::size_t bytes) {
    auto& device = portable::Device::instance();
    if (bytes > device.free()) throw DeviceMemoryError(device_name(), bytes, device.free());
    char* base = static_cast<char*>(std::aligned_alloc(header, (bytes + 2 * header - 1) / header * header));
    if (!base) throw DeviceMemoryError(device_name(), bytes, 0);
    device.taken += bytes;
    ++device.allocations;
    std::memcpy(base, &bytes, sizeof bytes);
    std::memset(base + header, 0xff, bytes);  // NaN: what is read before it is written shows
    return base + header;
  }
  static void release(void* memory) noexcept {
    char* base = static_cast<char*>(memory) - header;
    std::size_t bytes = 0;
    std::memcpy(&bytes, base, sizeof bytes);
    portable::Device::instance().taken -= bytes;
    std::free(base);
  }
  static void* allocate_pinned(std::size_t bytes) { return ::operator new(bytes); }
  static void release_pinned(void* memory) noexcept { ::operator delete(memory); }

  static void copy_in(const void* host, std::size_t bytes, void* memory) { std::memcpy(memory, host, bytes); }
  static void queue_copy_in(const void* host, std::size_t bytes, void* memory) { std::memcpy(memory, host, bytes); }
  static void queue_copy_out(const void* memory, std::size_t bytes, void* host) { std::memcpy(host, memory, bytes); }
  static void copy_within(const void* from, std::size_t bytes, void* to) { std::memcpy(to, from, bytes); }
  static void fill_zero(void* memory, std::size_t bytes) { std::memset(memory, 0, bytes); }
  static void synchronize() {}

  static void* record(const std::function<void()>& work) {
    work();  // as on a GPU, whose libraries need a first run
    return new std::function<void()>(work);
  }
  static void replay(void* recording) { (*static_cast<std::function<void()>*>(recording))(); }
  static void forget(void* recording) noexcept { delete static_cast<std::function<void()>*>(recording); }

  /// Memory between the kernels of one step.
  class Workspace {
   public:
    explicit Workspace(std::size_t bytes) : memory_(bytes / sizeof(std::max_align_t) + 1) {}
    void* data() { return memory_.data(); }

   private:
    std::vector<std::max_align_t> memory_;
  };

  static void* make_mark() { return nullptr; }
  static void set_mark(void*) {}
  static void wait_for_mark(void*) {}
  static void drop_mark(void*) noexcept {}

  static std::string engine() { return "portable " + instruction_set(); }
  static std::string device_name() { return "the processor"; }
  static void require_device() {}

  /// f(i) for i < count.
  template <class F>
  static void for_each(std::size_t count, F f) {
    constexpr std::size_t block = 4096;
    parallel_for((count + block - 1) / block, [&](std::size_t item, std::size_t) {
      const std::size_t first = item * block, size = std::min(block, count - first);
      const thrust::counting_iterator<int> begin(static_cast<int>(first));
      if (portable::Device::instance().backwards)
        thrust::for_each_n(thrust::cpp::par, begin, size,
                           portable::Backwards<F>{f, static_cast<int>(2 * first + size - 1)});
      else
        thrust::for_each_n(thrust::cpp::par, begin, size, f);
    });
  }

  /// f(block, index, shared) for index < blocks; shared holds so many floats, which only that block sees.
  template <class F>
  static void for_each_block(int blocks, int /*threads*/, std::size_t shared_floats, F f) {
    parallel_for(static_cast<std::size_t>(blocks), [&](std::size_t index, std::size_t) {
      std::vector<float> shared(shared_floats, std::numeric_limits<float>::quiet_NaN());
      f(portable::Block{}, static_cast<int>(index), shared.data());
    });
  }

  /// The product alone, as cuBLAS gives it where it fuses nothing.
  template <class T>
  static Done multiply(const Product<T>& p) {
    constexpr int block = 256;  // rows; a value's bits do not depend on it
    const int blocks = (p.m + block - 1) / block;
    for (int i = 0; i < p.batch; ++i)
      parallel_for(static_cast<std::size_t>(blocks), [&](std::size_t item, std::size_t) {
        const int first = static_cast<int>(item) * block;
        multiply_rows(p, i, first, std::min(block, p.m - first));
      });
    return Done::product;
  }

  /// Left to the patches and a product.
  template <class... Arguments>
  static Done convolve(const Arguments&...) {
    return Done::nothing;
  }

 private:
  static constexpr std::size_t header = 64;  // before each allocation: its size

  template <class T>
  static void multiply_rows(const Product<T>& p, int index, int first, int rows) {
    const bool across = p.a_transposed == Transpose::yes;
    const T* a = p.a + index * p.a_step + static_cast<std::ptrdiff_t>(first) * (across ? 1 : p.lda);
    const T* b = p.b + index * p.b_step;
    T* c = p.c + index * p.c_step + static_cast<std::ptrdiff_t>(first) * p.ldc;
    if constexpr (std::is_same_v<T, float>) {
      native::Gemm::gemm(p.a_transposed, p.b_transposed, rows, p.n, p.k, p.alpha, a, p.lda, b, p.ldb, p.beta, c, p.ldc);
    } else {  // networks alone: A is never transposed, and nothing is added to
      std::vector<float> left(static_cast<std::size_t>(rows) * p.k), right(static_cast<std::size_t>(p.k) * p.n),
          result(static_cast<std::size_t>(rows) * p.n);
      widen(a, p.lda, rows, p.k, left.data());
      const bool down = p.b_transposed == Transpose::yes;
      widen(b, p.ldb, down ? p.n : p.k, down ? p.k : p.n, right.data());
      native::Gemm::gemm(Transpose::no, p.b_transposed, rows, p.n, p.k, p.alpha, left.data(), p.k, right.data(),
                         down ? p.k : p.n, 0, result.data(), p.n);
      for (int i = 0; i < rows; ++i)
        for (int j = 0; j < p.n; ++j)
          c[static_cast<std::ptrdiff_t>(i) * p.ldc + j] = from_float<T>(result[static_cast<std::size_t>(i) * p.n + j]);
    }
  }

  template <class T>
  static void widen(const T* from, int stride, int rows, int columns, float* to) {
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < columns; ++j) *to++ = to_float(from[static_cast<std::ptrdiff_t>(i) * stride + j]);
  }
};

}  // namespace rcar::backend::device
