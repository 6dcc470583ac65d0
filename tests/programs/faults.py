"""Damaged files, limits of file size, two runs at once: what happens is said, repaired or refused, and no result is another.

usage: faults.py BUILD_FOLDER [WORD]
"""

import random
import resource
import shutil
import subprocess
import sys
import time

import small_training
from harness import case, expect, main
from small_training import arguments, cached_clips, entries, expect_same, half_written, start

EPOCHS = 60
CLIPS = 12
DRAW = random.Random(6)


def prepare(place):
    small_training.prepare(place, 3)
    train(place, "good").succeeds()
    expect(len(entries(place, "good/cache")) == CLIPS, entries(place, "good/cache"))
    predict(place, "good/model.rcar", "expected.json").succeeds()


def train(place, out, *more, **options):
    return place.run("rcar", *arguments(out, EPOCHS, *more), **options)


def predict(place, model, result, weights="lite0.safetensors", **options):
    clips = [f"four/Growing/v_Growing_g01_c{number:02}.avi" for number in (1, 2)]
    return place.run("predict_video", model, *clips, "--weights", weights, "--json", result, **options)


def damaged(whole):
    """The bytes with one flipped bit, or a flipped piece, or cut at some place, or with something behind them."""
    kind, at = DRAW.randrange(5), DRAW.randrange(len(whole))
    if kind == 0:
        return whole[:at]
    if kind == 1:
        return whole + DRAW.randbytes(DRAW.randrange(1, 100))
    if kind == 2:
        piece = DRAW.randbytes(min(512, len(whole) - at))
        return whole[:at] + piece + whole[at + len(piece):]
    return whole[:at] + bytes([whole[at] ^ 1 << DRAW.randrange(8)]) + whole[at + 1:]


def expect_calm(err):
    """Nothing is said of damage, of another training, or of an error."""
    for word in ("error", "damaged", "checksum", "computed again", "anew", "aside"):
        expect(word not in err, f"{word!r} is said:", err)


# --- damaged files ------------------------------------------------------------------------------------------------------


@case("cache entries that are damaged at random bytes are named and computed again, and no result changes")
def _(place):
    for attempt in range(6):
        shutil.copytree(place / "good/cache", place / f"entries{attempt}/cache")
        hit = DRAW.sample(sorted(entries(place, f"entries{attempt}/cache").values()), 4)
        for path in hit:
            path.write_bytes(damaged(path.read_bytes()))
        result = train(place, f"entries{attempt}").succeeds()
        for path in hit:
            expect(path.name in result.err, path.name, "is damaged and not named", result)
        expect(cached_clips(place, f"entries{attempt}") == CLIPS - len(hit), "cached:", cached_clips(place, f"entries{attempt}"))
        expect_same(place, f"entries{attempt}", "good")


@case("a damaged cache.json is named and made again, and the entries are used")
def _(place):
    whole = (place / "good/cache/cache.json").read_bytes()
    for attempt in range(4):
        shutil.copytree(place / "good/cache", place / f"marker{attempt}/cache")
        marker = place / f"marker{attempt}/cache/cache.json"
        marker.write_bytes(whole[:attempt * 20] if attempt < 2 else bytes([*whole[:attempt * 13], whole[attempt * 13] ^ 4,
                                                                           *whole[attempt * 13 + 1:]]))
        result = train(place, f"marker{attempt}").succeeds()
        expect("cache.json" in result.err, result)
        expect(cached_clips(place, f"marker{attempt}") == CLIPS, result)
        expect(marker.read_bytes() == whole, marker.read_bytes())
        expect_same(place, f"marker{attempt}", "good")


def interrupted(place, out):
    """A folder of a training that was killed after it had kept its state."""
    shutil.copytree(place / "good/cache", place / out / "cache")
    process = start(place, arguments(out, 1000000), stdout=subprocess.DEVNULL)  # its epochs would fill a pipe
    until = time.monotonic() + 120
    while process.poll() is None and not (place / out / "training_state.safetensors").exists() and time.monotonic() < until:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    return place / out / "training_state.safetensors"


@case("a training state that is damaged at random bytes is named, and training starts anew")
def _(place):
    whole = interrupted(place, "interrupted").read_bytes()
    for attempt in range(6):
        shutil.copytree(place / "good/cache", place / f"state{attempt}/cache")
        state = place.write(f"state{attempt}/training_state.safetensors", damaged(whole))
        result = train(place, f"state{attempt}").succeeds()
        expect(state.name in result.err and "anew" in result.err, result)
        expect("goes on after" not in result.out, result)
        expect_same(place, f"state{attempt}", "good")


@case("the training state of another training is set aside by name, and --fresh removes it")
def _(place):
    state = interrupted(place, "other")
    kept = state.read_bytes()
    result = train(place, "other", "--learning-rate", 0.002).succeeds()
    expect("learning rate" in result.err and "training_state.safetensors.other" in result.err, result)
    expect((place / "other/training_state.safetensors.other").read_bytes() == kept, "what was set aside is another file")
    state.write_bytes(kept)
    (place / "other/training_state.safetensors.other").unlink()
    result = train(place, "other", "--fresh").succeeds()
    expect_calm(result.err)
    expect("goes on after" not in result.out, result)
    expect_same(place, "other", "good")


