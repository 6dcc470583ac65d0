// rcar: everything that the library does, from the command line.
#include "commands.hpp"
#include "program.hpp"

int main(int argc, char** argv) {
  rcar::tools::Program program;
  rcar::tools::add_train(program);
  rcar::tools::add_evaluate(program);
  rcar::tools::add_sweep(program);
  rcar::tools::add_extract(program);
  return program.run(argc, argv);
}
