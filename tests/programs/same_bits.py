"""What can be relied on: equal runs write equal files, an ended run goes on, help is there.

usage: same_bits.py BUILD_FOLDER [WORD]
"""

import csv
import json
import shutil
import signal
import subprocess
import sys
import time

from harness import PROGRAMS, case, expect, main

RESULTS = ["model.rcar", "history.csv", "predictions.csv", "split.csv", "confusion.png", "curves.png"]


def prepare(place):
    place.run("generate_clips", "--out", "clips", "--clips-per-class", 3, "--frames", 20, "--size", "64x64").succeeds()
    place.run("draw_weights", "efficientnetlite0", "lite0.safetensors").succeeds()
    for name in ("Growing", "Shrinking", "StripesThenDots", "DotsThenStripes"):
        shutil.copytree(place / "clips" / name, place / "four" / name)
    train(place, "one").succeeds()


def arguments(out, *more):
    return ["train", "four", "--backbone", "efficientnetlite0", "--cell", "lstm", "--weights", "lite0.safetensors",
            "--epochs", 4, "--batch-size", 3, "--seed", 7, "--out", out, *more]


def train(place, out, *more, threads=1):
    return place.run("rcar", *arguments(out, *more), environment={"RCAR_NUM_THREADS": str(threads)})


def expect_same(place, one, other, but=()):
    for name in RESULTS:
        if name not in but:
            same = (place / one / name).read_bytes() == (place / other / name).read_bytes()
            expect(same, f"{one}/{name} and {other}/{name} differ")


def metrics(place, out):
    return json.loads((place / out / "metrics.json").read_text())


@case("the same seed gives the same bytes with one thread and with two")
def _(place):
    train(place, "two_threads", threads=2).succeeds()
    expect(metrics(place, "two_threads")["cached_clips"] == 0, "the second run used the first one's cache")
    expect_same(place, "one", "two_threads")


@case("another seed gives another model")
def _(place):
    train(place, "seed", "--cache", "one/cache", "--seed", 8, "--seed", 8).refuses("--seed", code=2)
    command = [word for word in arguments("seed", "--cache", "one/cache") if word not in ("--seed", 7)]
    place.run("rcar", *command, "--seed", 8).succeeds()
    expect((place / "one/model.rcar").read_bytes() != (place / "seed/model.rcar").read_bytes(), "the same model")


@case("a second run takes every clip from the cache and gives the same bytes")
def _(place):
    train(place, "again", "--cache", "one/cache", threads=2).succeeds()
    expect(metrics(place, "again")["cached_clips"] == 12, metrics(place, "again"))
    expect_same(place, "one", "again")


@case("a run that is killed while it extracts goes on in the next one and gives the same bytes")
def _(place):
    process = subprocess.Popen(place.command("rcar", arguments("killed")), cwd=place.folder, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env=place.environment({"RCAR_NUM_THREADS": "1"}))
    until = time.monotonic() + 120
    while process.poll() is None and not list(place.folder.glob("killed/cache/*.npy")) and time.monotonic() < until:
        time.sleep(0.002)
    process.kill()
    expect(process.wait() == -signal.SIGKILL, "it ended before it was killed, with", process.returncode)
    kept = len(list(place.folder.glob("killed/cache/*.npy")))
    expect(0 < kept < 12, kept, "clips were in the cache")
    expect(not (place / "killed/model.rcar").exists(), "a killed run left a model")
    train(place, "killed").succeeds()
    expect(metrics(place, "killed")["cached_clips"] == kept, metrics(place, "killed"), "of", kept)
    expect_same(place, "one", "killed")


