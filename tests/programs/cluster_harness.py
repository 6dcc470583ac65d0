"""mpirun, as the tests of several ranks use it."""

import contextlib
import os
import shutil
import subprocess
import sys

from harness import SKIP_EXIT_CODE, Result, expect, main

RESULTS = ["model.rcar", "history.csv", "predictions.csv", "split.csv", "best_weights.safetensors"]
FEATURES = ["features.npy", "mask.npy", "clips.csv", "quarantine.csv"]
NETWORK = ["--weights", "lite0.safetensors", "--backbone", "efficientnetlite0"]
# Open MPI refuses root, which containers are, and counts cores; a thread a rank keeps the ranks off one another.
MPIRUN = ["mpirun", "--oversubscribe", "--bind-to", "none", "--mca", "btl_base_warn_component_unused", "0"]
ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def environment(place):
    # Open MPI leaves memory behind in plug-ins that it has unloaded, which no list of exceptions can name.
    sanitizer = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
    return place.environment({"RCAR_NUM_THREADS": "1", **ROOT, **sanitizer})


def start(place, ranks, command, mpirun=()):
    return subprocess.Popen([*MPIRUN, *mpirun, "-n", str(ranks), *(str(word) for word in command)], cwd=place.folder,
                            env={**environment(place), "TERM": "xterm"}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, errors="replace")


def together(place, ranks, *command, mpirun=()):
    """Runs a command by so many ranks."""
    process = start(place, ranks, command, mpirun)
    out, err = process.communicate(timeout=240)
    expect("\x1b" not in out, f"colours in what is no terminal: {out!r}")
    return Result([*MPIRUN, "-n", ranks, *command],
                  subprocess.CompletedProcess(command, process.returncode, out, err))


def rcar(place, *arguments):
    return place.command("rcar", arguments)


def training(place):
    return str(place.build / "tests/cluster_training")


def errors(result):
    return [line for line in result.err.splitlines() if line.startswith("error: ")]


def expect_same(place, one, other, names):
    for name in names:
        expect((place / one / name).read_bytes() == (place / other / name).read_bytes(), f"{one}/{name} and {other}/{name} differ")


def prepare(place):
    place.run("generate_clips", "--out", "clips", "--clips-per-class", 4, "--frames", 6, "--size", "64x48").succeeds()
    place.run("draw_weights", "efficientnetlite0", "lite0.safetensors").succeeds()
    (place / "clips/Growing/damaged.avi").write_bytes(b"this is no video")
    alone = place.run("rcar", "extract", "clips", *NETWORK, "--out", "alone", "--quiet")
    expect(alone.code == 3, alone)


def rank_of(mpirun, rank):
    """The process of a rank that mpirun started here, once there is one."""
    for folder in os.listdir("/proc"):
        if not folder.isdigit():
            continue
        with contextlib.suppress(OSError, IndexError):
            parent = int(open(f"/proc/{folder}/stat").read().rsplit(")", 1)[1].split()[1])
            if parent == mpirun and f"OMPI_COMM_WORLD_RANK={rank}" in open(f"/proc/{folder}/environ").read().split("\0"):
                return int(folder)
    return None


def main_with_mpi(description):
    if not shutil.which("mpirun"):
        print("skipped: there is no mpirun")
        return SKIP_EXIT_CODE
    if len(sys.argv) > 1 and not os.path.exists(os.path.join(sys.argv[1], "tests/cluster_training")):
        print("skipped: rcar was built without MPI")
        return SKIP_EXIT_CODE
    return main(prepare, description, ["rcar", "generate_clips", "draw_weights"])
