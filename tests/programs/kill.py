"""Kills training at random moments, starts it again until it ends, and compares every result with an undisturbed run's.

usage: kill.py BUILD_FOLDER [--kills N] [--seed S] [--program train_ucf5|rcar] [--clips N] [--epochs N] [--keep]
"""

import argparse
import itertools
import random
import shutil
import subprocess
import sys
import time

from harness import SKIP_EXIT_CODE, Failure, Workplace, expect
from small_training import RESULTS, arguments, entries, expect_same, prepare, start

RESUMED = "goes on after epoch"


class Run:
    """One process: `kill_after` seconds from its start it is killed, or it ends before."""

    def __init__(self, place, program, epochs, out, kill_after=None):
        words = arguments(out, epochs)
        if program == "rcar":
            words = ["train", *words[1:]]  # which takes --data's value as it stands
        begin = time.monotonic()
        process = start(place, words, program)
        try:
            self.out, self.err = process.communicate(timeout=300 if kill_after is None else kill_after)
        except subprocess.TimeoutExpired:
            process.kill()
            self.out, self.err = process.communicate()
        self.seconds, self.code = time.monotonic() - begin, process.returncode
        self.killed = self.code == -9
        expect(self.killed or self.code == 0, f"it ended with {self.code}:", self.err)
        expect("damaged" not in self.err and "another training" not in self.err, self.err)


def phase(place, out, clips):
    """What a killed run was at."""
    if (place / out / "model.rcar").exists():
        return "results"
    if not (place / out / "cache/cache.json").exists():
        return "loading"
    return "extraction" if len(entries(place, f"{out}/cache")) < clips else "training"


def expect_same_so_far(place, out):
    """Whatever lies in the folder is whole, and what it will be in the end."""
    for name in RESULTS:
        path = place / out / name
        if path.exists() and name != "best_weights.safetensors":  # which are the best so far
            expect(path.read_bytes() == (place / "undisturbed" / name).read_bytes(), path, "differs after a kill")
    whole = entries(place, "undisturbed/cache")
    for name, path in entries(place, f"{out}/cache").items():
        expect(name in whole and path.read_bytes() == whole[name].read_bytes(), path, "differs after a kill")


def prove(place, program, kills, seed, clips_per_class, epochs):
    prepare(place, clips_per_class)
    Run(place, program, epochs, "warm")  # packs the weights
    length = Run(place, program, epochs, "undisturbed").seconds
    clips = len(entries(place, "undisturbed/cache"))
    expect(clips == len(list((place / "four").rglob("*.avi"))), clips, "entries")
    print(f"an undisturbed run takes {length:.2f} s, for {clips} clips and {epochs} epochs", flush=True)

    # Spread over the whole run: one moment in each of as many equal parts of its length, in drawn order.
    draw = random.Random(seed)
    moments = [(part + draw.random()) / kills for part in range(kills)]
    draw.shuffle(moments)
    phases = {"loading": 0, "extraction": 0, "training": 0, "results": 0}
    runs = processes = resumed = 0
    while moments:
        out = f"killed{runs}"
        runs += 1
        for process in itertools.count():  # until one ends by itself
            run = Run(place, program, epochs, out, length * moments[-1] if moments else None)
            processes += 1
            resumed += RESUMED in run.out
            if not run.killed:
                if process == 0 and moments:
                    length = min(length, run.seconds)  # the machine has become faster
                break
            moments.pop()
            phases[phase(place, out, clips)] += 1
            expect_same_so_far(place, out)
        expect_same(place, out, "undisturbed")
        shutil.rmtree(place / out)
    print(f"seed {seed}: {kills} kills ({', '.join(f'{count} in {name}' for name, count in phases.items())}) of {runs} runs, "
          f"{processes} processes, of which {resumed} went on in the middle of a training: all results have the bytes of "
          "the undisturbed run")
    expect(sum(phases.values()) == kills, phases)
    expect(phases["extraction"] > 0 and phases["training"] > 0, "no kill landed in extraction, or none in training:", phases)
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("build", help="build folder")
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--program", default="train_ucf5", choices=["train_ucf5", "rcar"])
    parser.add_argument("--clips", type=int, default=6, help="of each class")
    parser.add_argument("--epochs", type=int, default=400)
    parser.add_argument("--keep", action="store_true", help="keep the scratch folder")
    given = parser.parse_args()
    place = Workplace(given.build)
    place.paths["rcar"] = place.build / "tools/rcar"
    missing = [name for name in (given.program, "generate_clips", "draw_weights") if not place.paths[name].exists()]
    if missing:
        print("skipped: not built:", ", ".join(missing))
        return SKIP_EXIT_CODE
    try:
        return prove(place, given.program, given.kills, given.seed, given.clips, given.epochs)
    except Failure as failure:
        print("FAILED", failure)
        return 1
    finally:
        if given.keep:
            print("kept:", place.folder)
        else:
            shutil.rmtree(place.folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
