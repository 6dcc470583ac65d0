"""What `rcar predict --timeline` takes of memory does not grow with the video. No sanitizer runs it, since one keeps what is freed.

usage: predict_memory.py BUILD_FOLDER [WORD]      RCAR_LONG_VIDEO_S=7200: two hours instead of ten minutes
"""

import os
import shutil
import subprocess

from harness import case, expect, main

WEIGHTS = ["--weights", "lite0.safetensors"]


def prepare(place):
    place.run("generate_clips", "--out", "clips", "--clips-per-class", 3, "--frames", 60, "--size", "64x64").succeeds()
    place.run("draw_weights", "efficientnetlite0", "lite0.safetensors").succeeds()
    for name in ("Growing", "Shrinking"):
        shutil.copytree(place / "clips" / name, place / "two" / name)
    place.run("rcar", "train", "two", "--backbone", "efficientnetlite0", *WEIGHTS, "--epochs", 1, "--out", "out").succeeds()


def long_video(place, name, seconds):
    """Small frames at 25 a second that hardly move: AVI, written by hand, each frame the same few JPEGs."""
    single = next((place / "two/Growing").iterdir()).read_bytes()
    pictures, at = [], single.find(b"00dc", single.find(b"movi"))
    while at >= 0 and len(pictures) < 25:
        size = int.from_bytes(single[at + 4:at + 8], "little")
        pictures.append(single[at + 8:at + 8 + size])
        at = single.find(b"00dc", at + 8 + size)
    with open(place / name, "wb") as file:  # bare JPEGs one after the other: .mjpeg
        for i in range(int(seconds * 25)):
            file.write(pictures[i % len(pictures)])
    return name


def peak_kilobytes(place, *arguments):
    command = place.command("rcar", ["predict", "out/model.rcar", *arguments, *WEIGHTS])
    process = subprocess.Popen(command, cwd=place.folder, env=place.environment({"RCAR_NUM_THREADS": "2"}),
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    expect(process.returncode == 0, process.returncode, said)
    return usage.ru_maxrss


@case("a long video is predicted in the memory of a short one")
def _(place):
    seconds = float(os.environ.get("RCAR_LONG_VIDEO_S", 600))
    stride = max(1, int(seconds * 25 / 600))
    short = peak_kilobytes(place, long_video(place, "short.mjpeg", 10), "--timeline")
    long = peak_kilobytes(place, long_video(place, "long.mjpeg", seconds), "--timeline", "--stride", stride)
    print(f"       10 s: {short / 1024:.1f} MiB, {seconds:g} s: {long / 1024:.1f} MiB", flush=True)
    (place / "long.mjpeg").unlink()
    expect(long < short + 8 * 1024, "the long video took", long, "kB, the short one", short)


if __name__ == "__main__":
    raise SystemExit(main(prepare, __doc__.splitlines()[0], ("rcar", "generate_clips", "draw_weights")))
