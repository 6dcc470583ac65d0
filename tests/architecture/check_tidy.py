"""Runs clang-tidy with .clang-tidy over the programs that between them include every header (a whole run takes too long).

usage: check_tidy.py SOURCE_FOLDER BUILD_FOLDER
"""

import pathlib
import shutil
import subprocess
import sys

PROGRAMS = ["tools/convert/keras.cpp", "tools/convert/torch.cpp", "examples/train_ucf5.cpp",
            "tests/programs/write_report.cpp"]


def main():
    root, build = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    program = shutil.which("clang-tidy-14")
    if program is None:
        print("skipped: clang-tidy-14 is not installed")
        return 77
    if not (build / "compile_commands.json").is_file():
        print("error: no compile_commands.json; configure with a Ninja or Makefile generator")
        return 1
    command = [program, "-p", str(build), "--quiet", "--extra-arg=-fconstexpr-steps=100000000", "--extra-arg=-Wno-unknown-warning-option", f"--header-filter={root}/include/.*"]
    running = [subprocess.Popen([*command, str(root / path)], text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for path in PROGRAMS]
    failed = False
    for path, process in zip(PROGRAMS, running):
        output, _ = process.communicate()
        print(f"{path}: {'clean' if process.returncode == 0 else output}")
        failed |= process.returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
