#pragma once
// The sub-commands of `rcar`: each stands in <name>.cpp of this folder and adds itself.

namespace rcar::tools {

class Program;

void add_bench(Program& program);
void add_completion(Program& program);
void add_convert(Program& program);
void add_doctor(Program& program);
void add_evaluate(Program& program);
void add_extract(Program& program);
void add_gif(Program& program);
void add_inspect(Program& program);
void add_predict(Program& program);
void add_sweep(Program& program);
void add_train(Program& program);

}  // namespace rcar::tools
