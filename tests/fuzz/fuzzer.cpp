// libFuzzer's entry points. RCAR_FUZZ_TARGET names the target; RCAR_FUZZ_LIST=1 lists the targets with their seeds.

#include "target.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace {

using namespace rcar::fuzz;

const Target* chosen = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  ::setenv("RCAR_NUM_THREADS", "1", 1);
  if (std::getenv("RCAR_FUZZ_LIST")) {
    for (const Target& target : targets()) std::printf("%s\t%s\n", target.name.c_str(), target.seeds.c_str());
    std::exit(0);
  }
  const char* name = std::getenv("RCAR_FUZZ_TARGET");
  for (const Target& target : targets())
    if (name && target.name == name) chosen = &target;
  if (!chosen) {
    std::fprintf(stderr, "error: set RCAR_FUZZ_TARGET to a target; RCAR_FUZZ_LIST=1 lists them.\n");
    std::exit(2);
  }
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
