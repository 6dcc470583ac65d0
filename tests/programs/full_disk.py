"""Disks that are full or read-only: every write error is said with path and reason, what was computed stays, and with room
again the next run goes on. Real file systems in memory, which only root may mount: else the test is skipped.

usage: full_disk.py BUILD_FOLDER [WORD]
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time

import small_training
from harness import SKIP_EXIT_CODE, case, expect, main
from small_training import arguments, cached_clips, entries, expect_same, half_written, start

EPOCHS = 60
CLIPS = 12
DISK_BYTES = 8 << 20


def system(*command):
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


class Disk:
    """A file system of DISK_BYTES in a folder of the workplace."""

    def __init__(self, place, name):
        self.path = place / name
        self.path.mkdir()
        expect(system("mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "rcar-test", self.path), "cannot mount", self.path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.writable()
        expect(system("umount", self.path) or system("umount", "-l", self.path), "cannot unmount", self.path)

    def read_only(self):
        return system("mount", "-o", "remount,ro", self.path)

    def writable(self):
        return system("mount", "-o", "remount,rw", self.path)

    def fill(self, free):
        """Leaves `free` bytes."""
        (self.path / "ballast").write_bytes(b"")
        info = os.statvfs(self.path)
        (self.path / "ballast").write_bytes(bytes(max(0, info.f_bavail * info.f_bsize - free)))

    def empty(self):
        (self.path / "ballast").unlink(missing_ok=True)


def prepare(place):
    small_training.prepare(place, 3)
    train(place, "good").succeeds()


def train(place, out, *more):
    return place.run("rcar", *arguments(out, EPOCHS, *more))


@case("a disk that is full at any moment: one line with path and reason, nothing half-written, and the next run goes on")
def _(place):
    needed = sum(place.files("good").values())
    kept, failed = [], set()
    with Disk(place, "full") as disk:
        for tenth in range(12):
            out = f"full/{tenth}"
            disk.fill(needed * tenth // 10)
            result = train(place, out)
            if result.code != 0:
                result.refuses("full/", "No space left on device", "room")
                failed.add(result.err.split("'")[1].split("/")[-1].split(".")[-1])
            expect(not half_written(place, "full"), "half-written files:", half_written(place, "full"))
            here = entries(place, f"{out}/cache")
            for name, path in here.items():
                expect(path.read_bytes() == (place / "good/cache" / name).read_bytes(), path, "is not whole")
            kept.append(len(here))
            disk.empty()
            if result.code != 0:
                train(place, out).succeeds()
                expect(cached_clips(place, out) == len(here), cached_clips(place, out), "of", len(here))
            expect_same(place, out, "good")
            shutil.rmtree(place / out)
    expect(kept[0] == 0 and kept[-1] == CLIPS and any(0 < n < CLIPS for n in kept), "entries kept:", kept)
    expect({"npy", "safetensors"} <= failed, "the files that found no room were", failed)


@case("a read-only disk is refused before any work, as out folder and as cache")
def _(place):
    with Disk(place, "read_only") as disk:
        train(place, "read_only/out").succeeds()
        before = place.files("read_only")
        expect(disk.read_only(), "cannot make it read-only")
        train(place, "read_only/out").refuses("read_only/out/run.lock", "Read-only file system")
        train(place, "read_only/new").refuses("read_only/new", "Read-only file system")
        train(place, "beside", "--cache", "read_only/out/cache").refuses("read_only/out/cache", "Read-only file system")
        expect(place.files("read_only") == before, "files changed")
        expect(not entries(place, "beside/cache"), "clips were extracted")


@case("a disk that becomes read-only during extraction: one line with path and reason, and the next run goes on")
def _(place):
    with Disk(place, "failing") as disk:
        process = start(place, arguments("failed", EPOCHS, "--cache", "failing/cache"))
        until = time.monotonic() + 60
        while len(entries(place, "failing/cache")) < 2 and process.poll() is None and time.monotonic() < until:
            time.sleep(0.002)
        while not disk.read_only() and process.poll() is None and time.monotonic() < until:
            pass  # a file is open for writing at this moment
        _, err = process.communicate(timeout=300)
        kept = len(entries(place, "failing/cache"))
        expect(0 < kept < CLIPS, kept, "entries were there when the disk failed")
        lines = err.splitlines()
        expect(process.returncode == 1 and lines[-1].startswith("error: ") and "failing/cache" in lines[-1] and
               "Read-only file system" in lines[-1], process.returncode, err)
        disk.writable()
        train(place, "failed", "--cache", "failing/cache").succeeds()
        expect(cached_clips(place, "failed") == kept, cached_clips(place, "failed"), "of", kept)
        expect_same(place, "failed", "good", "failing/cache")


def may_mount():
    with tempfile.TemporaryDirectory() as folder:
        mounted = os.geteuid() == 0 and system("mount", "-t", "tmpfs", "-o", "size=64k", "rcar-test", folder)
        return mounted and system("umount", folder)


if __name__ == "__main__":
    if not may_mount():
        print("skipped: file systems of its own need root and the right to mount")
        sys.exit(SKIP_EXIT_CODE)
    sys.exit(main(prepare, "fills disks and makes them read-only"))
