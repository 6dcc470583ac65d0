"""rcar, the one command line: help, exit codes, --json, --quiet, colour, completion, and what its commands say. Commands are
found in `rcar --help`, so that a new one is held to the rules without a line here.

usage: command_line.py BUILD_FOLDER [WORD]
"""

import fcntl
import hashlib
import json
import math
import os
import pty
import re
import shlex
import shutil
import struct
import subprocess
import sys
import termios

from harness import LeavesNoFile, case, expect, main

LITE0 = ["--backbone", "efficientnetlite0", "--weights", "lite0.safetensors"]


def prepare(place):
    place.run("generate_clips", "--out", "clips", "--clips-per-class", 3, "--frames", 6, "--size", "64x64").succeeds()
    place.run("draw_weights", "efficientnetlite0", "lite0.safetensors").succeeds()
    for name in ("Growing", "Shrinking"):
        shutil.copytree(place / "clips" / name, place / "two" / name)
    place.write("text.txt", "this is no file that rcar knows\n" * 20)
    place.write("text.avi", "this is no video\n" * 50)
    rcar(place, "train", "two", *LITE0, "--epochs", 2, "--out", "out").succeeds()


def rcar(place, *arguments, **options):
    return place.run("rcar", *arguments, **options)


def clip(place, name="Growing"):
    return place / "clips" / name / f"v_{name}_g01_c01.avi"


def document(result, code=0):
    """The one JSON document that a command prints."""
    expect(result.code == code, f"its exit code is not {code}:", result)
    try:
        return json.loads(result.out)
    except json.JSONDecodeError as error:
        expect(False, "not one JSON document:", error, result)


