#pragma once
/// Which vector instructions this process uses. Kernels for every set are in one binary and chosen here at run time, so
/// that no -march flag is needed.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "../core/error.hpp"

namespace rcar::backend {

/// Sets of vector instructions, each holding those before it.
enum class InstructionSet : std::uint8_t {
  baseline,  // what the compiler's flags allow (SSE2 on x86-64, NEON on AArch64)
  avx2,      // AVX2 and FMA
  avx512,    // AVX-512 F, VL, BW and DQ
};

constexpr std::string_view to_string(InstructionSet set) {
  return set == InstructionSet::avx512 ? "avx512" : set == InstructionSet::avx2 ? "avx2" : "baseline";
}

/// The widest set of this processor (and operating system).
inline InstructionSet hardware_instruction_set() {
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq"))
    return InstructionSet::avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return InstructionSet::avx2;
#endif
  return InstructionSet::baseline;
}

/// What `RCAR_INSTRUCTION_SET` asks for on a processor that has `hardware`; an empty text asks for the widest.
/// Throws UsageError when the text is no set's name or the processor lacks it.
inline InstructionSet choose_instruction_set(std::string_view asked, InstructionSet hardware) {
  if (asked.empty()) return hardware;
  for (auto set : {InstructionSet::baseline, InstructionSet::avx2, InstructionSet::avx512}) {
    if (asked != to_string(set)) continue;
    if (set <= hardware) return set;
    throw UsageError("RCAR_INSTRUCTION_SET is " + quoted(std::string(asked)) + " but this processor offers only " +
                     quoted(std::string(to_string(hardware))) + "; unset it.");
  }
  throw UsageError("RCAR_INSTRUCTION_SET is " + quoted(std::string(asked)) +
                   "; set it to baseline, avx2 or avx512, or unset it.");
}

/// The set that rcar's kernels use in this process: the widest, or what `RCAR_INSTRUCTION_SET` says.
inline InstructionSet active_instruction_set() {
  static const InstructionSet set = [] {
    const char* asked = std::getenv("RCAR_INSTRUCTION_SET");
    return choose_instruction_set(asked ? asked : "", hardware_instruction_set());
  }();
  return set;
}

/// "avx512", "avx2" or "baseline".
inline std::string instruction_set() { return std::string(to_string(active_instruction_set())); }

}  // namespace rcar::backend
