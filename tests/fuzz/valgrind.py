"""Replays all known files under Valgrind: no read of memory that is not set or not ours, no leak. Targets that start
processes are left out: what HDF5 and FFmpeg do is not rcar's to mend.

usage: valgrind.py REPLAY FOLDER GOLDEN_FOLDER
"""

import shutil
import subprocess
import sys

SKIPPED = 77
TARGETS = ["cache_entry", "cache_marker", "clip_list", "csv", "json", "keras_result", "manifest", "model", "mpeg4_head",
           "packed", "safetensors", "torch_checkpoint", "torch_pickle",
           "training_state", "ucf101_list"]


def main():
    if not shutil.which("valgrind"):
        print("skipped: no valgrind; apt install valgrind")
        return SKIPPED
    command = ["valgrind", "--quiet", "--error-exitcode=9", "--leak-check=full", "--errors-for-leak-kinds=definite"]
    return subprocess.run([*command, *sys.argv[1:], *TARGETS]).returncode


if __name__ == "__main__":
    sys.exit(main())
