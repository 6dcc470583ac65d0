"""Runs a test program under Valgrind: no read of memory that is not set or not ours, no leak. Processes that it forks are not
looked at: they end without giving memory back.

usage: valgrind.py PROGRAM ARGUMENTS...
"""

import os
import shutil
import subprocess
import sys

SKIPPED = 77
# Valgrind knows no instructions beyond AVX2.
ENVIRONMENT = {"RCAR_INSTRUCTION_SET": "avx2", "OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_NUM_THREADS": "1"}


def main():
    if not shutil.which("valgrind"):
        print("skipped: no valgrind; apt install valgrind")
        return SKIPPED
    command = ["valgrind", "--quiet", "--error-exitcode=9", "--leak-check=full", "--errors-for-leak-kinds=definite", "--show-leak-kinds=definite",
               "--child-silent-after-fork=yes"]
    return subprocess.run([*command, *sys.argv[1:]], env={**os.environ, **ENVIRONMENT}).returncode


if __name__ == "__main__":
    sys.exit(main())
