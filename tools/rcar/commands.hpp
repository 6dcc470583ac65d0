#pragma once
// The sub-commands of `rcar`: each stands in <name>.cpp of this folder and adds itself.

namespace rcar::tools {

class Program;

void add_train(Program& program);
void add_evaluate(Program& program);
void add_sweep(Program& program);
void add_extract(Program& program);

}  // namespace rcar::tools
