"""Checks by disassembly that a processor can run every function that the choice of its instruction set lets it reach.

Functions in a namespace avx2, avx512 or amx may use that set; all others, those of the standard library, lambdas and the
compiler's clones among them, only what the compiler's flags allow: without -mavx no wide register and no VEX encoding.
One function of the standard library compiled with a wider set would be enough: the linker keeps one copy for all.

usage: check_instructions.py --compiler CXX [--flags=FLAGS] OBJECT_OR_ARCHIVE...
"""

import argparse
import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIP_EXIT_CODE = 77
SETS = ["baseline", "avx2", "avx512"]
FAMILIES = {"simd": SETS, "native": [*SETS, "amx"], "native::gemm_kernels": SETS, "native::head_kernels": SETS}  # below rcar::backend

FUNCTION = re.compile(r"^[0-9a-f]+ <(.+)>:$")
INSTRUCTION = re.compile(r"^\s+[0-9a-f]+:\t(?:(?:lock|rep[a-z]*|data16|bnd|notrack|cs|ds|\{\w+\})\s+)*([a-z]\w*)(.*)$")
# VEX encodings that do not begin with v: BMI's and those of masks. What begins with v and is no vector instruction
# (verr, vmcall and the like) stands in no program.
VEX_WITHOUT_V = re.compile(r"^(andn|bextr|bls(i|r|msk)|bzhi|mulx|pdep|pext|rorx|sarx|shlx|shrx|"
                           r"k(add|and|andn|mov|not|or|ortest|shiftl|shiftr|test|unpck|xnor|xor)[bwdq]{1,2})[lq]?$")
TILE = re.compile(r"^(tile|tdp|ldtilecfg|sttilecfg)")
WIDEST = re.compile(r"%zmm|%[xy]mm(1[6-9]|2\d|3[01])|%k[0-7]|\{%k")
USES = {"baseline": r"(mul|add)ps\b.*%xmm", "avx2": r"vfn?m(add|sub)\w*ps\b.*%ymm", "avx512": r"vfn?m(add|sub)\w*ps\b.*%zmm", "amx": r"tdpbf16ps"}


def scopes(symbol):
    """The namespaces and names around a mangled function: ['rcar', 'backend', 'simd', 'avx2', 'add'], [] of std's.

    Templates' arguments and parameters do not count: std::sort of an avx2 type is std's."""
    at = re.match(r"_Z(?:GV|GR|T[hvc][n\d_]*)*Z*N[rVKRO]*", symbol)
    names, position = [], at.end() if at else len(symbol)
    while length := re.match(r"\d+", symbol[position:]):
        begin = position + length.end()
        position = begin + int(length[0])
        names.append(symbol[begin:position])
    return names


def set_of(symbol):
    names = scopes(symbol)
    return next((name for name in ("avx2", "avx512", "amx") if names[:2] == ["rcar", "backend"] and name in names), "baseline")


def fault(instruction_set, mnemonic, operands):
    if instruction_set == "amx":
        return False
    if TILE.match(mnemonic):
        return True
    if instruction_set == "avx512":
        return False
    if instruction_set == "avx2":
        return bool(WIDEST.search(operands))
    return mnemonic[0] == "v" or bool(VEX_WITHOUT_V.match(mnemonic) or re.search(r"%[yz]mm", operands))


def check(paths):
    """Faulty functions with an instruction of each, and how many functions of each (family, set) do vector arithmetic."""
    faulty, used, functions = {}, collections.defaultdict(set), 0
    for path in paths:
        objdump = subprocess.Popen(["objdump", "-d", "--no-show-raw-insn", path], text=True, stdout=subprocess.PIPE)
        symbol = instruction_set = family = None
        for line in objdump.stdout:
            if start := FUNCTION.match(line):
                symbol, functions = start[1], functions + 1
                instruction_set = set_of(symbol)
                names = scopes(symbol)
                own = next((name for name in FAMILIES["native"] if name in names), None)
                family = "::".join(names[2 : names.index(own)]) if own else None
            elif symbol and (instruction := INSTRUCTION.match(line)):
                if symbol not in faulty and fault(instruction_set, instruction[1], instruction[2]):
                    faulty[symbol] = instruction_set, (instruction[1] + instruction[2]).strip()
                if family and re.match(USES[own], instruction[1] + instruction[2]):
                    used[family, own].add(symbol)
        if objdump.wait() != 0:
            sys.exit(f"error: objdump could not read {path}")
    return faulty, used, functions


