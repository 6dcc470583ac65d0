"""The native kernels on another processor: cross-compiled, and run beside Reference where an emulator is installed.

usage: other_processor.py SOURCE_FOLDER PROCESSOR        PROCESSOR: aarch64
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

SKIP_EXIT_CODE = 77


def main():
    source, processor = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    compiler = shutil.which(f"{processor}-linux-gnu-g++")
    if compiler is None:
        print(f"skipped: {processor}-linux-gnu-g++ is not installed (tools/setup --long)")
        return SKIP_EXIT_CODE
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "native_layers"
        # The warnings of CMakeLists.txt, and those that it leaves out with g++ 12.
        subprocess.run([compiler, "-std=c++20", "-O2", "-static", "-Wall", "-Wextra", "-Werror", "-Wno-restrict",
                        "-Wno-stringop-overflow", "-Wno-array-bounds", "-I", source / "include", "-I", source,
                        source / "tests/programs/native_layers.cpp", "-o", program], check=True)
        emulator = shutil.which(f"qemu-{processor}-static") or shutil.which(f"qemu-{processor}")
        if emulator is None:
            print(f"It compiles; not run, since qemu-{processor} is not installed (tools/setup --long).")
            return 0
        return subprocess.run([emulator, program]).returncode


if __name__ == "__main__":
    sys.exit(main())