@case("a model file that is damaged at random bytes is refused in one line, and no prediction is written")
def _(place):
    whole = (place / "good/model.rcar").read_bytes()
    header = 8 + int.from_bytes(whole[:8], "little")
    for attempt in range(40):
        at = DRAW.randrange(header) if attempt % 2 else 0
        bytes_ = bytes([*whole[:at], whole[at] ^ 1 << DRAW.randrange(8), *whole[at + 1:]]) if at else damaged(whole)
        place.write("damaged.rcar", bytes_)
        result = predict(place, "damaged.rcar", "refused.json")
        if result.code == 0:  # the name of the checksum itself: what is said is whole
            expect((place / "refused.json").read_bytes() == (place / "expected.json").read_bytes(), "another prediction", result)
            (place / "refused.json").unlink()
            expect(bytes_.find(b'"checksum"') < 0, "damage passes", result)
        else:
            result.refuses("damaged.rcar", code=result.code)
            expect(not (place / "refused.json").exists(), "a prediction is written", result)


@case("backbone weights that are damaged at random bytes are refused or give the same bytes")
def _(place):
    whole = (place / "lite0.safetensors").read_bytes()
    header = 8 + int.from_bytes(whole[:8], "little")
    for attempt in range(16):
        at = DRAW.randrange(header if attempt % 2 else len(whole))
        place.write("damaged.safetensors", bytes([*whole[:at]]) + bytes([whole[at] ^ 1 << DRAW.randrange(8)]) + whole[at + 1:])
        result = predict(place, "good/model.rcar", "weights.json", "damaged.safetensors",
                         environment={"RCAR_PACKED_CACHE": "off"})
        if result.code == 0:
            expect((place / "weights.json").read_bytes() == (place / "expected.json").read_bytes(), "another prediction", at)
        else:
            result.refuses(code=result.code)


@case("packed weights that are damaged at random bytes are named and made again, and predictions have the same bytes")
def _(place):
    packed = next(place.folder.glob("lite0.safetensors.*.packed"))
    whole = packed.read_bytes()
    for _ in range(10):
        packed.unlink()
        packed.write_bytes(damaged(whole))
        result = predict(place, "good/model.rcar", "packed.json").succeeds()
        expect(packed.name in result.err, "damage passes", result)
        expect((place / "packed.json").read_bytes() == (place / "expected.json").read_bytes(), "another prediction", result)
        again = predict(place, "good/model.rcar", "packed.json").succeeds()
        expect_calm(again.err)


# --- files that may not grow --------------------------------------------------------------------------------------------


def limited(place, out, limit):
    """A training whose files may have at most `limit` bytes: a full disk that needs no rights."""
    process = start(place, arguments(out, EPOCHS),
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    out, err = process.communicate(timeout=300)
    return process.returncode, err


@case("whatever file cannot be written whole is said with path and reason, nothing half-written stays, and the next run goes on")
def _(place):
    whole = (place / "good/cache").glob("*.npy")
    entry, head = next(whole).stat().st_size, (place / "good/best_weights.safetensors").stat().st_size
    for limit, name, kept in [(entry - 1, ".npy", 0), (head - 1, "best_weights.safetensors", CLIPS),
                              (2 * head, "training_state.safetensors", CLIPS)]:
        out = f"limit{limit}"
        code, err = limited(place, out, limit)
        lines = [line for line in err.splitlines() if line.startswith("error: ")]
        expect(code == 1 and len(lines) == 1, code, err)
        expect(name in lines[0] and out in lines[0] and "File too large" in lines[0], lines)
        expect(not half_written(place, out), "half-written files:", half_written(place, out))
        expect(len(entries(place, f"{out}/cache")) == kept, entries(place, f"{out}/cache"))
        train(place, out).succeeds()
        expect(cached_clips(place, out) == kept, cached_clips(place, out))
        expect_same(place, out, "good")
    code, err = limited(place, "enough", 8 * head)
    expect(code == 0, code, err)


@case("standard output that cannot be written is an error")
def _(place):
    with open("/dev/full", "w") as full:
        run = subprocess.run(place.command("rcar", arguments("full", 2, "--cache", "good/cache")), cwd=place.folder,
                             stdout=full, stderr=subprocess.PIPE, text=True, env=place.environment(), timeout=300)
    expect(run.returncode == 1 and "error: Cannot write to standard output: No space left on device." in run.stderr, run)
    expect((place / "full/model.rcar").exists(), "the results are not written")


# --- two runs at once ---------------------------------------------------------------------------------------------------


@case("three runs on one cache at once give the results of a run alone, and whole entries")
def _(place):
    runs = [start(place, arguments(f"shared{i}", EPOCHS, "--cache", "shared/cache")) for i in range(3)]
    for run in runs:
        _, err = run.communicate(timeout=300)
        expect(run.returncode == 0, run.returncode, err)
        expect_calm(err)
    for i in range(3):
        expect_same(place, f"shared{i}", "good", "shared/cache")
    expect(not half_written(place, "shared"), half_written(place, "shared"))
    again = train(place, "shared3", "--cache", "shared/cache").succeeds()
    expect(cached_clips(place, "shared3") == CLIPS, again)
    expect_calm(again.err)


@case("two runs into one folder: the second is refused in one line, and the first is not disturbed")
def _(place):
    first = start(place, arguments("held", EPOCHS))
    until = time.monotonic() + 60
    while not (place / "held/run.lock").exists() and first.poll() is None and time.monotonic() < until:
        time.sleep(0.002)
    train(place, "held").refuses("Another process", str(first.pid), "'held'", "wait until it ends")
    _, err = first.communicate(timeout=300)
    expect(first.returncode == 0, first.returncode, err)
    expect_calm(err)
    expect_same(place, "held", "good")


@case("a run that was killed holds its folder no longer, and what it left half-written is removed")
def _(place):
    interrupted(place, "left")
    expect((place / "left/run.lock").exists(), "no lock was held")
    place.write("left/model.rcar.abcdef", b"half a model")
    (place / "left/training_state.safetensors").unlink()
    train(place, "left").succeeds()
    expect_same(place, "left", "good")


if __name__ == "__main__":
    sys.exit(main(prepare, "damages files, limits their size and runs trainings at once"))
