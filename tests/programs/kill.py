"""Kills training at random moments, starts it again until it ends, and compares every result with an undisturbed run's.

usage: kill.py BUILD_FOLDER [--kills N] [--seed S] [--program train_ucf5|rcar] [--keep]
"""

import argparse
import json
import random
import re
import shutil
import subprocess
import sys
import time

from harness import SKIP_EXIT_CODE, Failure, Workplace, expect

RESULTS = ["model.rcar", "best_weights.safetensors", "history.csv", "predictions.csv", "split.csv", "quarantine.csv",
           "curves.png", "confusion.png"]
CLASSES = ("Growing", "Shrinking", "StripesThenDots", "DotsThenStripes")
WARNINGS = re.compile(r"^warning: ")


class Run:
    """One process: `kill_after` seconds from its start it is killed, or it ends before."""

    def __init__(self, place, program, out, kill_after=None):
        options = ["--backbone", "efficientnetlite0", "--cell", "lstm", "--weights", "lite0.safetensors",
                   "--epochs", EPOCHS, "--patience", EPOCHS, "--batch-size", 4, "--seed", 7, "--out", out]
        command = ["train", "four", *options] if program == "rcar" else ["--data", "four", *options]
        start = time.monotonic()
        process = subprocess.Popen(place.command(program, command), cwd=place.folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env=place.environment({"RCAR_NUM_THREADS": "2"}))
        try:
            self.out, self.err = process.communicate(timeout=kill_after if kill_after is not None else 300)
        except subprocess.TimeoutExpired:
            process.kill()
            self.out, self.err = process.communicate()
        self.seconds, self.code = time.monotonic() - start, process.returncode
        self.killed = self.code == -9
        expect(self.killed or self.code == 0, f"it ended with {self.code}:", self.err)
        for line in self.err.splitlines():
            expect(WARNINGS.match(line) or "[" in line, "a line that is no warning:", line)


def entries(place, out):
    return {path.name: path for path in (place / out / "cache").glob("*.npy")}


def phase(place, out, clips):
    """What a killed run was at."""
    if (place / out / "model.rcar").exists():
        return "results"
    if not (place / out / "cache/cache.json").exists():
        return "loading"
    return "extraction" if len(entries(place, out)) < clips else "training"


def expect_same_so_far(place, out):
    """Whatever lies in the folder is whole, and what it will be in the end."""
    for name in RESULTS:
        path = place / out / name
        if path.exists() and name != "best_weights.safetensors":  # which are the best so far
            expect(path.read_bytes() == (place / "undisturbed" / name).read_bytes(), path, "differs after a kill")
    whole = entries(place, "undisturbed")
    for name, path in entries(place, out).items():
        expect(name in whole and path.read_bytes() == whole[name].read_bytes(), path, "differs after a kill")


def expect_same(place, out):
    for name in RESULTS:
        expect((place / out / name).read_bytes() == (place / "undisturbed" / name).read_bytes(), f"{out}/{name} differs")
    expect_same_so_far(place, out)
    expect(entries(place, out).keys() == entries(place, "undisturbed").keys(), "other entries in", out)
    names = {name for name in place.files(out) if not name.startswith("cache/")}
    expect(names == {name for name in place.files("undisturbed") if not name.startswith("cache/")}, "files are left:", names)
    accuracy = [json.loads((place / folder / "metrics.json").read_text())["test_accuracy"] for folder in (out, "undisturbed")]
    expect(accuracy[0] == accuracy[1], accuracy)


def prove(place, program, kills, seed):
    place.run("generate_clips", "--out", "clips", "--clips-per-class", 6, "--frames", 20, "--size", "64x64").succeeds()
    place.run("draw_weights", "efficientnetlite0", "lite0.safetensors").succeeds()
    for name in CLASSES:
        shutil.copytree(place / "clips" / name, place / "four" / name)
    Run(place, program, "warm")  # packs the weights
    length = Run(place, program, "undisturbed").seconds
    clips = len(entries(place, "undisturbed"))
    expect(clips == len(list((place / "four").rglob("*.avi"))), clips, "entries")
    print(f"an undisturbed run takes {length:.2f} s and extracts {clips} clips", flush=True)

    # Spread over the whole run: one moment in each of as many equal parts, in drawn order.
    draw = random.Random(seed)
    moments = [length * (part + draw.random()) / kills for part in range(kills)]
    draw.shuffle(moments)
    phases = {"loading": 0, "extraction": 0, "training": 0, "results": 0}
    runs = resumed = restarts = 0
    done = 0
    while moments:
        out = f"killed{runs}"
        runs += 1
        while True:
            run = Run(place, program, out, moments[-1] if moments else None)
            restarts += 1
            resumed += "goes on after epoch" in run.out or "goes on after epoch" in run.err
            expect("damaged" not in run.err, run.err)
            if not run.killed:
                break
            moments.pop()
            done += 1
            phases[phase(place, out, clips)] += 1
            expect_same_so_far(place, out)
        expect_same(place, out)
        shutil.rmtree(place / out)
    print(f"{done} kills in {runs} runs and {restarts} processes: " +
          ", ".join(f"{count} while {name}" for name, count in phases.items()) +
          f"; {resumed} processes went on from a training state; all results are those of an undisturbed run")
    expect(done == kills, done, "kills")
    expect(phases["extraction"] > 0 and phases["training"] > 0, "kills did not land in extraction and in training:", phases)
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("build")
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--program", default="train_ucf5")
    parser.add_argument("--keep", action="store_true", help="keep the scratch folder")
    arguments = parser.parse_args()
    place = Workplace(arguments.build)
    place.paths["rcar"] = place.build / "tools/rcar"
    missing = [name for name in (arguments.program, "generate_clips", "draw_weights") if not place.paths[name].exists()]
    if missing:
        print("skipped: not built:", ", ".join(missing))
        return SKIP_EXIT_CODE
    try:
        return prove(place, arguments.program, arguments.kills, arguments.seed)
    except Failure as failure:
        print("FAILED", failure)
        return 1
    finally:
        if arguments.keep:
            print("kept:", place.folder)
        else:
            shutil.rmtree(place.folder, ignore_errors=True)


EPOCHS = 400

if __name__ == "__main__":
    sys.exit(main())
