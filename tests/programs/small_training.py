"""A small training on generated clips with drawn weights, for the tests of faults: seconds long, all its results compared."""

import json
import shutil
import subprocess

from harness import expect

CLASSES = ("Growing", "Shrinking", "StripesThenDots", "DotsThenStripes")
RESULTS = ["model.rcar", "best_weights.safetensors", "history.csv", "predictions.csv", "split.csv", "quarantine.csv",
           "curves.png", "confusion.png"]
ASIDE = 7  # bytes that AtomicFile adds to a name: ".XXXXXX"


def prepare(place, clips_per_class):
    place.run("generate_clips", "--out", "clips", "--clips-per-class", clips_per_class, "--frames", 20, "--size",
              "64x64").succeeds()
    place.run("draw_weights", "efficientnetlite0", "lite0.safetensors").succeeds()
    for name in CLASSES:
        shutil.copytree(place / "clips" / name, place / "four" / name)


def arguments(out, epochs, *more):
    """Of `rcar train`."""
    return ["train", "four", "--backbone", "efficientnetlite0", "--cell", "lstm", "--weights", "lite0.safetensors",
            "--epochs", epochs, "--patience", epochs, "--batch-size", 4, "--seed", 7, "--out", out, *more]


def start(place, words, stdout=subprocess.PIPE, **options):
    """Starts a training beside the test; its standard output and error are pipes, which somebody has to read."""
    return subprocess.Popen(place.command("rcar", words), cwd=place.folder, stdin=subprocess.DEVNULL,
                            stdout=stdout, stderr=subprocess.PIPE, text=True, env=place.environment(), **options)


def entries(place, cache):
    return {path.name: path for path in (place / cache).glob("*.npy")}


def cached_clips(place, out):
    return json.loads((place / out / "metrics.json").read_text())["cached_clips"]


def half_written(place, folder="."):
    """Files that were written aside and not renamed."""
    return [name for name in place.files(folder) if len(name) > ASIDE and name[-ASIDE] == "." and name[-ASIDE + 1:].isalnum()
            and "." in name[:-ASIDE].rsplit("/", 1)[-1]]


def expect_same(place, out, reference, cache=None):
    """Results and features are those of the reference, and nothing else lies in the folder."""
    for name in RESULTS:
        expect((place / out / name).read_bytes() == (place / reference / name).read_bytes(), f"{out}/{name} differs")
    names = [{name for name in place.files(folder) if not name.startswith(("cache/", "events/"))} for folder in (out, reference)]
    expect(names[0] == names[1], "other files in", out, sorted(names[0] ^ names[1]))
    found, whole = entries(place, cache or f"{out}/cache"), entries(place, f"{reference}/cache")
    expect(found.keys() == whole.keys(), "other cache entries of", out)
    for name in whole:
        expect(found[name].read_bytes() == whole[name].read_bytes(), "the cache entry", name, "of", out, "differs")
