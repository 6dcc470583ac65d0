// rcar: everything that the library does, from the command line.
#include "commands.hpp"
#include "program.hpp"

int main(int argc, char** argv) {
  rcar::tools::Program program;
  rcar::tools::add_doctor(program);
  rcar::tools::add_train(program);
  rcar::tools::add_evaluate(program);
  rcar::tools::add_predict(program);
  rcar::tools::add_sweep(program);
  return program.run(argc, argv);
}
