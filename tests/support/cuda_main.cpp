/// The main of the tests that run on a GPU: without one they are skipped, never passed.

#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstring>
#include <rcar/backend/cuda.hpp>
#include <rcar/core/error.hpp>

#include "skip.hpp"

int main(int argc, char* argv[]) {
  bool lists = false;  // which needs no GPU
  for (int i = 1; i < argc; ++i) lists = lists || std::strncmp(argv[i], "--list", 6) == 0;
  if (!lists) {
    try {
      rcar::backend::Cuda::require_device();
    } catch (const rcar::DeviceError& error) {
      std::printf("skipped: %s\n", error.what());
      return rcar::test::skip_exit_code;
    }
    std::printf("%s, %s\n", rcar::backend::Cuda::device_name().c_str(), rcar::backend::Cuda::engine().c_str());
  }
  const int failures = Catch::Session().run(argc, argv);
  if (failures == 0 && rcar::test::skipped_tests > 0) return rcar::test::skip_exit_code;
  return failures;
}
