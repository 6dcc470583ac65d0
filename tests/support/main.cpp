/// The one Catch2 main of all test programs: it takes long to compile, so it is compiled once.

#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include "skip.hpp"

int main(int argc, char* argv[]) {
  const int failures = Catch::Session().run(argc, argv);
  if (failures == 0 && rcar::test::skipped_tests > 0) return rcar::test::skip_exit_code;
  return failures;
}
