"""Kills training at random moments, starts it again until it ends, and compares every result with an undisturbed run's.

usage: kill.py BUILD_FOLDER [--kills N] [--seed S] [--clips N] [--epochs N] [--keep]
"""

import argparse
import itertools
import random
import shutil
import sys
import threading
import time

from harness import SKIP_EXIT_CODE, Failure, Workplace, expect
from small_training import RESULTS, arguments, entries, expect_same, prepare, start

RESUMED = "goes on after epoch"


class Run:
    """One process, killed at `moment` of a run like `whole` or not at all, of which it notes when it had loaded and when all
    was extracted."""

    def __init__(self, place, epochs, clips, out, moment=None, whole=None):
        begin = time.monotonic()
        process = start(place, arguments(out, epochs))
        self.loaded = self.extracted = None
        reader = threading.Thread(target=self._read, args=[process])
        reader.start()
        while reader.is_alive():
            now = time.monotonic() - begin
            if self.loaded is None and (self.extracted is None) and (place / out / "cache/cache.json").exists():
                self.loaded = now
            if self.extracted is None and len(entries(place, f"{out}/cache")) == clips:
                self.extracted = now
            if moment and moment.has_come(now, self.extracted, whole):
                process.kill()
                break
            expect(now < 300, "it takes too long:", out)
            reader.join(0.003)
        reader.join()
        self.seconds = time.monotonic() - begin
        self.killed = process.returncode == -9
        expect(self.killed or process.returncode == 0, f"it ended with {process.returncode}:", self.err)
        expect("damaged" not in self.err and "another training" not in self.err, self.err)

    def _read(self, process):
        self.out, self.err = process.communicate()


class Moment:
    """A share of the time that an undisturbed run takes until all is extracted, or of what it takes from then on."""

    def __init__(self, share, early):
        self.share, self.early = share, early

    def has_come(self, now, extracted, whole):
        if self.early:
            return now >= self.share * whole.extracted
        # A run that finds everything in the cache has to load all the same.
        return extracted is not None and now >= max(extracted, whole.loaded) + self.share * (whole.seconds - whole.extracted)


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


def prove(place, kills, seed, clips_per_class, epochs):
    prepare(place, clips_per_class)
    clips = len(list((place / "four").rglob("*.avi")))
    Run(place, epochs, clips, "warm")  # packs the weights
    undisturbed = Run(place, epochs, clips, "undisturbed")
    expect(len(entries(place, "undisturbed/cache")) == clips, entries(place, "undisturbed/cache"))
    print(f"an undisturbed run takes {undisturbed.seconds:.2f} s: {undisturbed.loaded:.2f} s of loading, "
          f"{undisturbed.extracted - undisturbed.loaded:.2f} s of extraction ({clips} clips), the rest training ({epochs} epochs)",
          flush=True)

    # A third of the moments until all is extracted, the others from then on: each time one in each of as many equal parts,
    # in drawn order.
    draw = random.Random(seed)

    def moments(count, early):
        all_ = [Moment((part + draw.random()) / count, early) for part in range(count)]
        draw.shuffle(all_)
        return all_

    early, late = moments(kills // 3, True), moments(kills - kills // 3, False)
    whole = undisturbed
    phases = {"loading": 0, "extraction": 0, "training": 0, "results": 0}
    runs = processes = resumed = 0
    while early or late:
        out = f"killed{runs}"
        runs += 1
        for process in itertools.count():  # until one ends by itself
            # A run whose clips are all in the cache has no extraction left to be killed in.
            left = early if early and len(entries(place, f"{out}/cache")) < clips else late
            run = Run(place, epochs, clips, out, left[-1] if left else None, whole)
            processes += 1
            resumed += RESUMED in run.out
            if not run.killed:
                if process == 0:  # it was faster than the one before: the machine has become so
                    whole = run
                break
            left.pop()
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
    parser.add_argument("--clips", type=int, default=3, help="of each class")
    parser.add_argument("--epochs", type=int, default=4000)
    parser.add_argument("--keep", action="store_true", help="keep the scratch folder")
    given = parser.parse_args()
    place = Workplace(given.build)
    missing = place.missing(("rcar", "generate_clips", "draw_weights"))
    if missing:
        print("skipped: not built:", ", ".join(missing))
        return SKIP_EXIT_CODE
    try:
        return prove(place, given.kills, given.seed, given.clips, given.epochs)
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
