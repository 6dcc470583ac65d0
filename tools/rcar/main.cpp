// rcar: everything that the library does, from the command line.
#include "commands.hpp"
#include "program.hpp"

int main(int argc, char** argv) {
  rcar::tools::Program program;
  rcar::tools::add_doctor(program);
  rcar::tools::add_extract(program);
  rcar::tools::add_train(program);
  rcar::tools::add_evaluate(program);
  rcar::tools::add_predict(program);
  rcar::tools::add_sweep(program);
  rcar::tools::add_inspect(program);
  rcar::tools::add_convert(program);
  rcar::tools::add_gif(program);
  rcar::tools::add_bench(program);
  rcar::tools::add_completion(program);
  return program.run(argc, argv);
}