def report(faulty):
    names = subprocess.run(["c++filt"], input="\n".join(faulty), text=True, stdout=subprocess.PIPE).stdout.split("\n")
    for name, (instruction_set, instruction) in zip(names, faulty.values()):
        print(f"{name} may use {instruction_set} only, but has: {instruction}")


def self_test(compiler):
    """The faults that this looks for are found in a source that has them."""
    source = """
typedef float Floats __attribute__((vector_size(32)));
template <class T> __attribute__((target("avx2,fma"), noinline)) T sum_of(const T* x) { return x[0] + x[1]; }
namespace rcar::backend::avx2 { struct Type { Floats v; }; }
namespace rcar::backend::baseline {
__attribute__((target("avx2"))) float faulty(const float* x) { return x[0] + x[1]; }
float right(const float* x) { return x[0] + x[1]; }
}
namespace rcar::backend::avx2 {
__attribute__((target("avx512f"))) void faulty(float* x) {
  typedef float Wide __attribute__((vector_size(64)));
  Wide v; __builtin_memcpy(&v, x, 64); v += v; __builtin_memcpy(x, &v, 64);
}
__attribute__((target("avx2"))) void right(float* x) {
  Floats v; __builtin_memcpy(&v, x, 32); v += v; __builtin_memcpy(x, &v, 32);
}
__attribute__((target("avx2"))) float with_lambda(const float* x) {
  return [](const float* y) __attribute__((target("avx2"), noinline)) { return y[0] + y[1]; }(x);
}
}
namespace rcar::backend::avx512 { void faulty() { asm volatile("tilerelease"); } }
namespace rcar::backend::amx { void right() { asm volatile("tilerelease"); } }
template float sum_of<float>(const float*);
int shift(int x, int by) { return x << by; }
__attribute__((target("bmi2"))) int faulty_shift(int x, int by) { return x << by; }
"""
    expected = {"_Z6sum_ofIfET_PKS0_", "_Z12faulty_shiftii", "_ZN4rcar7backend8baseline6faultyEPKf",
                "_ZN4rcar7backend4avx26faultyEPf", "_ZN4rcar7backend6avx5126faultyEv"}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "faulty.o"
        subprocess.run([compiler, "-std=c++20", "-O1", "-w", "-x", "c++", "-c", "-", "-o", path], input=source, text=True,
                       check=True)
        found = set(check([path])[0])
    if found != expected:
        sys.exit(f"error: of faults made for it this test found {sorted(found)} instead of {sorted(expected)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--flags", default="", help="what the objects were compiled with")
    parser.add_argument("objects", nargs="+")
    args = parser.parse_args()

    macros = subprocess.run([args.compiler, *args.flags.split(), "-dM", "-E", "-x", "c++", os.devnull], text=True, stdout=subprocess.PIPE)
    if "__x86_64__" not in macros.stdout or "__AVX__" in macros.stdout or not shutil.which("objdump"):
        print("skipped: needs objdump, and a compiler for x86-64 whose flags do not allow AVX anyway")
        return SKIP_EXIT_CODE
    self_test(args.compiler)

    faulty, used, functions = check(args.objects)
    report(faulty)
    missing = [f"{family}::{each}" for family, sets in FAMILIES.items() for each in sets if not used[family, each]]
    for name in missing:
        print(f"no function of rcar::backend::{name} does arithmetic on its vectors: were its kernels compiled for it?")
    print(f"{functions - len(faulty)} of {functions} functions use what they may, by objdump")
    return 1 if faulty or missing else 0


if __name__ == "__main__":
    sys.exit(main())
