"""Compiles sources without making objects and checks what the compiler says.

A source's first line is its test:
    // expects: <sentence>    it must not compile, and the sentence must be among the errors
    // compiles               it must compile

usage: check.py --flags FILE --compiler CXX [--if-present] SOURCE...
       check.py --flags FILE --compiler CXX --headers FOLDER    every header of the folder by itself
"""

import argparse
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys

SKIP_EXIT_CODE = 77
CUDA_FOLDER = "/usr/local/cuda/bin"

# As CMakeLists.txt gives them to who links rcar::rcar.
CLANG_LIMIT = "-fconstexpr-steps=100000000"
NVCC_LIMIT = "-Xcudafe=--max_cost_constexpr_call=100000000"


def command_line(compiler, flags, source):
    if pathlib.Path(compiler).name == "nvcc":
        return [compiler, *flags, NVCC_LIMIT, "-c", "-o", os.devnull, source]
    limit = [CLANG_LIMIT] if "clang" in pathlib.Path(compiler).name else []
    # As a main file a header would be warned of for its #pragma once.
    header = ["-x", "c++", "-include", source, os.devnull] if source.endswith(".hpp") else [source]
    return [compiler, *flags, *limit, "-Wall", "-Wextra", "-Werror", "-fsyntax-only", *header]


def check(compiler, flags, source):
    """The reason why the source fails its test, or None."""
    expected = None
    if not source.endswith(".hpp"):
        first = pathlib.Path(source).read_text().split("\n", 1)[0]
        if first.startswith("// expects: "):
            expected = first.removeprefix("// expects: ").strip()
        elif first.strip() != "// compiles":
            return "its first line is neither '// expects: <sentence>' nor '// compiles'"
    run = subprocess.run(command_line(compiler, flags, source), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if expected is None:
        return None if run.returncode == 0 else f"it does not compile:\n{run.stdout[:4000]}"
    if run.returncode == 0:
        return f"it compiles, but should be refused with: {expected}"
    errors = " ".join(line for line in run.stdout.splitlines() if "error" in line or "note" in line)
    return None if expected in errors else f"the sentence is missing: {expected}\nThe compiler said:\n{run.stdout[:4000]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flags", required=True, help="file with a flag a line")
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--if-present", action="store_true", help="skip when the compiler is not installed")
    parser.add_argument("--headers", help="folder whose headers are compiled alone")
    parser.add_argument("--without", metavar="FOLDER", help="leave out the headers of a folder whose library is not here")
    parser.add_argument("sources", nargs="*")
    args = parser.parse_args()

    compiler = shutil.which(args.compiler, path=os.environ["PATH"] + os.pathsep + CUDA_FOLDER)
    if compiler is None:
        print(f"skipped: {args.compiler} is not installed")
        return SKIP_EXIT_CODE if args.if_present else 1
    flags = pathlib.Path(args.flags).read_text().split("\n")
    sources = list(args.sources)
    if args.headers:
        sources += sorted(str(path) for path in pathlib.Path(args.headers).rglob("*.hpp")
                          if args.without is None or path.parent.name != args.without)
    if not sources:
        print("error: nothing to check")
        return 1

    failures = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() if len(sources) > 1 else 1) as pool:
        for source, reason in zip(sources, pool.map(lambda source: check(compiler, flags, source), sources)):
            if reason is not None:
                failures += 1
                print(f"{source}: {reason}")
    print(f"{len(sources) - failures} of {len(sources)} as they should be, by {compiler}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
