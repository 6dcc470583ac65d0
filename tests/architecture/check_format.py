"""Checks that the sources are formatted as .clang-format says, by clang-format 14 (versions format differently).

usage: check_format.py SOURCE_FOLDER [--fix]
"""

import pathlib
import shutil
import subprocess
import sys

FOLDERS = ["include", "examples", "tests", "tools"]


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    program = shutil.which("clang-format-14")
    if program is None:
        print("skipped: clang-format-14 is not installed")
        return 77
    sources = [str(path) for folder in FOLDERS for ending in ("hpp", "cpp", "cu", "cuh") for path in (root / folder).rglob(f"*.{ending}")]
    mode = ["-i"] if "--fix" in sys.argv else ["--dry-run", "-Werror"]
    run = subprocess.run([program, *mode, *sources], cwd=root, text=True, stderr=subprocess.PIPE)
    print(run.stderr[-4000:])
    if run.returncode != 0:
        print(f"Format them with: python3 {pathlib.Path(__file__).resolve().relative_to(root)} . --fix")
    return 1 if run.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
