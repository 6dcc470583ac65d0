"""Runs tools/quickstart twice: it must leave what it promises, learn the order of events, and do nothing twice.

usage: check.py SOURCE_FOLDER BUILD_FOLDER
"""

import json
import pathlib
import shutil
import subprocess
import sys

# Clips come in pairs that differ in the order of events only: a head that ignores order is right half the time.
LEAST_ACCURACY = 0.85
SIGNATURES = {"curves.png": b"\x89PNG", "confusion.png": b"\x89PNG", "prediction.gif": b"GIF89a", "model.rcar": b""}


def main():
    source, build = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    out = build / "quickstart"
    for part in ("quickstart", "cache", ".clips-drawn", "weights/efficientnetlite0.safetensors"):  # keeps the fetched file
        path = out / part
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    command = [source / "tools" / "quickstart", "--no-setup", "--build", build, "--out", out]

    faults = []
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    result = out / "quickstart"
    for name, signature in SIGNATURES.items():
        path = result / name
        if not path.is_file() or path.stat().st_size == 0 or not path.read_bytes().startswith(signature):
            faults.append(f"{path} is missing or no such file")
    metrics = json.loads((result / "metrics.json").read_text())
    print(f"test accuracy {metrics['test_accuracy']:.4f}")
    if metrics["test_accuracy"] < LEAST_ACCURACY:
        faults.append(f"the test accuracy is below {LEAST_ACCURACY}")
    model = (result / "model.rcar").read_bytes()

    again = subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True).stdout
    metrics = json.loads((result / "metrics.json").read_text())
    if again.count("They are there already.") != 2:
        faults.append("the second run drew the clips or made the weights again")
    clips = metrics["train_clips"] + metrics["validation_clips"] + metrics["test_clips"]
    if metrics["cached_clips"] != clips:
        faults.append(f"the second run found {metrics['cached_clips']} of {clips} clips in the cache")
    if (result / "model.rcar").read_bytes() != model:
        faults.append("the second run's model differs from the first one's")

    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
