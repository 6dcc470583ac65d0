"""What can be relied on under mpirun: any number of ranks gives the files of one, whatever ends a rank ends all with
one message, and the next run goes on.

usage: cluster.py BUILD_FOLDER [WORD]
"""

import array
import json
import os
import signal
import subprocess
import sys
import time

from cluster_harness import (FEATURES, MPIRUN, NETWORK, RESULTS, environment, errors, expect_same, main_with_mpi, rank_of,
                             rcar, start, together, training)
from harness import Result, case, expect


@case("ranks that extract write the features of one process, and each clip is computed once")
def _(place):
    for ranks in (2, 4):
        out = f"extract{ranks}"
        result = together(place, ranks, *rcar(place, "extract", "clips", *NETWORK, "--out", out, "--json"))
        expect(result.code == 3 and not errors(result), "it did not end with findings:", result)
        said = json.loads(result.out)
        expect(said["clips"] == 24 and said["frames"] == 24 * 6 and said["cached"] == 0, said)
        expect(len(said["clips_of_rank"]) == ranks and sum(said["clips_of_rank"]) == 25, said)
        expect(min(said["clips_of_rank"]) > 0, "a rank took no clip:", said)
        expect([each["clip"] for each in said["quarantine"]] == ["Growing/damaged.avi"], said)
        expect(result.err.count("could not be decoded") == 1, "the warning is not said once:", result)
        expect_same(place, "alone", out, FEATURES)
        expect(place.files(f"{out}/cache").keys() == place.files("alone/cache").keys(), "the caches differ")


@case("features travel to the first rank without a cache too")
def _(place):
    result = together(place, 3, *rcar(place, "extract", "clips", *NETWORK, "--no-cache", "--out", "uncached", "--quiet"))
    expect(result.code == 3 and not errors(result), result)
    expect_same(place, "alone", "uncached", FEATURES)
    expect(set(place.files("uncached")) == set(FEATURES), place.files("uncached"))


@case("an extraction of which a rank is killed goes on from the cache and ends with the same features")
def _(place):
    command = rcar(place, "extract", "clips", *NETWORK, "--out", "killed", "--quiet")
    process = start(place, 2, command)
    victim, until = None, time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        if not victim:
            victim = rank_of(process.pid, 1)
        if victim and len(list(place.folder.glob("killed/cache/*.npy"))) >= 4:
            os.kill(victim, signal.SIGKILL)
            break
        time.sleep(0.002)
    process.communicate(timeout=60)
    expect(process.returncode not in (0, 3), "it ended although a rank was killed, with", process.returncode)
    kept = len(list(place.folder.glob("killed/cache/*.npy")))
    expect(4 <= kept < 24, kept, "clips were in the cache")
    expect(not (place / "killed/features.npy").exists(), "a killed run left features")
    result = together(place, 2, *command[:-1], "--json")
    said = json.loads(result.out)
    expect(result.code == 3 and said["cached"] == kept and said["frames"] == (24 - kept) * 6, said, "of", kept)
    expect_same(place, "alone", "killed", FEATURES)
    expect(set(place.files("killed")) - set(place.files("killed/cache")) >= set(FEATURES), place.files("killed"))
    expect(not [name for name in place.files("killed") if name.startswith("features.npy.")], "half a file is left")


@case("ranks that train write the model, history and predictions of one process")
def _(place):
    command = ["train", "clips", *NETWORK, "--cell", "lstm", "--epochs", 4, "--batch-size", 16, "--seed", 7, "--cache",
               "alone/cache"]
    alone = place.run("rcar", *command, "--out", "train1", "--quiet")
    expect(alone.code == 3, alone)
    for ranks in (2, 4):
        result = together(place, ranks, *rcar(place, *command, "--out", f"train{ranks}", "--json"))
        expect(result.code == 3 and not errors(result), result)
        expect(json.loads(result.out)["cached_clips"] == 24, result)
        expect_same(place, "train1", f"train{ranks}", RESULTS)
        names = [{name for name in place.files(out) if not name.startswith("events/")} for out in ("train1", f"train{ranks}")]
        expect(names[0] == names[1], "other files:", sorted(names[0] ^ names[1]))


def killed_training(place, command, out):
    """Ends a training of two ranks by killing the second one, once there is a state to go on from."""
    process = start(place, 2, rcar(place, *command, "--out", out, "--quiet"))
    victim, until = None, time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        if not victim:
            victim = rank_of(process.pid, 1)
        if victim and (place / out / "training_state.safetensors").exists():
            os.kill(victim, signal.SIGKILL)
            break
        time.sleep(0.002)
    process.communicate(timeout=60)
    expect(process.returncode not in (0, 3), "it ended although a rank was killed, with", process.returncode)
    expect((place / out / "training_state.safetensors").exists() and not (place / out / "model.rcar").exists(), place.files(out))


