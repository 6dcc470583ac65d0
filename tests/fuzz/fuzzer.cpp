// libFuzzer's entry points. RCAR_FUZZ_TARGET names the target; RCAR_FUZZ_LIST=1 lists the targets with their seeds and
// seconds for an input.

#include <sys/mman.h>
#include <unistd.h>

#include "target.hpp"

extern "C" char __start___sancov_cntrs[], __stop___sancov_cntrs[];  // the linker's names of the section
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace {

using namespace rcar::fuzz;

const Target* chosen = nullptr;

/// Lets children count their coverage where the parent sees it: the whole pages of the counters become shared memory.
void share_counters() {
  const auto page = static_cast<std::uintptr_t>(::getpagesize());
  const std::uintptr_t begin = (reinterpret_cast<std::uintptr_t>(__start___sancov_cntrs) + page - 1) / page * page;
  const std::uintptr_t end = reinterpret_cast<std::uintptr_t>(__stop___sancov_cntrs) / page * page;
  if (begin >= end) return;
  void* const place = reinterpret_cast<void*>(begin);
  const std::vector<char> counts(static_cast<const char*>(place), static_cast<const char*>(place) + (end - begin));
  if (::mmap(place, end - begin, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
    std::abort();
  std::memcpy(place, counts.data(), counts.size());
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  ::setenv("RCAR_NUM_THREADS", "1", 1);
  if (std::getenv("RCAR_FUZZ_LIST")) {
    for (const Target& target : targets())
      std::printf("%s\t%s\t%d\n", target.name.c_str(), target.seeds.c_str(), target.most_s);
    std::exit(0);
  }
  const char* name = std::getenv("RCAR_FUZZ_TARGET");
  for (const Target& target : targets())
    if (name && target.name == name) chosen = &target;
  if (!chosen) {
    std::fprintf(stderr, "error: set RCAR_FUZZ_TARGET to a target; RCAR_FUZZ_LIST=1 lists them.\n");
    std::exit(2);
  }
  if (chosen->forks) share_counters();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  run(*chosen, {reinterpret_cast<const char*>(data), size});
  return 0;
}

/// Two changes in three are made whole again where the target knows how.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  size = LLVMFuzzerMutate(data, size, most);
  if (!chosen->mend || seed % 3 == 0) return size;
  const std::string mended = chosen->mend({reinterpret_cast<const char*>(data), size});
  if (mended.empty() || mended.size() > most) return size;
  std::memcpy(data, mended.data(), mended.size());
  return mended.size();
}
