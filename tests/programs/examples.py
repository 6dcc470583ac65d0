"""The two examples without options: README's opening program, and swap_backbone. The others, train_ucf5 and predict_video,
are run by the cases of the other files beside rcar's commands.

usage: examples.py BUILD_FOLDER [WORD]
"""

import json
import re
import shutil

from harness import LeavesNoFile, case, expect, main

CLASSES = ("Growing", "Shrinking")


def prepare(place):
    place.run("generate_clips", "--out", "clips", "--clips-per-class", 3, "--frames", 20, "--size", "64x64").succeeds()
    for folder in ("weights", "train"):
        (place / folder).mkdir()
    place.run("draw_weights", "efficientnetb0", "weights/efficientnetb0.safetensors").succeeds()
    rows = ["video_name,tag"]
    for name in CLASSES:
        for path in sorted((place / "clips" / name).iterdir()):
            shutil.copy(path, place / "train")
            rows.append(f"{path.name},{name}")
    place.write("train.csv", "\n".join(rows) + "\n")
    shutil.copy(place / "train" / rows[1].split(",")[0], place / "clip.avi")


@case("README's opening program trains, names the clip's classes, and leaves a model by which `rcar predict` says the same")
def _(place):
    answer = place.run("readme").succeeds().out
    found = re.findall(r"^ *(\d+\.\d\d)%  (\w+)$", answer, re.MULTILINE)
    expect(len(found) == 2 and {name for _, name in found} == set(CLASSES), "not a line a class:", answer)
    words = ["action.rcar", "clip.avi", "--weights", "weights/efficientnetb0.safetensors", "--json"]
    clip, = json.loads(place.run("rcar", "predict", *words).succeeds().out)["clips"]
    again = [(f"{100 * share:.2f}", name) for name, share in clip["probabilities"].items()]
    expect(sorted(found) == sorted(again), "rcar predict says something else:", found, again)


@case("README's opening program says what is missing, and writes nothing")
def _(place):
    for name in ("weights/efficientnetb0.safetensors", "train.csv", "clip.avi"):
        moved = place / "moved"
        shutil.move(place / name, moved)
        (place / "action.rcar").unlink(missing_ok=True)
        with LeavesNoFile(place):
            place.run("readme").refuses(name)
        shutil.move(moved, place / name)


@case("swap_backbone says what each type is, and times one of them")
def _(place):
    lines = place.run("swap_backbone").succeeds().out.splitlines()
    expect(len(lines) == 5 and all(line.startswith("Recognizer<") for line in lines), "not a line a type:", *lines)
    expect("2048 features" in lines[0] and "1280 features" in lines[2] and " 40 frames" in lines[4], "the types are:", *lines)
    timed = place.run("swap_backbone", "weights/efficientnetb0.safetensors", "clip.avi").succeeds().out.splitlines()
    expect(timed[:5] == lines and re.fullmatch(r"EfficientNetB0<224>: 20 frames in \d+ ms, first feature [-\d.e]+", timed[5]), *timed)


@case("swap_backbone says what is wrong")
def _(place):
    place.run("swap_backbone", "no.safetensors", "clip.avi").refuses("no.safetensors")
    place.run("swap_backbone", "weights/efficientnetb0.safetensors", "no.avi").refuses("no.avi")
    place.run("swap_backbone", "clip.avi").refuses("usage", code=2)


if __name__ == "__main__":
    raise SystemExit(main(prepare, __doc__.splitlines()[0]))