def on_terminal(place, *arguments, columns=100, environment=None):
    """What a command writes where standard output is a terminal of so many columns."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    settings = {"TERM": "xterm"} | (environment or {})
    run = subprocess.Popen(place.command("rcar", arguments), cwd=place.folder, env=place.environment(settings),
                           stdin=subprocess.DEVNULL, stdout=child, stderr=subprocess.DEVNULL)
    os.close(child)
    out = b""
    while True:
        try:
            part = os.read(parent, 65536)
        except OSError:  # the terminal is closed
            break
        if not part:
            break
        out += part
    os.close(parent)
    run.wait(timeout=60)
    return out.decode().replace("\r\n", "\n")


# --- help ---------------------------------------------------------------------------------------------------------------


def commands(place):
    lines = rcar(place, "--help").out.splitlines()
    section = lines[lines.index("Commands:") + 1:]
    return [match.group(1) for line in section[:section.index("")] if (match := re.match(r"  ([a-z-]+)", line))]


def options(text):
    """The options of a help text; those that take a value, those that take none, and what values are listed."""
    names = {}
    for line in text.splitlines():
        if match := re.match(r"  ((?:-\w, )?--[\w-]+(?:, --[\w-]+)*|-\w)( [A-Z]+)?", line):
            for name in match.group(1).split(", "):
                names[name] = match.group(2) is not None
    return names


def example_lines(text):
    """The command lines under `Examples:`, with those that go over several lines put together."""
    text = text[text.index("Examples:"):].replace("\\\n", " ")
    lines = [shlex.split(line, comments=True) for line in text.splitlines()[1:] if line.startswith("  ")]
    return [words[words.index("rcar") + 1:] for words in lines if "rcar" in words]


@case("without arguments, with --help and with help it prints the commands, each with a sentence")
def _(place):
    bare, help = rcar(place), rcar(place, "--help").succeeds()
    expect(bare.code == 2 and bare.out == help.out and bare.err == "", bare)
    expect(rcar(place, "help").succeeds().out == help.out, "`rcar help` is not `rcar --help`")
    for name in ("train", "evaluate", "inspect", "convert", "gif", "bench", "completion"):
        expect(name in commands(place), name, "is not listed", help)
    for name in commands(place):
        expect(re.search(rf"^  {name} +[A-Z]\w+", help.out, re.MULTILINE), name, "has no sentence", help)
    expect(re.fullmatch(r"rcar \d+\.\d+\.\d+\n", rcar(place, "--version").succeeds().out), "the version")


@case("every command's help has usage, arguments, --json, --quiet, examples and exit codes, in lines of 100 columns")
def _(place):
    for name in commands(place):
        result = rcar(place, name, "--help").succeeds()
        expect(result.err == "" and rcar(place, "help", name).out == result.out, result)
        for part in (f"Usage: rcar {name}", "Examples:", "--json", "--quiet", "--help", "Exit code: 0 done"):
            expect(part in result.out, name, "lacks", part, result)
        expect(any(words[:1] == [name] for words in example_lines(result.out)), name, "has no example of itself", result)
        for line in result.out.splitlines():
            expect(len(line) <= 100 or " #" in line or " " not in line.strip(), name, "has a line of", len(line), ":", line)


@case("examples in help use commands and options that exist, and give values to those options only that take them")
def _(place):
    known = {name: options(rcar(place, name, "--help").out) for name in commands(place)}
    for name in known:
        for words in example_lines(rcar(place, name, "--help").out):
            expect(words and words[0] in known, name, "has an example of a command that is not there:", words)
            for word in words[1:]:
                if word.startswith("-") and word != "-":
                    expect(word.split("=")[0] in known[words[0]], name, "has an example with the option", word, words)


@case("help is wrapped to the terminal")
def _(place):
    for columns in (60, 80):
        text = on_terminal(place, "train", "--help", columns=columns)
        expect("Usage: rcar train" in text, text)
        for line in text.splitlines():
            expect(len(line) <= columns or " " not in line.strip(), f"{len(line)} columns of {columns}:", line)
    wide = on_terminal(place, "train", "--help", columns=200)
    expect(max(len(line) for line in wide.splitlines()) <= 100, "lines of more than 100 columns")
    expect(example_lines(text) == example_lines(wide), "wrapping changes the examples")


# --- usage errors -------------------------------------------------------------------------------------------------------


@case("a command, an option or a choice that is mistyped is answered with the nearest one")
def _(place):
    with LeavesNoFile(place):
        rcar(place, "trian", "two").refuses("'trian'", "perhaps train is meant", "rcar --help", code=2)
        rcar(place, "inspekt", "two").refuses("perhaps inspect is meant", code=2)
        result = rcar(place, "qqqqqqqqqq").refuses("'qqqqqqqqqq'", code=2)
        expect("perhaps" not in result.err, result)
        rcar(place, "train", "two", *LITE0, "--epoch", 3).refuses("'--epoch'", "perhaps --epochs is meant",
                                                                  "rcar train --help", code=2)
        rcar(place, "train", "--samplr=uniform").refuses("'--samplr'", "perhaps --sampler is meant", code=2)
        rcar(place, "train", "two", *LITE0, "--cell", "ltsm").refuses("'ltsm'", "perhaps lstm is meant", code=2)
        rcar(place, "train", "two", "--weights", "x", "--backbone", "efficientnet_b0").refuses(
            "perhaps efficientnetb0 is meant", code=2)


@case("every command refuses an unknown option, and what it needs is missing, with exit code 2")
def _(place):
    with LeavesNoFile(place):
        for name in commands(place):
            rcar(place, name, "--no-such-option").refuses("'--no-such-option'", f"rcar {name} --help", code=2)
        for name in ("train", "evaluate", "inspect", "convert", "gif", "completion"):
            rcar(place, name).refuses("required", f"rcar {name} --help", code=2)
        rcar(place, "inspect", "a", "b").refuses("no further argument", "'b'", code=2)
        rcar(place, "train", "two", *LITE0, "--split", 4).refuses("--split", "1 to 3", code=2)


# --- output -------------------------------------------------------------------------------------------------------------


def runs(place):
    """A short run of each command that is known here, in a folder of its own."""
    return {
        "train": ["train", "two", *LITE0, "--epochs", 2, "--out", "again"],
        "evaluate": ["evaluate", "out/model.rcar", "two", "--weights", "lite0.safetensors", "--part", "all"],
        "inspect": ["inspect", "out/model.rcar"],
        "convert": ["convert", place.data / "keras_head_gru.h5", "again.safetensors"],
        "gif": ["gif", clip(place), "again.gif"],
        "bench": ["bench", "--backbone", "efficientnetlite0", "--seconds", 0.2],
        "completion": ["completion", "bash"],
    }


@case("--json prints one document and nothing else")
def _(place):
    for name, arguments in runs(place).items():
        value = document(rcar(place, *arguments, "--json"))
        expect(isinstance(value, dict) and value, name, value)


@case("--quiet prints nothing but a script that was asked for, and an error all the same")
def _(place):
    for name, arguments in runs(place).items():
        result = rcar(place, *arguments, "--quiet")
        expect(result.code == 0 and bool(result.out) == (name == "completion"), name, result)
        for line in result.err.splitlines():  # the machine is busy, say
            expect(line.startswith("warning: "), name, result)
    rcar(place, "inspect", "absent", "--quiet").refuses("absent")
    rcar(place, "inspect", "absent", "--json").refuses("absent")


@case("colour is for terminals that want it")
def _(place):
    model = ["inspect", "out/model.rcar"]
    expect("\x1b[" in on_terminal(place, *model), "no colour on a terminal")
    expect("\x1b[" not in rcar(place, *model).succeeds().out, "colour in a file")
    expect("\x1b[" not in on_terminal(place, *model, environment={"NO_COLOR": "1"}), "colour in spite of NO_COLOR")
    expect("\x1b[" not in on_terminal(place, *model, environment={"TERM": "dumb"}), "colour on a dumb terminal")
    expect("\x1b[" not in on_terminal(place, *model, "--json"), "colour in JSON")


# --- completion ---------------------------------------------------------------------------------------------------------


def completed(place, *words):
    """What bash offers for the last word."""
    quoted = " ".join(shlex.quote(word) for word in words)
    script = f"""source <(rcar completion bash)
        COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _rcar
        [[ ${{#COMPREPLY[@]}} == 0 ]] || printf '%s\\n' "${{COMPREPLY[@]}}" """
    path = {"PATH": f"{place.paths['rcar'].parent}:{os.environ['PATH']}"}
    run = subprocess.run(["bash", "-c", script], cwd=place.folder, env=place.environment(path), capture_output=True,
                         text=True, timeout=60)
    expect(run.returncode == 0 and run.stderr == "", words, run)
    return run.stdout.split()


@case("bash completes commands, options, choices and files")
def _(place):
    expect(completed(place, "rcar", "") == commands(place), completed(place, "rcar", ""))
    expect(completed(place, "rcar", "tr") == ["train"])
    expect(completed(place, "rcar", "--v") == ["--version"])
    for name in commands(place):
        offered = completed(place, "rcar", name, "-")
        wanted = options(rcar(place, name, "--help").out)
        expect(set(offered) == set(wanted), name, "offers", offered, "has", sorted(wanted))
    expect(completed(place, "rcar", "train", "--ep") == ["--epochs"])
    expect(completed(place, "rcar", "train", "--cell", "") == ["gru", "lstm"])
    expect(completed(place, "rcar", "train", "two", "--cell", "l") == ["lstm"])
    expect(completed(place, "rcar", "train", "--cell", "=", "l") == ["lstm"])
    expect(completed(place, "rcar", "train", "--cell", "=") == ["gru", "lstm"])
    expect(completed(place, "rcar", "train", "--epochs", "") == [], "files for a number")
    expect("lite0.safetensors" in completed(place, "rcar", "train", "--weights", "lite"), "no files for a path")
    expect(completed(place, "rcar", "inspect", "text.t") == ["text.txt"], "no files for an argument")
    expect(completed(place, "rcar", "completion", "") == ["bash", "zsh", "fish"])


@case("zsh and fish take their scripts, and fish offers what bash does")
def _(place):
    for shell in ("zsh", "fish"):
        script = place.write(f"completion.{shell}", rcar(place, "completion", shell).succeeds().out)
        for name in commands(place):
            expect(name in script.read_text(), shell, "lacks", name)
        if not shutil.which(shell):
            print(f"       ({shell} is not here)")
            continue
        check = subprocess.run([shell, "-n", str(script)], capture_output=True, text=True, timeout=60)
        expect(check.returncode == 0 and check.stderr == "", shell, check)
    if shutil.which("fish"):
        def fish(line):
            command = ["fish", "--no-config", "-c", f"source completion.fish; complete -C {shlex.quote(line)}"]
            run = subprocess.run(command, cwd=place.folder, capture_output=True, text=True, timeout=60)
            return [row.split("\t")[0] for row in run.stdout.splitlines()]
        expect(sorted(fish("rcar ")) == sorted(commands(place)), fish("rcar "))
        expect(fish("rcar train --cell l") == ["lstm"], fish("rcar train --cell l"))
        expect(fish("rcar train --ep") == ["--epochs"], fish("rcar train --ep"))
        expect("lite0.safetensors" in fish("rcar inspect lite"), fish("rcar inspect lite"))
    rcar(place, "completion", "tcsh").refuses("'tcsh'", "bash, zsh, fish", code=2)


# --- inspect ------------------------------------------------------------------------------------------------------------


def inspected(place, *arguments, code=0):
    value = document(rcar(place, "inspect", *arguments, "--json"), code)
    expect(value["whole"] == (code == 0), value)
    return value


def flipped(place, name, source, at):
    """A copy of a file with one bit of one byte turned; `at` counts from the end when it is negative."""
    data = bytearray((place / source).read_bytes())
    data[at] ^= 4
    return place.write(name, bytes(data)).name


@case("inspect proves weights, tells what they are, and finds a bit that was turned")
def _(place):
    value = inspected(place, "lite0.safetensors", "--tensors")
    expect(value["kind"] == "backbone weights of rcar" and value["facts"]["backbone"] == "efficientnetlite0", value["facts"])
    expect(value["proven"] == ["weights_sha256", "checksum", "graph"], value["proven"])
    expect(value["metadata"]["format"] == "rcar-weights", value["metadata"])
    stem = next(row for row in value["tensors"] if row["name"] == "stem_conv/kernel")
    expect(stem["shape"] == [3, 3, 3, 32] and stem["min"] < stem["mean"] < stem["max"], stem)
    count = sum(math.prod(row["shape"]) for row in value["tensors"])
    expect(value["values"] == count, count, value["values"])
    people = rcar(place, "inspect", "lite0.safetensors").succeeds().out
    for part in ("backbone weights of rcar", "efficientnetlite0", "stem_conv/kernel", "(3, 3, 3, 32)", "It is whole."):
        expect(part in people, part, people)
    expect("min" in rcar(place, "inspect", "lite0.safetensors", "--tensors").out)

    damaged = flipped(place, "damaged.safetensors", "lite0.safetensors", -1000)
    value = inspected(place, damaged, code=1)
    expect("SHA-256" in value["damage"] and value["proven"] == ["graph"], value)
    rcar(place, "inspect", damaged).refuses("damaged")
    place.write("cut.safetensors", (place / "lite0.safetensors").read_bytes()[:5000])
    rcar(place, "inspect", "cut.safetensors").refuses("cut.safetensors")
    place.run("draw_weights", "efficientnetlite0", "nan.safetensors", "nan").succeeds()
    rcar(place, "inspect", "nan.safetensors").refuses("no finite number;")


@case("inspect shows a model's classes and its accuracy card, and finds a model that is damaged")
def _(place):
    facts = inspected(place, "out/model.rcar")["facts"]
    metrics = json.loads((place / "out/metrics.json").read_text())
    expect(facts["classes"] == ["Growing", "Shrinking"] and facts["sampler"] == "first", facts)
    expect(abs(facts["training"]["test accuracy"] - metrics["test_accuracy"]) < 1e-6, facts, metrics)
    expect(facts["training"]["training clips"] == metrics["train_clips"], facts, metrics)
    people = rcar(place, "inspect", "out/model.rcar", "--metadata").succeeds().out
    for part in ("Growing, Shrinking", "test accuracy", "gru(16, sequences)", "head_sha256"):
        expect(part in people, part, people)
    rcar(place, "inspect", flipped(place, "damaged.rcar", "out/model.rcar", -40)).refuses("damaged")
    place.write("cut.rcar", (place / "out/model.rcar").read_bytes()[:-1])
    rcar(place, "inspect", "cut.rcar").refuses("cut.rcar")


@case("inspect knows checkpoints, packed weights and converted heads")
def _(place):
    expect("checkpoint" in inspected(place, "out/best_weights.safetensors")["kind"])
    packed = next(place.folder.glob("lite0.safetensors.*.packed"))
    value = inspected(place, packed.name)
    expect(value["kind"] == "packed weights of rcar" and value["proven"] == ["checksum"], value["kind"], value["proven"])
    rcar(place, "inspect", flipped(place, "damaged.packed", packed.name, -1000)).refuses("damaged")
    rcar(place, "convert", place.data / "keras_head_lstm.keras", "head.safetensors").succeeds()
    expect(inspected(place, "head.safetensors")["facts"]["cell"] == "lstm")
    value = inspected(place, place.data / "torch_expected.safetensors")  # another program's
    expect(value["kind"] == "safetensors file" and value["tensors"], value)
    expect(any("'half.weight'" in note and "no finite number" in note for note in value["notes"]), value["notes"])


@case("inspect knows the files of Keras and PyTorch")
def _(place):
    for name, style in {"keras_head_gru.h5": ".h5", "keras_head_gru.weights.h5": ".weights.h5",
                        "keras_head_gru.keras": ".keras"}.items():
        value = inspected(place, place.data / name)
        expect(f"({style})" in value["kind"] and value["facts"]["holds"].startswith("gru head"), value["kind"], value["facts"])
        expect(value["facts"]["by kind"] == {"gru": 2, "dense": 2}, value["facts"])
    value = inspected(place, place.data / "keras_small.keras")
    expect("holds" not in value["facts"] and any("no network that rcar knows" in note for note in value["notes"]), value)
    value = inspected(place, place.data / "torch_zip.pth", "--tensors")
    expect(value["kind"] == "checkpoint of PyTorch" and value["tensors"], value)
    whole = (place.data / "keras_head_gru.keras").read_bytes()
    place.write("cut.keras", whole[:len(whole) // 2])
    rcar(place, "inspect", "cut.keras").refuses("cut.keras")


@case("inspect counts a cache's entries, proves each, and names those that are damaged")
def _(place):
    value = inspected(place, "out/cache")
    entries = sorted((place / "out/cache").glob("*.npy"))
    expect(value["facts"]["entries"] == len(entries) == 6, value)
    expect(value["facts"]["bytes"] == sum(path.stat().st_size for path in entries), value)
    expect(value["facts"]["frames"] == 36 and value["facts"]["entries by features"] == {"1280": 6}, value)
    entry = inspected(place, entries[0])
    expect(entry["facts"]["frames"] == 6 and entry["facts"]["features a frame"] == 1280, entry)

    shutil.copytree(place / "out/cache", place / "damaged_cache")
    bad = place / "damaged_cache" / entries[0].name
    bad.write_bytes(bad.read_bytes()[:-100])
    flipped(place, f"damaged_cache/{entries[1].name}", f"out/cache/{entries[1].name}", 1000)
    value = inspected(place, "damaged_cache", code=3)
    expect(any(entries[1].name in each and "checksum" in each for each in value["damaged"]), value)
    rcar(place, "inspect", f"damaged_cache/{entries[1].name}").refuses("checksum")
    expect(len(value["damaged"]) == 2 and entries[0].name in value["damaged"][0], value)
    result = rcar(place, "inspect", "damaged_cache")
    expect(result.code == 3 and "warning: damaged: " + entries[0].name in result.err, result)
    rcar(place, "inspect", bad).refuses("the next run computes it again")
    expect(inspected(place, place.data / "video_resize.npy")["facts"]["type"] == "|u1", "another array of NumPy's")


@case("inspect counts a clip's frames itself")
def _(place):
    facts = inspected(place, clip(place))["facts"]
    expect((facts["width"], facts["height"], facts["frames decoded"], facts["frames claimed"]) == (64, 64, 6, 6), facts)
    expect(facts["codec"] == "mjpeg" and facts["frames per second"] == 10, facts)
    whole = clip(place).read_bytes()
    place.write("cut.avi", whole[:len(whole) * 2 // 3])
    value = inspected(place, "cut.avi")
    expect(0 < value["facts"]["frames decoded"] < 6, value["facts"])
    rcar(place, "inspect", "text.avi").refuses("text.avi", "not a video")


@case("inspect says what it knows where it does not know a file")
def _(place):
    place.write("empty", b"")
    with LeavesNoFile(place):
        rcar(place, "inspect", "text.txt").refuses("text.txt", "safetensors", ".keras", ".pth", "cache", "video")
        rcar(place, "inspect", "absent").refuses("There is no file 'absent'")
        rcar(place, "inspect", "empty").refuses("empty (0 bytes)")
        rcar(place, "inspect", "two").refuses("'two'", "cache.json")
        rcar(place, "inspect", "/dev/null").refuses("/dev/null")
    manifest = json.dumps({"format": "rcar-weights-manifest", "version": 1, "weights": [
        {"name": "some", "file": "some.h5", "url": "https://example.org/some.h5", "md5": "0" * 32, "licence": "MIT",
         "source": "example"}]})
    place.write("manifest.json", manifest)
    expect("some.h5" in inspected(place, "manifest.json")["facts"]["weights"]["some"])
    place.write("broken.json", manifest[:-5])
    rcar(place, "inspect", "broken.json").refuses("broken.json")


# --- convert, gif, bench ------------------------------------------------------------------------------------------------


@case("convert writes the bytes that the single converters write, and back")
def _(place):
    rcar(place, "convert", "out/model.rcar", "back.weights.h5", "--to-keras").succeeds()
    place.run("convert_keras_weights", "out/model.rcar", "same.weights.h5", "--to-keras").succeeds()
    expect((place / "back.weights.h5").read_bytes() == (place / "same.weights.h5").read_bytes(), "the Keras heads differ")
    model = ["back.weights.h5", "--classes", "Growing,Shrinking", "--backbone", "efficientnetlite0"]
    for suffix, arguments in {"safetensors": [place.data / "keras_head_gru.h5"], "rcar": model}.items():
        rcar(place, "convert", arguments[0], f"one.{suffix}", *arguments[1:]).succeeds()
        place.run("convert_keras_weights", arguments[0], f"two.{suffix}", *arguments[1:]).succeeds()
        expect((place / f"one.{suffix}").read_bytes() == (place / f"two.{suffix}").read_bytes(), suffix, "differs")
    facts = inspected(place, "one.rcar")["facts"]
    expect(facts["classes"] == ["Growing", "Shrinking"] and "training" not in facts, facts)
    value = document(rcar(place, "convert", "back.weights.h5", "again.safetensors", "--json"))
    expect(value["kind"] == "head" and value["out"] == "again.safetensors" and value["notes"], value)
    tensors = [row["name"] for row in inspected(place, "again.safetensors")["tensors"]]
    expect(sorted(tensors) == sorted(row["name"] for row in inspected(place, "out/model.rcar")["tensors"]), tensors)


@case("convert says what it cannot convert, and leaves nothing")
def _(place):
    with LeavesNoFile(place):
        rcar(place, "convert", "lite0.safetensors", "new.safetensors").refuses("safetensors file already", code=2)
        rcar(place, "convert", "text.txt", "new.safetensors").refuses("text.txt", "Keras", "PyTorch", code=2)
        rcar(place, "convert", place.data / "torch_zip.pth", "new.safetensors").refuses("EfficientNet-Lite0")
        rcar(place, "convert", place.data / "torch_zip.pth", "new.safetensors", "--image-dim", 99).refuses(
            "PyTorch", "Keras", code=2)
        rcar(place, "convert", "out/model.rcar", "model.h5", "--to-keras").refuses(".weights.h5", code=2)
        rcar(place, "convert", "text.txt", "text.txt").refuses("text.txt", code=2)


@case("convert makes a model of a Keras head only where what the head does not hold is said, and fits")
def _(place):
    def refuses(what, *parts, code=2):
        rcar(place, "convert", place.data / "keras_head_gru.h5", "new.rcar", *what).refuses(*parts, code=code)

    b0 = ["--backbone", "efficientnetb0"]
    with LeavesNoFile(place):  # a head of 3 classes that reads 12 features
        refuses(["--classes", "a,b,c"], "add --backbone")
        refuses(["--classes", "a,b,c", "--backbone", "LeNet"], "'LeNet'", "efficientnetb0")
        refuses(["--classes", "a,b", *b0], "3 classes", "names 2")
        refuses(["--classes", "a,b,a", *b0], "'a'", "twice")
        refuses(["--classes", "a,b,c", *b0], "12 features", "1280", code=1)
        rcar(place, "convert", place.data / "keras_small.keras", "new.safetensors", "--classes", "a,b").refuses("--classes", code=2)


@case("gif writes as many frames as are asked for, and nothing for a clip that does not decode")
def _(place):
    def frames(path):
        return (place / path).read_bytes().count(b"\x21\xf9\x04")  # each has a graphics control extension

    value = document(rcar(place, "gif", clip(place), "clip.gif", "--frames", 4, "--size", 32, "--json"))
    expect(value["frames"] == 4 == frames("clip.gif") and value["bytes"] == (place / "clip.gif").stat().st_size, value)
    expect((place / "clip.gif").read_bytes()[:10] == b"GIF89a" + struct.pack("<HH", 32, 32), "its head")
    rcar(place, "gif", clip(place), "whole.gif", "--whole", "--fps", 5).succeeds()
    expect(frames("whole.gif") == 6, frames("whole.gif"))
    with LeavesNoFile(place):
        rcar(place, "gif", "text.avi", "bad.gif").refuses("text.avi", "not a video")
        rcar(place, "gif", clip(place), "no/such/folder.gif").refuses("no/such/folder.gif")
        rcar(place, "gif", clip(place), "x.gif", "--whole", "--frames", 3).refuses("--whole", "--frames", code=2)
        before = hashlib.sha256(clip(place).read_bytes()).hexdigest()
        rcar(place, "gif", clip(place), clip(place)).refuses("same file", code=2)
        expect(hashlib.sha256(clip(place).read_bytes()).hexdigest() == before, "the clip was overwritten")


@case("bench measures every part, with random weights and drawn clips or with the user's, and leaves nothing")
def _(place):
    place.write("tmp/keep", b"")
    environment = {"TMPDIR": str(place / "tmp")}
    with LeavesNoFile(place):
        for more in ([], ["--weights", "lite0.safetensors", "--data", "two", "--cell", "lstm"]):
            value = document(rcar(place, "bench", "--backbone", "efficientnetlite0", "--seconds", 0.2, "--json", *more,
                                  environment=environment))
            for name in ("decoding_frames_per_second", "backbone_frame_ms", "backbone_frames_per_second",
                         "extraction_frames_per_second", "extraction_clips_per_second", "training_epochs_per_second",
                         "prediction_ms"):
                expect(0 < value[name] < 1e9, name, value)
            expect(value["weights"] == ("random" if not more else "lite0.safetensors"), value)
        rcar(place, "bench", "--data", "nowhere", environment=environment).refuses("nowhere")


if __name__ == "__main__":
    sys.exit(main(prepare, "checks rcar, the one command line"))
