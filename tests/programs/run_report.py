"""What `rcar train` and `rcar evaluate` leave for people says what their tables say.

usage: run_report.py BUILD_FOLDER [WORD]
"""

import csv
import json
import re
import shutil
import sys

from harness import case, expect, main


def prepare(place):
    place.run("generate_clips", "--out", "clips", "--clips-per-class", 6, "--frames", 24, "--size", "64x64").succeeds()
    for name in ("Growing", "Shrinking", "StripesThenDots"):
        shutil.copytree(place / "clips" / name, place / "three" / name)
    place.write("three/Growing/v_Growing_g09_c01.avi", "no video")
    place.run("draw_weights", "efficientnetlite0", "lite0.safetensors").succeeds()
    place.trained = place.run("rcar", "train", "three", "--backbone", "efficientnetlite0", "--weights", "lite0.safetensors", "--epochs", 4,
                              "--batch-size", 4, "--out", "out")


def report(place, folder):
    page = (place / folder / "report.html").read_text()
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S).group(1))


def table(place, name):
    with open(place / name, newline="") as file:
        return list(csv.DictReader(file))


def expect_test(shown, rows):
    right = sum(row["true"] == row["predicted"] for row in rows)
    expect(shown["test"]["clips"] == len(rows) and shown["test"]["correct"] == right, shown["test"])
    for truth, name in enumerate(shown["classes"]):
        for predicted, other in enumerate(shown["classes"]):
            count = sum(row["true"] == name and row["predicted"] == other for row in rows)
            expect(shown["confusion"][truth * len(shown["classes"]) + predicted] == count, name, other, count)
    wrong = sorted((row for row in rows if row["true"] != row["predicted"]), key=lambda row: -float(row[row["predicted"]]))
    expect([each["clip"] for each in shown["mistakes"]] == [row["clip"] for row in wrong], "other mistakes", shown["mistakes"])
    for each, row in zip(shown["watched"], wrong):
        expect(each["sheet"]["frames"] == 20 and each["sheet"]["jpeg"].startswith("data:image/jpeg;base64,"), "no frames", each["clip"])
        for series in each["series"]:
            name = shown["classes"][series["class"]]
            expect(len(series["values"]) == 20 and abs(series["values"][-1] - float(row[name])) < 1e-6, "the answer of", each["clip"], name)


@case("a page to share has the same numbers, and no frame, command line or machine; nor have the event files")
def _(place):
    folder = str(place.folder)
    for name, words in {"shared": ["train", "three", "--epochs", 4, "--batch-size", 4, "--cache", "out/cache"],
                        "shared_test": ["evaluate", "out/model.rcar", "three"]}.items():
        network = ["--backbone", "efficientnetlite0"] if words[0] == "train" else []
        result = place.run("rcar", *words, *network, "--weights", "lite0.safetensors", "--out", name, "--shareable")
        expect(result.code == (3 if words[0] == "train" else 0), result)
        shown, whole = report(place, name), report(place, "out")
        expect(whole["watched"] and whole["command_line"] and not shown["watched"] and not shown["command_line"], shown)
        for part in ("test", "confusion", "mistakes", "classes"):
            expect(shown[part] == whole[part], part, "differs")
        expect("Machine" in str(whole["facts"]) and "Machine" not in str(shown["facts"]), shown["facts"])
        for path in (place / name).rglob("*"):
            if path.is_file() and path.name != "model.rcar":
                expect(folder.encode() not in path.read_bytes(), folder, "stands in", path)
    expect(b"mistakes/" in b"".join(path.read_bytes() for path in (place / "out/events").iterdir()), "no frames in the event files")
    expect(b"mistakes/" not in b"".join(path.read_bytes() for path in (place / "shared/events").iterdir()), "frames in the event files")


@case("training leaves a page whose numbers are those of predictions.csv, history.csv and split.csv")
def _(place):
    expect(place.trained.code == 3 and "report.html" in place.trained.out, place.trained)
    shown = report(place, "out")
    expect_test(shown, table(place, "out/predictions.csv"))
    history = table(place, "out/history.csv")
    for name, values in shown["history"]["curves"].items():
        expect(all(abs(value - float(row[name])) < 2e-6 for value, row in zip(values, history)) and len(values) == len(history), name, values)
    split = table(place, "out/split.csv")
    for part in ("train", "validation"):
        counts = next(each["clips"] for each in shown["parts"] if each["part"] == part)
        expect(counts == [sum(row["class"] == name and row["part"] == part for row in split) for name in shown["classes"]], part, counts)


@case("the page names the clip that was set aside, the command line and the machine")
def _(place):
    shown = report(place, "out")
    aside = table(place, "out/quarantine.csv")
    expect([[each["clip"], each["reason"]] for each in shown["quarantine"]] == [[row["clip"], row["reason"]] for row in aside] and aside, shown["quarantine"])
    expect("train three --backbone efficientnetlite0" in shown["command_line"], shown["command_line"])
    facts = {facts["heading"]: dict(facts["rows"]) for facts in shown["facts"]}
    expect(facts["Training"]["Batch size"] == "4" and facts["Model"]["Backbone"] == "efficientnetlite0", facts)
    expect({"Machine", "Versions", "Time"} <= facts.keys(), facts.keys())


@case("evaluating the model leaves the page of the same test, without a training")
def _(place):
    place.run("rcar", "evaluate", "out/model.rcar", "three", "--weights", "lite0.safetensors", "--out", "test")
    shown, trained = report(place, "test"), report(place, "out")
    expect_test(shown, table(place, "test/predictions.csv"))
    expect("history" not in shown and "history" in trained, "a history")
    for name in ("test", "confusion", "calibration", "watched"):
        expect(shown[name] == trained[name], name, "differs")


@case("the event file of a run is there, and a second run adds one and keeps the first")
def _(place):
    first = list((place / "out/events").iterdir())
    expect(len(first) == 1 and b"brain.Event:2" in first[0].read_bytes()[:64] and b"session_end_info" in first[0].read_bytes(), first)
    place.run("rcar", "train", "three", "--backbone", "efficientnetlite0", "--weights", "lite0.safetensors", "--epochs", 1, "--out", "out")
    expect(len(list((place / "out/events").iterdir())) == 2 and first[0].exists(), "the events")


if __name__ == "__main__":
    sys.exit(main(prepare, "checks the reports of whole runs"))
