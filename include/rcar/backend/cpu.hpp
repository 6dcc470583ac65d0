#pragma once
/// Which vector instructions this process uses. Kernels for every set are in one binary and chosen here at run time, so
/// that no -march flag is needed.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#if defined(__x86_64__) && defined(__GNUC__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "../core/error.hpp"

namespace rcar::backend {

/// Sets of vector instructions, each holding those before it.
enum class InstructionSet : std::uint8_t {
  baseline,  // what the compiler's flags allow (SSE2 on x86-64, NEON on AArch64)
  avx2,      // AVX2 and FMA
  avx512,    // AVX-512 F, VL, BW and DQ
  amx,       // AMX's tiles of bfloat16 numbers too
};

/// Every set, from the narrowest.
inline constexpr InstructionSet instruction_sets[] = {InstructionSet::baseline, InstructionSet::avx2,
                                                      InstructionSet::avx512, InstructionSet::amx};

/// "baseline", "avx2", "avx512" or "amx".
constexpr std::string_view to_string(InstructionSet set) {
  constexpr std::string_view names[] = {"baseline", "avx2", "avx512", "amx"};
  return names[static_cast<std::size_t>(set)];
}

#if defined(__x86_64__) && defined(__GNUC__) && defined(__linux__)
/// Whether this process may use the tile registers, which Linux gives to those that ask (from 5.16 on): it makes room
/// for them in signal frames, and refuses where a thread's alternative signal stack is too small for those.
inline bool ask_for_tile_registers() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned bf16_and_tiles = 1u << 22 | 1u << 24;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & bf16_and_tiles) != bf16_and_tiles) return false;
  constexpr long request_permission = 0x1023, tile_data = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}
#endif

/// The widest set of this processor (and operating system).
inline InstructionSet hardware_instruction_set() {
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq")) {
#if defined(__linux__)
    if (ask_for_tile_registers()) return InstructionSet::amx;
#endif
    return InstructionSet::avx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return InstructionSet::avx2;
#endif
  return InstructionSet::baseline;
}

/// What `RCAR_INSTRUCTION_SET` asks for on a processor that has `hardware`; an empty text asks for the widest.
/// Throws UsageError when the text is no set's name or the processor lacks it.
inline InstructionSet choose_instruction_set(std::string_view asked, InstructionSet hardware) {
  if (asked.empty()) return hardware;
  for (auto set : instruction_sets) {
    if (asked != to_string(set)) continue;
    if (set <= hardware) return set;
    throw UsageError("RCAR_INSTRUCTION_SET is " + quoted(std::string(asked)) + " but this processor offers only " +
                     quoted(std::string(to_string(hardware))) + "; unset it.");
  }
  throw UsageError("RCAR_INSTRUCTION_SET is " + quoted(std::string(asked)) +
                   "; set it to baseline, avx2, avx512 or amx, or unset it.");
}

/// The set that rcar's kernels use in this process: the widest, or what `RCAR_INSTRUCTION_SET` says.
inline InstructionSet active_instruction_set() {
  static const InstructionSet set = [] {
    const char* asked = std::getenv("RCAR_INSTRUCTION_SET");
    return choose_instruction_set(asked ? asked : "", hardware_instruction_set());
  }();
  return set;
}

/// "amx", "avx512", "avx2" or "baseline".
inline std::string instruction_set() { return std::string(to_string(active_instruction_set())); }

}  // namespace rcar::backend
