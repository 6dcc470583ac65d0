"""What extraction takes of memory does not grow with the list: peaks of a long list beside those of 50 clips.

usage: extract_memory.py BUILD_FOLDER [WORD]            the short form, as CTest runs it
       extract_memory.py BUILD_FOLDER --long CLIPS      CLIPS distinct generated clips; where $RCAR_SHARED or ../shared
                                                        is, also CLIPS links to real ones. Prints a table
"""

import json
import os
import pathlib
import subprocess
import sys

from harness import Result, Workplace, case, expect, main

MB = 1000 * 1000
LONG_ALLOWED = 100 * MB  # for 5,000 clips
FEW = 50
CLIP_BYTES = 20 * 1280 * 4  # the features of a clip with all its frames


def extract(place, *arguments, threads=2):
    """Runs rcar extract; returns what it says and its peak of memory in bytes."""
    command = place.command("rcar", ["extract", *arguments, "--weights", "lite0.safetensors", "--backbone",
                                     "efficientnetlite0", "--json"])
    process = subprocess.Popen(command, cwd=place.folder, env=place.environment({"RCAR_NUM_THREADS": str(threads)}),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out = process.stdout.read()
    err = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    result = Result(command, subprocess.CompletedProcess(command, process.returncode, out, err))
    result.succeeds()
    return json.loads(out), usage.ru_maxrss * 1024


def generate(place, name, clips, frames):
    place.run("generate_clips", "--out", name, "--clips-per-class", (clips + 5) // 6, "--frames", frames, "--size",
              "64x48").succeeds()
    return sorted(path for path in (place / name).rglob("*.avi"))


def link(place, name, clips, count):
    """A folder with one class of `count` links to the clips, in turn."""
    folder = place / name / "links"
    folder.mkdir(parents=True)
    for i in range(count):
        (folder / f"clip{i:05}.avi").symlink_to(clips[i % len(clips)])
    return name


def compare(place, few, many, arguments=()):
    """Peaks of both lists, each into a folder of its own, with what the longer one says."""
    _, low = extract(place, few, "--out", f"{few}-features", *arguments)
    said, high = extract(place, many, "--out", f"{many}-features", *arguments)
    rows = (place / f"{many}-features/clips.csv").read_text().count("\n") - 1
    expect(rows == said["clips"], "clips.csv has", rows, "rows of", said["clips"])
    size = (place / f"{many}-features/features.npy").stat().st_size
    expect(size == 128 + rows * CLIP_BYTES, "features.npy has", size, "bytes for", rows, "clips")
    (place / f"{many}-features/features.npy").unlink()
    print(f"       {low / MB:.1f} MB for {FEW} clips, {high / MB:.1f} MB for {rows}")
    return said, low, high


def prepare(place):
    place.run("draw_weights", "efficientnetlite0", "lite0.safetensors").succeeds()
    clips = generate(place, "warm", 6, 2)
    extract(place, *clips, "--no-cache", "--out", "warm-features")  # so that the packed weights are there


@case("features that come from a cache pass through: 1,200 clips take no more memory than 50")
def _(place):
    clips = generate(place, "twelve", 12, 20)
    cache = ("--cache", "cache")
    extract(place, "twelve", *cache)
    said, low, high = compare(place, link(place, "few-cached", clips, FEW), link(place, "many-cached", clips, 1200), cache)
    expect(said["cached"] == 1200 and said["frames"] == 0, said)
    expect(high - low < 25 * MB, f"50 clips take {low / MB:.0f} MB, 1,200 of 123 MB of features {high / MB:.0f} MB")


@case("features that are computed pass through: 300 clips take no more memory than 50")
def _(place):
    clips = generate(place, "three-hundred", 300, 8)
    said, low, high = compare(place, link(place, "few-computed", clips, FEW), "three-hundred", ("--no-cache",))
    expect(said["cached"] == 0 and said["frames"] == 300 * 8, said)
    expect(high - low < 8 * MB, f"50 clips take {low / MB:.0f} MB, 300 of 12 MB of features {high / MB:.0f} MB")


def long_form(build, count):
    place = Workplace(build)
    here = pathlib.Path(__file__).resolve().parents[2]
    shared = pathlib.Path(os.environ.get("RCAR_SHARED", here.parent / "shared"))
    real = sorted((shared / "data/UCF-101").rglob("*.avi"))
    failed = False
    prepare(place)
    lists = [("distinct generated clips", generate(place, "generated", count, 6)[:count])]
    if real:
        lists.append(("links to real clips", real))
    for what, clips in lists:
        name = what.split()[0]
        said, low, high = compare(place, link(place, f"few-{name}", clips, FEW), link(place, f"many-{name}", clips, count),
                                  ("--no-cache",))
        failed |= high - low >= LONG_ALLOWED * count / 5000
        print(f"{count} {what}, {said['frames']} frames, {said['frames_per_second']:.1f} frames/s: "
              f"{low / MB:.1f} MB for {FEW} clips, {high / MB:.1f} MB for all, {(high - low) / MB:+.1f} MB; "
              f"the features' own size is {said['frames'] * 1280 * 4 / MB:.0f} MB", flush=True)
    subprocess.run(["rm", "-r", str(place.folder)], check=True)
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[2] == "--long":
        sys.exit(long_form(sys.argv[1], int(sys.argv[3])))
    sys.exit(main(prepare, "checks that extraction's memory does not grow with the list", ["rcar", "generate_clips", "draw_weights"]))
