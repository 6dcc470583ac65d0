/// The one Catch2 main of all test programs: it takes long to compile, so it is compiled once.

#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#include <cstdio>
#include <rcar/backend/cpu.hpp>

#include "skip.hpp"

int main(int argc, char* argv[]) {
  try {
    rcar::backend::active_instruction_set();
  } catch (const rcar::UsageError& error) {  // CTest asks for every set, also for those that are not here
    std::printf("skipped: %s\n", error.what());
    return rcar::test::skip_exit_code;
  }
  const int failures = Catch::Session().run(argc, argv);
  if (failures == 0 && rcar::test::skipped_tests > 0) return rcar::test::skip_exit_code;
  return failures;
}
