"""rcar doctor as a user runs it: what it finds, how it says so, and the lists that it writes.

usage: doctor.py BUILD_FOLDER [WORD]
"""

import csv
import json
import os
import shutil

from harness import LeavesNoFile, case, expect, main

FINDINGS = 3


def prepare(place):
    place.run("generate_clips", "--out", "clips", "--clips-per-class", 12, "--frames", 24, "--size", "96x72").succeeds()
    place.run("generate_clips", "--out", "other", "--clips-per-class", 1, "--frames", 30, "--size", "96x72", "--seed", 5).succeeds()
    for name in ("Growing", "Shrinking"):
        shutil.copytree(place / "clips" / name, place / "sound" / name)
    shutil.copytree(place / "sound", place / "ill")
    # In a prepared folder, of everything something.
    lists = {"train": [], "test": []}
    for name in ("Growing", "Shrinking"):
        for file in sorted((place / "clips" / name).iterdir()):
            side = "test" if "_g04_" in file.name else "train"
            lists[side].append((file.name, name))
            os.makedirs(place / "prepared" / side, exist_ok=True)
            shutil.copy(file, place / "prepared" / side / file.name)
    clip = lambda name: place / "clips" / name[2:].split("_")[0] / name
    for side, name, tag, source in (
            ("train", "v_Growing_g04_c09.avi", "Growing", place / "other/Growing/v_Growing_g01_c01.avi"),  # a group on both sides
            ("test", "again.avi", "Shrinking", clip("v_Shrinking_g01_c02.avi")),                           # a leak
            ("train", "wrong.avi", "Growing", clip("v_Shrinking_g02_c02.avi"))):                           # another label
        shutil.copy(source, place / "prepared" / side / name)
        lists[side].append((name, tag))
    whole = clip("v_Growing_g02_c01.avi").read_bytes()
    place.write("prepared/train/cut.avi", whole[:len(whole) * 6 // 10])
    place.write("prepared/train/text.avi", "no video")
    lists["train"] += [("cut.avi", "Growing"), ("text.avi", "Growing"), ("gone.avi", "Shrinking")]
    for side, rows in lists.items():
        place.write(f"prepared/{side}.csv", "video_name,tag\n" + "".join(f"{name},{tag}\n" for name, tag in rows))


def diagnosed(result, code):
    expect(result.code == code, f"its exit code is not {code}:", result)
    return json.loads(result.out)


def kinds(document):
    return {finding["kind"]: finding for finding in document["findings"]}


@case("sound clips end with exit code 0 and a table")
def sound(place):
    result = place.run("rcar", "doctor", "sound").succeeds()
    for part in ("24 clips of 2 classes", "Growing", "Size      96x72 (24 clips)", "0 errors"):
        expect(part in result.out, "it does not say", repr(part), result)
    document = diagnosed(place.run("rcar", "doctor", "sound", "--json"), 0)
    expect(document["errors"] == 0 and len(document["clips"]) == 24, document)
    expect(place.run("rcar", "doctor", "sound", "--quiet").succeeds().out == "", "it is not quiet")
    strict = place.run("rcar", "doctor", "sound", "--strict", "--json")
    expect(strict.code == (FINDINGS if document["warnings"] else 0), "--strict:", strict)


@case("every fault of a prepared folder is found and ends with exit code 3")
def ill(place):
    document = diagnosed(place.run("rcar", "doctor", "prepared", "--json"), FINDINGS)
    found = kinds(document)
    for kind, words in {
            "unreadable-clips": ("text.avi", "gone.avi", "There is no clip"),
            "group-leak": ("Growing g04: 1 training clip, 3 test clips",),
            "duplicates-across-test": ("again.avi (test)", "v_Shrinking_g01_c02.avi"),
            "label-conflict": ("wrong.avi", "as Growing", "as Shrinking"),
            "truncated-clips": ("cut.avi",),
    }.items():
        expect(kind in found, "it does not find", kind, sorted(found))
        for word in words:
            expect(any(word in item for item in found[kind]["items"]), kind, "does not name", word, found[kind])
    expect(document["errors"] == sum(each["severity"] == "error" for each in document["findings"]), document["errors"])
    text = place.run("rcar", "doctor", "prepared")
    expect(text.code == FINDINGS, text)
    for finding in document["findings"]:
        expect(finding["what"] in text.out and finding["advice"] in text.out, "the text lacks", finding["what"], text)


@case("the fixed folder has no errors, DATA is as it was, and dropped.csv says what is missing")
def fix(place):
    with LeavesNoFile(place, "fixed"):
        before = diagnosed(place.run("rcar", "doctor", "prepared", "--fix", "fixed", "--json"), FINDINGS)
    after = diagnosed(place.run("rcar", "doctor", "fixed", "--json"), 0)
    with open(place / "fixed/dropped.csv", newline="") as file:
        dropped = list(csv.DictReader(file))
    expect(len(after["clips"]) + len(dropped) == len(before["clips"]), len(after["clips"]), len(dropped))
    expect([row["video_name"] for row in dropped] == [each["clip"] for each in before["fixed"]["dropped"]], dropped)
    expect(all(row["reason"] for row in dropped), dropped)
    expect(before["fixed"]["classes"] == after["classes"], before["fixed"]["classes"], after["classes"])


@case("a folder that is there, or in DATA, is refused before anything is decoded")
def refused(place):
    place.write("there/file", "mine")
    with LeavesNoFile(place):
        place.run("rcar", "doctor", "prepared", "--fix", "there").refuses("'there'", code=2)
        place.run("rcar", "doctor", "prepared", "--fix", "prepared").refuses("'prepared'", code=2)
        place.run("rcar", "doctor", "prepared", "--fix", "prepared/fixed").refuses("in the folder of the data", code=2)
        place.run("rcar", "doctor", "nowhere").refuses("nowhere")
        place.run("rcar", "doctor", "sound", "--validation", "first").refuses("'first'", code=2)


@case("what --validation last does to a sorted list is said, and --strict makes it count")
def last(place):
    arguments = ["doctor", "sound", "--validation", "last", "--json"]
    found = kinds(diagnosed(place.run("rcar", *arguments), 0))
    expect("Growing" in found["classes-without-validation"]["items"], sorted(found))
    expect(place.run("rcar", *arguments, "--strict").code == FINDINGS, "--strict does not count warnings")
    place.run("rcar", "doctor", "sound", "--validation", "none").succeeds()


@case("the cache changes nothing but the time, also when entries are damaged")
def cache(place):
    plain = place.run("rcar", "doctor", "prepared", "--json").out
    first = place.run("rcar", "doctor", "prepared", "--json", "--cache", "facts").out
    entries = sorted((place / "facts").iterdir())
    expect(entries, "the cache is empty")
    entries[0].write_bytes(entries[0].read_bytes()[:100])
    entries[1].unlink()
    second = place.run("rcar", "doctor", "prepared", "--json", "--cache", "facts").out
    expect(plain == first == second, "the results differ")


if __name__ == "__main__":
    raise SystemExit(main(prepare, __doc__.splitlines()[0]))
