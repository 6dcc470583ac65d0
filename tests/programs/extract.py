"""rcar extract as a user runs it: every kind of DATA, with and without cache, and what it refuses.

usage: extract.py BUILD_FOLDER [WORD]
"""

import ast
import csv
import json
import shutil

from harness import LeavesNoFile, case, expect, main

NETWORK = ["--backbone", "efficientnetlite0", "--weights", "lite0.safetensors"]
CLASSES = ("Growing", "Shrinking")


def prepare(place):
    place.run("generate_clips", "--out", "clips", "--clips-per-class", 3, "--frames", 6, "--size", "64x64").succeeds()
    place.run("draw_weights", "efficientnetlite0", "lite0.safetensors").succeeds()
    for name in CLASSES:
        shutil.copytree(place / "clips" / name, place / "two" / name)
    extract(place, "two", "--out", "reference").succeeds()


def extract(place, *arguments, **options):
    return place.run("rcar", "extract", *arguments, *NETWORK, **options)


def rows(place, out):
    with open(place / out / "clips.csv", newline="") as file:
        return list(csv.DictReader(file))


def read_npy(path):
    """Shape, type and values' bytes of a NumPy file, version 1."""
    content = path.read_bytes()
    expect(content[:8] == b"\x93NUMPY\x01\x00", path, "begins as", content[:8])
    end = 10 + int.from_bytes(content[8:10], "little")
    header = ast.literal_eval(content[10:end].decode())
    return header["shape"], header["descr"], content[end:]


def features_of(place, out):
    """{name without folders: bytes of the clip's features}, and that table and mask are as large as the list."""
    (clips, steps, dim), kind, features = read_npy(place / out / "features.npy")
    shape, mask_kind, mask = read_npy(place / out / "mask.npy")
    listed = rows(place, out)
    expect((steps, dim, kind) == (20, 1280, "<f4") and (shape, mask_kind) == ((clips, steps), "|b1"), steps, dim, kind, shape, mask_kind)
    expect([int(row["frames"]) for row in listed] == [sum(mask[i * steps:(i + 1) * steps]) for i in range(clips)], "the mask is", mask)
    size = 4 * steps * dim
    return {row["video_name"].rsplit("/", 1)[-1]: features[i * size:(i + 1) * size] for i, row in enumerate(listed)}


def expect_same(place, out, names=None):
    """The features of `out` are the reference's, of all clips or those with these names, bit by bit."""
    reference, found = features_of(place, "reference"), features_of(place, out)
    expect(found.keys() == set(names or reference), "the clips are", sorted(found))
    for name, values in found.items():
        expect(values == reference[name], out, "has other features of", name)
    expect(len(set(reference.values())) == len(reference), "two clips have the same features")


@case("a folder of classes: features, mask and list with the classes, a cache beside them")
def _(place):
    expect([row["tag"] for row in rows(place, "reference")] == [name for name in CLASSES for _ in range(3)], rows(place, "reference"))
    expect_same(place, "reference")
    again = json.loads(extract(place, "two", "--out", "reference", "--json").succeeds().out)
    expect((again["clips"], again["cached"], again["frames"]) == (6, 6, 0), "a second run computes:", again)
    expect_same(place, "reference")


@case("a prepared folder, and UCF101's tree with its lists: each clip with its part")
def _(place):
    parts = {"train": ["g01_c01", "g01_c02"], "test": ["g01_c03"]}
    (place / "lists").mkdir()
    place.write("lists/classInd.txt", "".join(f"{i} {name}\n" for i, name in enumerate(CLASSES, 1)))
    for part, clips in parts.items():
        (place / "prepared" / part).mkdir(parents=True)
        names = [(f"v_{name}_{clip}.avi", name, i) for i, name in enumerate(CLASSES, 1) for clip in clips]
        for name, tag, _ in names:
            shutil.copy(place / "two" / tag / name, place / "prepared" / part)
        place.write(f"prepared/{part}.csv", "video_name,tag\n" + "".join(f"{name},{tag}\n" for name, tag, _ in names))
        place.write(f"lists/{part}list01.txt", "".join(f"{tag}/{name} {i}\n" if part == "train" else f"{tag}/{name}\n" for name, tag, i in names))
    for out, data in {"of_prepared": ["prepared"], "of_lists": ["two", "--lists", "lists"]}.items():
        extract(place, *data, "--out", out, "--cache", "shared").succeeds()
        expect_same(place, out)
        found = [(row["part"], row["tag"]) for row in rows(place, out)]
        expect(found == [(part, name) for part, clips in parts.items() for name in CLASSES for _ in clips], out, found)


@case("clips by name, without a class")
def _(place):
    names = ["v_Shrinking_g01_c02.avi", "v_Growing_g01_c01.avi"]
    extract(place, *(f"two/{name.split('_')[1]}/{name}" for name in names), "--out", "named").succeeds()
    expect([row["video_name"].rsplit("/", 1)[-1] for row in rows(place, "named")] == names, "another order")
    expect(all(row["tag"] == "" for row in rows(place, "named")), rows(place, "named"))
    expect_same(place, "named", names)


@case("a cache alone serves the next run; --no-cache makes none")
def _(place):
    said = extract(place, "two", "--cache", "alone").succeeds().out
    expect("cache alone" in said and len(list((place / "alone").glob("*.npy"))) == 6, said)
    expect("6 from the cache, 0 frames" in extract(place, "two", "--cache", "alone", "--out", "served").succeeds().out)
    extract(place, "two", "--no-cache", "--out", "uncached").succeeds()
    expect(sorted(place.files("uncached")) == ["clips.csv", "features.npy", "mask.npy", "quarantine.csv"], place.files("uncached"))
    for out in ("served", "uncached"):
        expect_same(place, out)


@case("a clip that does not decode is set aside with the reason, exit code 3, and the others have their features")
def _(place):
    shutil.copytree(place / "two", place / "hurt")
    place.write("hurt/Growing/text.avi", "this is no video\n" * 50)
    result = extract(place, "hurt", "--out", "rest", "--json").succeeds(code=3)
    value = json.loads(result.out)
    expect(value["quarantined"] == 1 and "text.avi" in value["quarantine"][0]["clip"], value)
    with open(place / "rest/quarantine.csv", newline="") as file:
        expect(["text.avi" in row["clip"] for row in csv.DictReader(file)] == [True], "quarantine.csv")
    expect_same(place, "rest")


@case("what it cannot do is refused in a line, and nothing is written")
def _(place):
    with LeavesNoFile(place):
        extract(place, "two", "--out", "new", "--no-cache", "--cache", "c").refuses("--no-cache", "--cache", code=2)
        extract(place, "two").refuses("--out", "--cache", code=2)
        extract(place, "two/Growing/v_Growing_g01_c01.avi", "two", "--out", "new").refuses("'two'", "folder", code=2)
        extract(place, "two", "--out", "new", "--split", 4).refuses("--split", code=2)
        extract(place, "two", "--lists", "nowhere", "--out", "new").refuses("nowhere", code=2)
    with LeavesNoFile(place, "new/cache/"):
        extract(place, "absent.avi", "--out", "new").refuses("absent.avi")


if __name__ == "__main__":
    raise SystemExit(main(prepare, __doc__.splitlines()[0]))
