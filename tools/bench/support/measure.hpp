#pragma once
/// Medians, core time, and what the processor could do at best.

#include <rcar/backend/cpu.hpp>
#include <rcar/core/threads.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

namespace rcar::bench {

inline double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Seconds of one call: the median of `runs`, after `warmup` of them.
template <class Call>
double median_seconds(int warmup, int runs, Call&& call) {
  for (int i = 0; i < warmup; ++i) call();
  std::vector<double> seconds;
  for (int i = 0; i < runs; ++i) {
    const Stopwatch watch;
    call();
    seconds.push_back(watch.seconds());
  }
  return median(seconds);
}

/// Seconds that the cores have worked for this process, all threads together.
inline double core_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

namespace detail {

using Floats4 [[gnu::vector_size(16)]] = float;
using Floats8 [[gnu::vector_size(32)]] = float;
using Floats16 [[gnu::vector_size(64)]] = float;

/// Twelve chains of multiply-adds: enough to fill two units of four cycles' latency.
template <class Vector>
[[gnu::always_inline]] inline void multiply_add_chains(long steps, volatile float* in_out) {
  const Vector factor = Vector{} + in_out[0], addend = Vector{} + in_out[1];
  Vector a0 = factor, a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0, a8 = a0, a9 = a0, a10 = a0,
         a11 = a0;
  // What is written to in_out at the end tells the chains apart, so that none is left out.
  a1 += 1, a2 += 2, a3 += 3, a4 += 4, a5 += 5, a6 += 6, a7 += 7, a8 += 8, a9 += 9, a10 += 10, a11 += 11;
  for (long i = 0; i < steps; ++i) {
    a0 = a0 * factor + addend, a1 = a1 * factor + addend, a2 = a2 * factor + addend, a3 = a3 * factor + addend;
    a4 = a4 * factor + addend, a5 = a5 * factor + addend, a6 = a6 * factor + addend, a7 = a7 * factor + addend;
    a8 = a8 * factor + addend, a9 = a9 * factor + addend, a10 = a10 * factor + addend, a11 = a11 * factor + addend;
  }
  const Vector sum = a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11;
  float total = 0;
  for (std::size_t i = 0; i < sizeof(Vector) / sizeof(float); ++i) total += sum[i];
  in_out[2] = total;
}

#if defined(__x86_64__)
[[gnu::target("avx512f"), gnu::noinline]] inline void chains16(long steps, volatile float* values) {
  multiply_add_chains<Floats16>(steps, values);
}
[[gnu::target("avx2,fma"), gnu::noinline]] inline void chains8(long steps, volatile float* values) {
  multiply_add_chains<Floats8>(steps, values);
}
#endif
[[gnu::noinline]] inline void chains4(long steps, volatile float* values) {
  multiply_add_chains<Floats4>(steps, values);
}

}  // namespace detail

/// Float32 GFLOP/s of `threads` threads that do nothing but multiply and add, in the widest vectors of the instruction
/// set that the kernels use: the best of twenty bursts, for whatever else runs only takes from it. A multiply-add
/// counts as two.
inline double peak_gflops(std::size_t threads) {
  const backend::InstructionSet set = backend::active_instruction_set();
  const double floats = set >= backend::InstructionSet::avx512 ? 16 : set == backend::InstructionSet::avx2 ? 8 : 4;
  constexpr long steps = 2'000'000;
  const auto burst = [set] {
    volatile float values[3] = {0.9999f, 1e-4f, 0};
#if defined(__x86_64__)
    if (set >= backend::InstructionSet::avx512) return detail::chains16(steps, values);
    if (set == backend::InstructionSet::avx2) return detail::chains8(steps, values);
#endif
    detail::chains4(steps, values);
  };
  double best_seconds = 1e9;
  for (int round = 0; round < 20; ++round) {
    const Stopwatch watch;
    std::vector<std::thread> workers;
    for (std::size_t i = 1; i < threads; ++i) workers.emplace_back(burst);
    burst();
    for (auto& worker : workers) worker.join();
    best_seconds = std::min(best_seconds, watch.seconds());
  }
  return 2e-9 * 12 * floats * static_cast<double>(steps) * static_cast<double>(threads) / best_seconds;
}

}  // namespace rcar::bench
