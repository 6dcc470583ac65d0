"""What `rcar sweep` promises: its runs are those of `rcar train`, it goes on where it was, its means are right.

usage: sweep.py BUILD_FOLDER [WORD]
"""

import csv
import json
import shutil
import statistics
import sys

from harness import LeavesNoFile, case, expect, main

NETWORK = "efficientnetlite0"
TRAINING = ["--epochs", 3, "--batch-size", 4]
GRID = ["--backbone", f"{NETWORK}=lite0.safetensors", "--lengths", "4,20", "--samplers", "first,uniform",
        "--heads", "gru,lstm64", "--seeds", "1-2,5"]


def prepare(place):
    place.run("generate_clips", "--out", "clips", "--clips-per-class", 4, "--frames", 24, "--size", "64x64").succeeds()
    for name in ("Growing", "Shrinking"):
        shutil.copytree(place / "clips" / name, place / "two" / name)
    place.run("draw_weights", NETWORK, "lite0.safetensors").succeeds()
    sweep(place, "one").succeeds()


def sweep(place, out, *more, grid=GRID):
    return place.run("rcar", "sweep", "two", *grid, *TRAINING, "--cache", "cache", "--out", out, *more)


def rows(place, file):
    with open(place / file, newline="") as lines:
        return list(csv.DictReader(lines))


@case("every point of the grid is there once, in the grid's order")
def _(place):
    points = [(row["sampler"], row["frames"], row["head"], row["seed"]) for row in rows(place, "one/runs.csv")]
    wanted = [(sampler, frames, head, seed) for sampler in ("first", "uniform") for frames in ("4", "20")
              for head in ("gru", "lstm64") for seed in ("1", "2", "5")]
    expect(points == wanted, points)


@case("a run is what rcar train gives with the same settings")
def _(place):
    for sampler in ("first", "uniform"):
        out = f"train_{sampler}"
        place.run("rcar", "train", "two", "--weights", "lite0.safetensors", "--backbone", NETWORK, "--sampler", sampler,
                  *TRAINING, "--seed", 1, "--cache", "cache", "--out", out).succeeds()
        metrics = json.loads((place / out / "metrics.json").read_text())
        run, = [row for row in rows(place, "one/runs.csv")
                if (row["sampler"], row["frames"], row["head"], row["seed"]) == (sampler, "20", "gru", "1")]
        expect(abs(metrics["test_loss"] - float(run["test_loss"])) < 1e-8, metrics["test_loss"], run)
        expect(metrics["test_accuracy"] == float(run["test_accuracy"]), metrics["test_accuracy"], run)
        expect(metrics["best_epoch"] == int(run["best_epoch"]), metrics["best_epoch"], run)


@case("the table holds means and standard deviations of the runs")
def _(place):
    runs = rows(place, "one/runs.csv")
    for line in rows(place, "one/table.csv"):
        losses = [float(run["val_loss"]) for run in runs
                  if all(run[key] == line[key] for key in ("backbone", "sampler", "frames", "head"))]
        expect(len(losses) == 3 == int(line["runs"]), line)
        expect(abs(statistics.mean(losses) - float(line["val_loss_mean"])) < 1e-6, losses, line)
        expect(abs(statistics.stdev(losses) - float(line["val_loss_sd"])) < 1e-6, losses, line)


@case("a sweep goes on where it was, and ends with the same bytes")
def _(place):
    kept = sorted((place / "one" / "runs").iterdir())
    (place / "part" / "runs").mkdir(parents=True)
    for file in kept[::2]:
        shutil.copy(file, place / "part" / "runs")
    damaged = place / "part" / "runs" / kept[0].name
    text = damaged.read_text()
    digit = next(i for i, c in enumerate(text) if c.isdigit() and i > text.index("test_loss"))
    damaged.write_text(text[:digit] + str((int(text[digit]) + 1) % 10) + text[digit + 1:])
    (place / "part" / "runs" / kept[2].name).write_text("")
    result = json.loads(sweep(place, "part", "--json").succeeds().out)
    expect(result["runs"] == 24 and result["found"] == len(kept[::2]) - 2, result["runs"], result["found"], len(kept))
    for name in ("runs.csv", "table.csv"):
        expect((place / "one" / name).read_bytes() == (place / "part" / name).read_bytes(), name, "differs")


@case("other options make other runs")
def _(place):
    shutil.copytree(place / "one", place / "other")
    result = json.loads(sweep(place, "other", "--learning-rate", 0.01, "--json").succeeds().out)
    expect(result["found"] == 0, result["found"])


@case("what makes no sense is refused before anything is computed")
def _(place):
    with LeavesNoFile(place):
        for words, said in ((["--backbone", "lite0.safetensors"], "NAME=WEIGHTS"),
                            (["--backbone", "resnet=lite0.safetensors"], "resnet"),
                            (["--backbone", f"{NETWORK}=lite0.safetensors", "--seeds", "5-1"], "5-1"),
                            (["--backbone", f"{NETWORK}=lite0.safetensors", "--lengths", "41"], "--lengths"),
                            (["--backbone", f"{NETWORK}=lite0.safetensors", "--heads", "transformer"], "--heads")):
            sweep(place, "refused", grid=words).refuses(said, code=2)
    sweep(place, "refused", grid=["--backbone", f"{NETWORK}=nothing.safetensors"]).refuses("nothing.safetensors")


if __name__ == "__main__":
    sys.exit(main(prepare, __doc__.splitlines()[0]))
