"""Runs a test program under Valgrind: no read of memory that is not set or not ours, no leak. Processes that it forks are not
looked at: they end without giving memory back.

usage: valgrind.py PROGRAM ARGUMENTS...
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
# Valgrind knows no instructions beyond AVX2.
ENVIRONMENT = {"RCAR_INSTRUCTION_SET": "avx2", "OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_NUM_THREADS": "1"}


def main():
    if not shutil.which("valgrind"):
        print("skipped: no valgrind; apt install valgrind")
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        # No exit code says it: one that errors change would reach the children, whose end the tests look at.
        command = ["valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=definite", f"--log-file={folder}/%p"]
        process = subprocess.Popen([*command, *sys.argv[1:]], env={**os.environ, **ENVIRONMENT})
        code = process.wait()
        found = (pathlib.Path(folder) / str(process.pid)).read_text(errors="replace")
    print(found)
    return code or (1 if found.strip() else 0)


if __name__ == "__main__":
    sys.exit(main())
