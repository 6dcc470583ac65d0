#include <rcar/backend/blas/gemm.hpp>
#include <rcar/backend/cpu.hpp>

#include <catch2/catch.hpp>
#include <string>

namespace {

using rcar::backend::choose_instruction_set;
using rcar::backend::InstructionSet;
using rcar::backend::blas::coretype_advice;

TEST_CASE("the widest instruction set is used unless a narrower one is asked for") {
  CHECK(choose_instruction_set("", InstructionSet::avx512) == InstructionSet::avx512);
  CHECK(choose_instruction_set("avx2", InstructionSet::avx512) == InstructionSet::avx2);
  CHECK(choose_instruction_set("avx512", InstructionSet::amx) == InstructionSet::avx512);
  CHECK(choose_instruction_set("amx", InstructionSet::amx) == InstructionSet::amx);
  CHECK(choose_instruction_set("baseline", InstructionSet::baseline) == InstructionSet::baseline);
}

TEST_CASE("an instruction set that the processor lacks or nobody knows is refused in one sentence") {
  CHECK_THROWS_WITH(choose_instruction_set("avx512", InstructionSet::avx2),
                    "RCAR_INSTRUCTION_SET is 'avx512' but this processor offers only 'avx2'; unset it.");
  CHECK_THROWS_WITH(choose_instruction_set("sse9", InstructionSet::avx2),
                    "RCAR_INSTRUCTION_SET is 'sse9'; set it to baseline, avx2, avx512 or amx, or unset it.");
}

TEST_CASE("OpenBLAS kernels far below the processor are noticed, with the variable to set") {
  CHECK(coretype_advice("Prescott", InstructionSet::avx512) ==
        "OpenBLAS does not know this processor and runs its slow 'Prescott' kernels; set OPENBLAS_CORETYPE=SkylakeX in "
        "the environment.");
  CHECK(coretype_advice("Nehalem", InstructionSet::avx2).find("OPENBLAS_CORETYPE=Haswell") != std::string::npos);
}

TEST_CASE("OpenBLAS kernels that fit the processor give no notice") {
  for (const char* core : {"SkylakeX", "Cooperlake", "SapphireRapids", "Haswell", "Zen", ""})
    for (auto set : {InstructionSet::avx512, InstructionSet::amx}) CHECK(coretype_advice(core, set).empty());
  CHECK(coretype_advice("Prescott", InstructionSet::baseline).empty());
}

}  // namespace
