"""What rcar's programs say to input that is missing, damaged or wrong: one line, an exit code, nothing half-written,
nothing lost.

usage: bad_input.py BUILD_FOLDER [WORD]
"""

import csv
import glob
import json
import os
import shutil
import struct
import sys

from harness import LeavesNoFile, case, expect, main

LITE0 = ["--backbone", "efficientnetlite0", "--weights", "lite0.safetensors"]


def prepare(place):
    place.run("generate_clips", "--out", "clips", "--clips-per-class", 3, "--frames", 6, "--size", "64x64").succeeds()
    place.run("draw_weights", "efficientnetlite0", "lite0.safetensors").succeeds()
    place.run("draw_weights", "efficientnetlite0", "other_lite0.safetensors", "plain", 1).succeeds()
    place.run("draw_weights", "efficientnetb0", "b0.safetensors").succeeds()
    for name in ("Growing", "Shrinking"):
        shutil.copytree(place / "clips" / name, place / "two" / name)
    place.write("file", "a regular file where a folder is wanted\n")
    whole = clip(place).read_bytes()
    place.write("bad/empty.avi", b"")
    place.write("bad/header_only.avi", whole[:100])
    place.write("bad/text.avi", "this is no video\n" * 50)
    place.write("bad/noise.mp4", bytes((i * 7919 + i // 251) % 256 for i in range(5000)))
    os.mkdir(place / "bad/folder.avi")
    train(place, "two", "--out", "good", "--cache", "cache").succeeds()


def clip(place, name="Growing", number=1):
    return place / "clips" / name / f"v_{name}_g01_c{number:02}.avi"


def train(place, *arguments, environment=None):
    """A short training; later options take the place of the first ones."""
    options = {"--epochs": "2", "--backbone": "efficientnetlite0", "--weights": "lite0.safetensors"}
    arguments = [str(argument) for argument in arguments]
    for option in list(options):
        if option in arguments:
            del options[option]
    return place.run("rcar", "train", *arguments, *(word for pair in options.items() for word in pair), environment=environment)


def predict(place, *arguments, weights="lite0.safetensors"):
    return place.run("predict_video", *arguments, "--weights", weights)


def metrics(place, out):
    return json.loads((place / out / "metrics.json").read_text())


def prepared(place, name, train_rows, test_rows=None, header="video_name,tag"):
    """A prepared folder of clips c<i>.avi; a row is the text of a line."""
    folder = place / name
    for side in ("train", "test"):
        shutil.rmtree(folder / side, ignore_errors=True)
        (folder / side).mkdir(parents=True)
        for i, tag in enumerate(("Growing", "Shrinking") * 3):
            shutil.copy(clip(place, tag, i // 2 + 1), folder / side / f"c{i}.avi")
    place.write(f"{name}/train.csv", header + "\n" + "".join(row + "\n" for row in train_rows))
    place.write(f"{name}/test.csv", header + "\n" + "".join(row + "\n" for row in test_rows or GOOD_ROWS))
    return name


GOOD_ROWS = [f"c{i}.avi,{('Growing', 'Shrinking')[i % 2]}" for i in range(4)]


# --- clips --------------------------------------------------------------------------------------------------------------


@case("clips that are missing, empty, cut or no video are quarantined with their reasons, and training goes on")
def _(place):
    prepared(place, "quarantine", [*GOOD_ROWS, "absent.avi,Growing", "empty.avi,Growing", "header_only.avi,Shrinking",
                                   "text.avi,Growing", "noise.mp4,Shrinking", "folder.avi,Growing", "half.avi,Shrinking"])
    shutil.copytree(place / "bad", place / "quarantine/train", dirs_exist_ok=True)
    whole = clip(place).read_bytes()
    place.write("quarantine/train/half.avi", whole[:len(whole) // 2])
    train(place, "quarantine", "--out", "out_quarantine").succeeds(code=3)
    with open(place / "out_quarantine/quarantine.csv", newline="") as file:
        reasons = {row["clip"]: row["reason"] for row in csv.DictReader(file)}
    words = {"absent.avi": "There is no clip", "empty.avi": "empty (0 bytes)", "header_only.avi": "decoded",
             "text.avi": "not a video", "noise.mp4": "not a video", "folder.avi": "is a folder"}
    expect(reasons.keys() == words.keys(), "quarantined:", reasons)
    for name, word in words.items():
        expect(word in reasons[name] and name in reasons[name], "the reason of", name, "is", reasons[name])
    expect(metrics(place, "out_quarantine")["quarantined_clips"] == 6, metrics(place, "out_quarantine"))
    expect(metrics(place, "out_quarantine")["train_clips"] + metrics(place, "out_quarantine")["validation_clips"] == 5)


@case("predict_video names a clip that is missing, empty, cut or no video")
def _(place):
    for name, word in {"absent.avi": "There is no clip", "empty.avi": "empty (0 bytes)", "header_only.avi": "decoded",
                       "text.avi": "not a video", "noise.mp4": "not a video", "folder.avi": "is a folder"}.items():
        with LeavesNoFile(place):
            predict(place, "good/model.rcar", f"bad/{name}", "--json", "p.json", "--gif", "p.gif").refuses(name, word)


@case("a bad clip does not cost the others their prediction")
def _(place):
    result = predict(place, "good/model.rcar", clip(place), "bad/text.avi", clip(place, "Shrinking"), "--json", "some.json")
    result.refuses("bad/text.avi")
    clips = [entry["clip"] for entry in json.loads((place / "some.json").read_text())]
    expect(clips == [str(clip(place)), str(clip(place, "Shrinking"))], clips)


@case("no clip at all decodes: an error that says why of the first")
def _(place):
    prepared(place, "none", ["text.avi,Growing", "empty.avi,Shrinking"])
    shutil.copytree(place / "bad", place / "none/train", dirs_exist_ok=True)
    with LeavesNoFile(place, "out_none/cache/"):
        train(place, "none", "--out", "out_none").refuses("None of the 2 clips", "text.avi", "not a video")


# --- lists --------------------------------------------------------------------------------------------------------------


@case("a list with a missing column, a blank tag, a duplicate row or no row is refused with its line")
def _(place):
    for header, rows, words in [
            ("video_name,label", GOOD_ROWS, ["train.csv:1", "'tag'"]),
            ("tag", ["Growing"], ["train.csv:1", "'video_name'"]),
            ("video_name,tag", [*GOOD_ROWS, "c4.avi,"], ["train.csv:6", "blank tag", "c4.avi"]),
            ("video_name,tag", [*GOOD_ROWS, "c4.avi,Growing "], ["train.csv:6", "blanks around"]),
            ("video_name,tag", [*GOOD_ROWS, ",Growing"], ["train.csv:6", "blank video_name"]),
            ("video_name,tag", [*GOOD_ROWS, "c1.avi,Shrinking"], ["train.csv:6", "c1.avi", "line 3"]),
            ("video_name,tag", [*GOOD_ROWS, "c4.avi"], ["train.csv:6", "1 field"]),
            ("video_name,tag", [*GOOD_ROWS, "../c4.avi,Growing"], ["train.csv:6", "'..'"]),
            ("video_name,tag", [], ["train.csv", "lists no clip"])]:
        prepared(place, "lists", rows, header=header)
        if header != "video_name,tag":
            place.write("lists/test.csv", "video_name,tag\n" + "\n".join(GOOD_ROWS))
        with LeavesNoFile(place):
            train(place, "lists", "--out", "out_lists", "--cache", "cache_lists").refuses(*words)


@case("a list that is empty, binary or missing is refused")
def _(place):
    prepared(place, "lists", GOOD_ROWS)
    place.write("lists/train.csv", "")
    train(place, "lists", "--out", "out_lists").refuses("train.csv", "empty")
    place.write("lists/train.csv", b"\0\1\2\3")
    train(place, "lists", "--out", "out_lists").refuses("train.csv", "zero byte")
    (place / "lists/train.csv").unlink()
    train(place, "lists", "--out", "out_lists").refuses("train.csv", "check the path")
    train(place, "nowhere", "--out", "out_lists").refuses("There is no folder 'nowhere'")
    train(place, "file", "--out", "out_lists").refuses("There is no folder 'file'")
    train(place, "two", "--lists", "nowhere", "--out", "out_lists").refuses("nowhere/trainlist01.txt", code=2)
    expect(not (place / "out_lists").exists(), "an output folder is left")


@case("one class only, clips too few to test on, and a class that training lacks are refused before extraction")
def _(place):
    shutil.copytree(place / "clips/Growing", place / "one/Growing")
    for name in ("Growing", "Shrinking"):
        (place / "few" / name).mkdir(parents=True)
        shutil.copy(clip(place, name), place / "few" / name)
    prepared(place, "unseen", GOOD_ROWS, [*GOOD_ROWS, "c4.avi,Jumping"])
    with LeavesNoFile(place):
        train(place, "one", "--out", "out_one").refuses("only one class", "'Growing'", "at least two")
        train(place, "few", "--out", "out_few").refuses("few", "to test on", "at least two clips")
        train(place, "unseen", "--out", "out_unseen").refuses("'Jumping'", "c4.avi", "2 classes")
    os.mkdir(place / "nothing")
    train(place, "nothing", "--out", "out_nothing").refuses("'nothing'", "no class folders")


@case("fewer clips than a split needs: training goes on with a warning that names the classes")
def _(place):
    prepared(place, "single", GOOD_ROWS[:2])
    result = train(place, "single", "--out", "out_single", "--cache", "cache").succeeds()
    expect("Only one clip each of" in result.err, result)


@case("a class whose training clips all fail is named, and what was extracted is used by the next run")
def _(place):
    prepared(place, "lost", [*GOOD_ROWS, "empty.avi,Jumping"])
    place.write("lost/train/empty.avi", b"")
    with LeavesNoFile(place, "cache_lost/", "out_lost/quarantine.csv"):
        train(place, "lost", "--out", "out_lost", "--cache", "cache_lost").refuses("'Jumping'", "no training clip")
    place.write("lost/train.csv", "video_name,tag\n" + "\n".join(GOOD_ROWS))
    result = train(place, "lost", "--out", "out_lost", "--cache", "cache_lost").succeeds()
    expect(metrics(place, "out_lost")["cached_clips"] == 8, metrics(place, "out_lost"), result)


@case("a training that fails leaves the features for the next run")
def _(place):
    result = train(place, "two", "--out", "out_failed", "--cache", "cache_failed", "--validation", "stratified",
                   "--learning-rate", "1e-9", "--epochs", "1").succeeds()
    os.remove(place / "out_failed/model.rcar")
    os.mkdir(place / "out_failed/model.rcar")
    before = place.files("out_failed")
    result = train(place, "two", "--out", "out_failed", "--cache", "cache_failed")
    result.refuses("model.rcar", "a folder")
    expect(place.files("out_failed") == before, "the earlier results were changed")
    os.rmdir(place / "out_failed/model.rcar")
    train(place, "two", "--out", "out_failed", "--cache", "cache_failed").succeeds()
    expect(metrics(place, "out_failed")["cached_clips"] == 6, metrics(place, "out_failed"))


@case("a damaged cache entry is computed again with a warning")
def _(place):
    shutil.copytree(place / "cache", place / "cache_damaged")
    entry = sorted((place / "cache_damaged").glob("*.npy"))[0]
    entry.write_bytes(entry.read_bytes()[:1000])
    entries = len(list((place / "cache_damaged").glob("*.npy")))
    result = train(place, "two", "--out", "out_damaged", "--cache", "cache_damaged").succeeds()
    cached = metrics(place, "out_damaged")["cached_clips"]
    expect(len(list((place / "cache_damaged").glob("*.npy"))) == entries, "entries changed")
    expect(cached == 6 or (cached == 5 and entry.name in result.err), cached, result)
    expect((place / "good/model.rcar").read_bytes() == (place / "out_damaged/model.rcar").read_bytes(), "another model")


# --- weights ------------------------------------------------------------------------------------------------------------


@case("weights that are missing, empty, cut, altered, of another network or no weights are refused")
def _(place):
    whole = (place / "lite0.safetensors").read_bytes()
    header = 8 + struct.unpack("<Q", whole[:8])[0]
    for size in (0, 5, 8, 1000, header, header + 4, len(whole) // 2, len(whole) - 1):
        place.write("cut.safetensors", whole[:size])
        with LeavesNoFile(place):
            train(place, "two", "--out", "o", "--weights", "cut.safetensors").refuses("cut.safetensors")
    altered = bytearray(whole)
    altered[len(whole) // 2] ^= 64
    place.write("altered.safetensors", bytes(altered))
    head = place.data / "keras_head_gru.h5"
    place.write("cut.h5", head.read_bytes()[:20000])
    with LeavesNoFile(place):
        for weights, words in {
                "absent.safetensors": ["absent.safetensors", "check the path"],
                "altered.safetensors": ["damaged", "SHA-256"],
                "b0.safetensors": ["b0.safetensors", "'efficientnetb0'", "efficientnetlite0"],
                "good/model.rcar": ["model.rcar", "is a model file"],
                "file": ["file", "safetensors"],
                "bad": ["bad", "not a regular file"],
                str(head): ["keras_head_gru.h5"],
                "cut.h5": ["cut.h5"]}.items():
            train(place, "two", "--out", "o", "--weights", weights).refuses(*words)
            predict(place, "good/model.rcar", clip(place), "--json", "p.json", weights=weights).refuses(*words)


@case("weights that are no numbers are refused with their layer")
def _(place):
    place.run("draw_weights", "efficientnetlite0", "nan.safetensors", "nan").succeeds()
    with LeavesNoFile(place):
        train(place, "two", "--out", "o", "--weights", "nan.safetensors").refuses("stem_conv", "not finite")


@case("features that are no numbers are refused with their clip")
def _(place):
    place.run("draw_weights", "efficientnetb0", "huge.safetensors", "huge").succeeds()
    with LeavesNoFile(place, "o/cache/"):
        result = train(place, "two", "--out", "o", "--backbone", "efficientnetb0", "--weights", "huge.safetensors")
        result.refuses("v_", ".avi", "not finite", "weights")


@case("weights that a model was not trained with are refused")
def _(place):
    with LeavesNoFile(place):
        result = predict(place, "good/model.rcar", clip(place), "--json", "p.json", weights="other_lite0.safetensors")
        result.refuses("good/model.rcar", "other efficientnetlite0 weights", "give the weight file")


@case("convert_keras_weights refuses what is missing, empty, cut, no HDF5 or holds what is no number")
def _(place):
    for name in ("keras_head_gru.weights.h5", "keras_small_keras2_gzip.h5", "keras_head_lstm.keras"):
        whole = (place.data / name).read_bytes()
        suffix = name[name.index("."):]
        for size in (0, 3, 8, 100, 2048, len(whole) // 2, len(whole) - 1):
            place.write(f"cut{suffix}", whole[:size])
            with LeavesNoFile(place):
                result = place.run("convert_keras_weights", f"cut{suffix}", "out.safetensors")
                result.refuses(f"cut{suffix}")
    place.write("text.h5", "no HDF5 at all\n" * 100)
    with LeavesNoFile(place):
        place.run("convert_keras_weights", "text.h5", "out.safetensors").refuses("text.h5")
        place.run("convert_keras_weights", "absent.h5", "out.safetensors").refuses("absent.h5")
        place.run("convert_keras_weights", "bad", "out.safetensors").refuses("bad")
        place.run("convert_keras_weights", place.data / "keras_small.weights.h5", "out.safetensors").refuses("keras_small")
        place.run("convert_keras_weights", place.data / "keras_head_gru.h5", "file/out.safetensors").refuses("file/out")
        place.run("convert_keras_weights", place.data / "keras_head_gru.h5", "bad").refuses("'bad'", "a folder")
    expected = (place.data / "keras_head_gru_expected.safetensors").read_bytes()
    length = struct.unpack("<Q", expected[:8])[0]
    name, entry = next((k, v) for k, v in json.loads(expected[8:8 + length]).items() if k != "__metadata__")
    begin = 8 + length + entry["data_offsets"][0]
    whole = (place.data / "keras_head_gru.weights.h5").read_bytes()
    at = whole.find(expected[begin:begin + 16])
    expect(at > 0, "the values of", name, "are not in the file")
    place.write("nan.weights.h5", whole[:at] + struct.pack("<f", float("nan")) + whole[at + 4:])
    with LeavesNoFile(place):
        place.run("convert_keras_weights", "nan.weights.h5", "out.safetensors").refuses("nan.weights.h5", "dense/bias", "infinity")


@case("convert_torch_weights refuses what is missing, cut or of another network")
def _(place):
    whole = (place.data / "torch_zip.pth").read_bytes()
    for size in (0, 10, len(whole) // 2, len(whole) - 1):
        place.write("cut.pth", whole[:size])
        with LeavesNoFile(place):
            place.run("convert_torch_weights", "cut.pth", "out.safetensors").refuses("cut.pth")
    with LeavesNoFile(place):
        place.run("convert_torch_weights", "absent.pth", "out.safetensors").refuses("absent.pth")
        place.run("convert_torch_weights", place.data / "torch_zip.pth", "out.safetensors").refuses("EfficientNet-Lite0")
        place.run("convert_torch_weights", "file", "out.safetensors").refuses("file")


# --- model files --------------------------------------------------------------------------------------------------------


@case("a model file that is cut, altered or something else is refused")
def _(place):
    whole = (place / "good/model.rcar").read_bytes()
    header = 8 + struct.unpack("<Q", whole[:8])[0]
    for size in (0, 1, 7, 8, 9, 500, header - 1, header, header + 1, len(whole) // 2, len(whole) - 1):
        place.write("cut.rcar", whole[:size])
        with LeavesNoFile(place):
            predict(place, "cut.rcar", clip(place), "--json", "p.json").refuses("cut.rcar", "model.rcar that training wrote")
    altered = bytearray(whole)
    altered[-10] ^= 64
    place.write("altered.rcar", bytes(altered))
    with LeavesNoFile(place):
        predict(place, "altered.rcar", clip(place)).refuses("altered.rcar", "damaged")
        predict(place, "absent.rcar", clip(place)).refuses("absent.rcar", "check the path")
        predict(place, "lite0.safetensors", clip(place)).refuses("lite0.safetensors", "not a model file")
        predict(place, "file", clip(place)).refuses("file", "model.rcar that training wrote")
        predict(place, clip(place), clip(place)).refuses(".avi", "model.rcar that training wrote")
        predict(place, "good", clip(place)).refuses("good", "not a regular file")
    for name, old, new, code, words in [
            ("later.rcar", b'"version": "1"', b'"version": "2"', 1, ["later.rcar", "'2'", "'version'"]),
            ("unknown.rcar", b"efficientnetlite0", b"efficientnetlite9", 2, ["'efficientnetlite9'"])]:
        expect(old in whole, old, "is not in the model file")
        place.write(name, whole.replace(old, new).replace(b'"checksum"', b'"was_one" '))  # as a program that edits it
        predict(place, name, clip(place)).refuses(*words, code=code)


# --- where to write -----------------------------------------------------------------------------------------------------


@case("an output or cache folder that cannot be written is refused before any clip is decoded")
def _(place):
    for out in ("file", "file/out", "/proc/out"):
        with LeavesNoFile(place):
            train(place, "two", "--out", out, "--cache", "fresh").refuses(out)
    for cache in ("file", "file/cache", "/proc/cache"):
        with LeavesNoFile(place):
            train(place, "two", "--out", "o", "--cache", cache).refuses(cache, "cache")


@case("predict_video refuses a JSON or GIF that cannot be written before it predicts")
def _(place):
    os.makedirs(place / "taken.json", exist_ok=True)
    for option, path in [("--json", "file/p.json"), ("--json", "absent/p.json"), ("--json", "taken.json"),
                         ("--json", "/proc/p.json"), ("--json", "/dev/null"), ("--gif", "file/p.gif"),
                         ("--gif", "absent/p.gif"), ("--gif", "bad")]:
        with LeavesNoFile(place):
            result = predict(place, "good/model.rcar", clip(place), option, path).refuses(path)
            expect(result.out == "", "it predicted first:", result)


@case("generate_clips, prepare_ucf101 and get_weights refuse folders that cannot be written")
def _(place):
    place.write("ucf_lists/trainlist01.txt", "Growing/v_Growing_g01_c01.avi 1\nShrinking/v_Shrinking_g01_c01.avi 2\n")
    place.write("ucf_lists/testlist01.txt", "Growing/v_Growing_g01_c02.avi\nShrinking/v_Shrinking_g01_c02.avi\n")
    lists = ["--lists", "ucf_lists", "--ucf", "clips", "--top", 2]
    with LeavesNoFile(place):
        place.run("generate_clips", "--out", "file/clips").refuses("file/clips")
        place.run("generate_clips", "--out", "bad").refuses("bad/")
        place.run("prepare_ucf101", *lists, "--out", "file/ucf").refuses("file/ucf")
        place.run("prepare_ucf101", *lists, "--out", "clips").refuses("'clips'", code=2)
        place.run("get_weights", "efficientnetb0", "--out", "file/b0.safetensors", "--base-url", "http://127.0.0.1:1").refuses("file")
    place.run("get_weights", "efficientnetb0", "--out", "new/b0.safetensors", "--base-url", "http://127.0.0.1:1").refuses(
        "http://127.0.0.1:1/", "new/", "MD5")
    expect(not place.files("new"), "files are left:", place.files("new"))


@case("prepare_ucf101 refuses lists that are missing, damaged or contradict themselves, and clips that are not there")
def _(place):
    arguments = ["--ucf", "clips", "--top", 1, "--out", "prepared"]
    good = "Growing/v_Growing_g01_c01.avi 1\n"
    for listed, words, code in [(None, ["trainlist01.txt"], 2), ("", ["trainlist01.txt", "no clip"], 1),
                                ("v_Growing_g01_c01.avi\n", ["trainlist01.txt:1"], 1), (good + good, ["trainlist01.txt:2"], 1),
                                ("Growing/v_Growing_g09_c01.avi\n", ["v_Growing_g09_c01.avi", "--skip-missing"], 1)]:
        shutil.rmtree(place / "damaged_lists", ignore_errors=True)
        place.write("damaged_lists/testlist01.txt", "Growing/v_Growing_g01_c02.avi\n")
        if listed is not None:
            place.write("damaged_lists/trainlist01.txt", listed)
        with LeavesNoFile(place):
            place.run("prepare_ucf101", *arguments, "--lists", "damaged_lists").refuses(*words, code=code)
            expect(not (place / "prepared").exists(), "a folder is left")


# --- options ------------------------------------------------------------------------------------------------------------


@case("a recognizer that is not registered is refused with the line of code that would add it")
def _(place):
    with LeavesNoFile(place):
        for options, words in [
                (["--backbone", "resnet50"], ["'resnet50'", "efficientnetb0", "inceptionv3"]),
                (["--cell", "rnn"], ["'rnn'", "gru, lstm"]),
                (["--sequence-length", 40], ["Entry<EfficientNetLite0<224>, GRU, 40>", "Registry"]),
                (["--image-dim", 160, "--cell", "lstm"], ["Entry<EfficientNetLite0<160>, LSTM, 20>", "Registry"]),
                (["--sequence-length", 0], ["sequence length", "at least 1"]),
                (["--sequence-length", -3], ["sequence length", "at least 1"]),
                (["--image-dim", 16], ["image dimension", "32 or more"]),
                (["--image-dim", -1], ["image dimension", "32 or more"])]:
            train(place, "two", "--out", "o", *options).refuses(*words, code=2)


@case("an option that makes no sense is refused with exit code 2")
def _(place):
    with LeavesNoFile(place):
        for options, words in [
                (["--sampler", "middle"], ["'middle'", "first", "uniform"]),
                (["--backend", "tpu"], ["'tpu'", "cpu, cuda, cuda-bf16"]),
                (["--validation", "random"], ["'random'", "stratified, last, none"]),
                (["--epochs", 0], ["--epochs"]), (["--batch-size", -1], ["--batch-size"]), (["--patience", "x"], ["--patience"]),
                (["--seed", -1], ["--seed"]), (["--split", 4], ["--split"]), (["--test-part", 2], ["--test-part"]),
                (["--learning-rate", "nan"], ["--learning-rate", "1e-9 to 10"]), (["--colour", "red"], ["--colour"]), (["extra"], ["extra"])]:
            train(place, "two", "--out", "o", *options).refuses(*words, code=2)
        predict(place, "good/model.rcar", clip(place), "--fps", 0).refuses("--fps", code=2)
        predict(place, "good/model.rcar", clip(place), "--backend", "tpu").refuses("'tpu'", "cpu, cuda or cuda-bf16", code=2)
        place.run("convert_keras_weights", "a.h5").refuses("OUT", code=2)
        place.run("get_weights", "resnet50").refuses("resnet50", code=2)
        place.run("prepare_ucf101", "--lists", "x", "--top", 2).refuses("--ucf and --out", code=2)


@case("where there is no GPU, --backend cuda is refused before any work")
def _(place):
    if glob.glob("/dev/nvidia[0-9]*") or os.path.exists("/dev/dxg"):
        return
    with LeavesNoFile(place):
        for result in (train(place, "two", "--out", "o", "--backend", "cuda"),
                       train(place, "two", "--out", "o", "--backend", "cuda-bf16"),
                       predict(place, "good/model.rcar", clip(place), "--backend", "cuda")):
            built_with_cuda = "built without CUDA" not in result.err
            result.refuses("CUDA", "--backend cpu", code=1 if built_with_cuda else 2)


@case("a malformed RCAR_NUM_THREADS is refused")
def _(place):
    with LeavesNoFile(place):
        for text in ("many", "0", "-2", "2x", "99999999999999999999"):
            result = train(place, "two", "--out", "o", environment={"RCAR_NUM_THREADS": text})
            result.refuses("RCAR_NUM_THREADS", f"'{text}'", "1 to 1024", code=2)


if __name__ == "__main__":
    sys.exit(main(prepare, "provokes every error that input can cause"))