@case("predict_video gives the probabilities that training wrote for the same clips")
def _(place):
    with open(place / "one/predictions.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    clips = ["four/" + row["clip"] for row in rows]
    place.run("predict_video", "one/model.rcar", *clips, "--weights", "lite0.safetensors", "--json", "p.json", "--gif",
              "p.gif").succeeds()
    predictions = json.loads((place / "p.json").read_text())
    expect([prediction["clip"] for prediction in predictions] == clips, "the clips are", predictions)
    for row, prediction in zip(rows, predictions):
        expect(row["predicted"] == prediction["label"], row, prediction)
        expect(abs(sum(prediction["probabilities"].values()) - 1) < 1e-5, prediction)
        for name, probability in prediction["probabilities"].items():
            expect(abs(float(row[name]) - probability) < 1e-6, row, prediction)
    for i in range(len(clips)):
        gif = (place / f"p-{i + 1}.gif").read_bytes()
        expect(gif.startswith(b"GIF89a") and gif.endswith(b";"), f"p-{i + 1}.gif is no GIF")


@case("predictions have the same bytes without packed weights, with them, and in two programs at once that make them")
def _(place):
    shutil.copytree(place / "four", place / "packed/four")
    shutil.copy(place / "lite0.safetensors", place / "packed")
    clip = next((place / "packed/four").rglob("*.avi"))

    def command(result):
        return ["one/model.rcar", clip, "--weights", "packed/lite0.safetensors", "--json", result]

    def packed():
        return [name for name in place.files("packed") if "lite0.safetensors." in name]

    place.run("predict_video", *command("off.json"), environment={"RCAR_PACKED_CACHE": "off"}).succeeds()
    expect(not packed(), "packed weights although they are off:", packed())
    programs = [subprocess.Popen(place.command("predict_video", command(f"{i}.json")), cwd=place.folder,
                                 env=place.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE) for i in range(2)]
    for program in programs:
        said = program.communicate(timeout=300)[1]
        expect(program.returncode == 0 and not said, program.returncode, said)
    expect(len(packed()) == 1 and packed()[0].endswith("-224.packed"), packed())
    mapped = place.run("predict_video", *command("2.json")).succeeds()
    expect(not mapped.err, mapped)
    whole = (place / "packed" / packed()[0]).read_bytes()
    place.write("packed/" + packed()[0], whole[:100000])
    cut = place.run("predict_video", *command("3.json")).succeeds()
    expect(cut.err.count("warning: ") == 1 and packed()[0] in cut.err, cut)
    values = slice(-1000000, None)  # the header may know more of the weights file's times now
    expect((place / "packed" / packed()[0]).read_bytes()[values] == whole[values], "the packed weights are others")
    for name in ("0.json", "1.json", "2.json", "3.json"):
        expect((place / name).read_bytes() == (place / "off.json").read_bytes(), name, "differs from off.json")


@case("nothing but the results lies in the output folder")
def _(place):
    names = {name for name in place.files("one") if not name.startswith(("cache/", "events/"))}
    expect(names == {*RESULTS, "metrics.json", "quarantine.csv", "best_weights.safetensors", "report.html"}, names)


@case("the example train_ucf5 trains the model that rcar train does")
def _(place):
    words = ["--backbone", "efficientnetlite0", "--weights", "lite0.safetensors", "--epochs", 3]
    place.run("rcar", "train", "four", *words, "--out", "by_rcar").succeeds()
    for _ in ("computed", "from the cache"):
        place.run("train_ucf5", "--data", "four", *words, "--out", "by_example").succeeds()
        names = {name for name in place.files("by_example") if not name.startswith("cache/")}
        expect(names == {*RESULTS, "quarantine.csv"} - {"split.csv"}, names)
        expect_same(place, "by_rcar", "by_example", but=("split.csv",))


@case("every program explains itself with examples, and names what it lacks when run without arguments")
def _(place):
    for name in PROGRAMS["examples"] + PROGRAMS["tools"]:
        if name in ("rcar", "readme", "swap_backbone"):  # command_line.py and examples.py have their own rules
            continue
        shown = place.run(name, "--help").succeeds()
        expect("xamples:" in shown.out and name in shown.out and not shown.err, shown)
        place.run(name).refuses("required", code=2)
        place.run(name, "--nonsense").refuses("--help", code=2)


if __name__ == "__main__":
    sys.exit(main(prepare, "checks that equal runs write equal files"))