@case("a training of which a rank is killed goes on with more ranks or one, and ends with the same model")
def _(place):
    command = ["train", "clips", *NETWORK, "--epochs", 4000, "--patience", 4000, "--cache", "alone/cache"]
    alone = place.run("rcar", *command, "--out", "long1", "--quiet")
    expect(alone.code == 3, alone)
    for ranks in (1, 4):
        killed_training(place, command, f"went_on{ranks}")
        result = together(place, ranks, *rcar(place, *command, "--out", f"went_on{ranks}"))
        expect(result.code == 3 and not errors(result) and "goes on after epoch" in result.out, result)
        expect_same(place, "long1", f"went_on{ranks}", RESULTS)
    killed_training(place, command, "other_order")
    result = together(place, 2, *rcar(place, *command, "--out", "other_order", "--reduction", "fast"))
    expect(result.code == 3 and "order of sums" in result.err and "goes on after" not in result.out, result)


@case("the ordered sum of gradients has the bits of one process for any number of ranks and any batch")
def _(place):
    for clips, batch in ((70, 64), (33, 20), (9, 3)):
        one = f"one-{clips}.bin"
        subprocess.run([training(place), one, "ordered", str(clips), str(batch)], cwd=place.folder, check=True,
                       env=environment(place))
        for ranks in (1, 2, 3, 4):
            result = together(place, ranks, training(place), "many.bin", "ordered", clips, batch)
            expect(result.code == 0, result)
            expect((place / one).read_bytes() == (place / "many.bin").read_bytes(), f"{ranks} ranks differ with {clips} clips")


@case("the fast sum of gradients stays within 1e-4 of the ordered one")
def _(place):
    expect(together(place, 1, training(place), "ordered.bin", "ordered", 70, 64).code == 0, "one rank fails")
    for ranks in (2, 4):
        result = together(place, ranks, training(place), "fast.bin", "fast", 70, 64)
        expect(result.code == 0, result)
        losses = 6 * 3 * 8
        values = [array.array("f", (place / name).read_bytes()[:-losses]) for name in ("ordered.bin", "fast.bin")]
        apart = max(abs(a - b) for a, b in zip(*values))
        expect(apart < 1e-4, f"{ranks} ranks: the weights are {apart} apart")


@case("the program of docs/cluster.md writes one model alone and by three ranks")
def _(place):
    for folder, ranks in (("docs1", 1), ("docs3", 3)):
        (place / folder).mkdir()
        command = [*MPIRUN, "-n", str(ranks), str(place.build / "tests/cluster_docs"), "../clips", "../lite0.safetensors"]
        run = subprocess.run(command if ranks > 1 else command[-3:], cwd=place / folder, env=environment(place),
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240)
        expect(run.returncode == 0, Result(command, run))
    expect_same(place, "docs1", "docs3", ["model.rcar", "best_weights.safetensors"])


@case("an error is said once, by whichever ranks it happens to, and ends all")
def _(place):
    for first in (0, 1, 2):
        begun = time.monotonic()
        result = together(place, 3, training(place), "none", "fail", first)
        expect(errors(result) == ["error: There is no clip."], f"ranks {first} and above fail:", result)
        expect(result.code == 1, result)
        expect(time.monotonic() - begun < 60, "the others waited too long")
    missing = together(place, 3, *rcar(place, "extract", "nowhere", *NETWORK, "--out", "out"))
    expect(missing.code == 1 and len(errors(missing)) == 1 and "nowhere" in errors(missing)[0], missing)
    usage = together(place, 3, *rcar(place, "extract", "clips", "--nonsense"))
    expect(usage.code == 2 and len(errors(usage)) == 1, usage)
    elsewhere = together(place, 3, *rcar(place, "extract", "clips", *NETWORK))
    expect(elsewhere.code == 2 and len(errors(elsewhere)) == 1 and "--cache" in errors(elsewhere)[0], elsewhere)


@case("ranks that have come by different lists are told so")
def _(place):
    result = together(place, 3, training(place), "none", "differ", 2)
    expect(result.code == 1 and len(errors(result)) == 1 and "1 of 3 ranks" in errors(result)[0], result)


if __name__ == "__main__":
    sys.exit(main_with_mpi("checks what several ranks give"))
