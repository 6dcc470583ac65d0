"""Runs rcar's programs as a user does and checks what they say. Python's standard library only."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import traceback

SKIP_EXIT_CODE = 77
PROGRAMS = {
    "examples": ["readme", "swap_backbone", "train_ucf5", "predict_video"],
    "tools": ["rcar", "convert_keras_weights", "convert_torch_weights", "prepare_ucf101", "generate_clips", "get_weights"],
    "tests": ["draw_weights"],
}
PROGRESS = re.compile(r"^[A-Z][^\[]* \[[#.]{24}\] ")
CASES = []


def case(sentence):
    """Registers a function as a test whose name is the sentence."""

    def register(function):
        CASES.append((sentence, function))
        return function

    return register


class Failure(Exception):
    pass


def expect(condition, *what):
    if not condition:
        raise Failure(" ".join(str(part) for part in what))


class Result:
    def __init__(self, command, run):
        self.command = " ".join(str(word) for word in command)
        self.code, self.out, self.err = run.returncode, run.stdout, run.stderr

    def __str__(self):
        return f"\n  {self.command}\n  exit code {self.code}\n  stdout: {self.out!r}\n  stderr: {self.err!r}"

    def _say_only_what_rcar_says(self):
        for line in self.err.splitlines():
            expect(line.startswith(("error: ", "warning: ", "note: ")) or PROGRESS.match(line),
                   "a line on standard error that is not rcar's:", repr(line), self)

    def succeeds(self, code=0):
        """With exit code 0; with 3 it has findings."""
        expect(self.code == code, f"its exit code is not {code}:", self)
        expect("error: " not in self.err, "it succeeds and says error:", self)
        self._say_only_what_rcar_says()
        return self

    def refuses(self, *parts, code=1):
        """One line `error: ...`, the last one, that holds every part and ends as a sentence does."""
        self._say_only_what_rcar_says()
        expect(self.code == code, f"its exit code is not {code}:", self)
        errors = [line for line in self.err.splitlines() if line.startswith("error: ")]
        expect(len(errors) == 1 and self.err.splitlines()[-1] == errors[0], "not exactly one error line at the end:", self)
        expect(errors[0].endswith("."), "the error is no sentence:", self)
        expect(len(errors[0]) < 500, "the error is a page:", self)
        for sign in ("std::", "terminate", "basic_string", "cv::", "OpenCV(", "HDF5-DIAG", "errno"):
            expect(sign not in errors[0], f"the error holds {sign!r}:", self)
        for part in parts:
            expect(part in errors[0], f"the error does not say {part!r}:", self)
        return self


class Workplace:
    """The programs of one build folder and a scratch folder, in which they run."""

    def __init__(self, build):
        self.build = pathlib.Path(build).resolve()
        self.data = pathlib.Path(__file__).resolve().parent.parent / "golden" / "data"
        self.paths = {name: self.build / folder / name for folder, names in PROGRAMS.items() for name in names}
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rcar-programs-"))

    def missing(self, needed=None):
        return [name for name, path in self.paths.items() if (needed is None or name in needed) and not path.exists()]

    def command(self, program, arguments):
        return [str(self.paths[program]), *(str(argument) for argument in arguments)]

    def environment(self, environment=None):
        return {key: value for key, value in os.environ.items() if not key.startswith("RCAR_")} | (environment or {})

    def run(self, program, *arguments, environment=None):
        command = self.command(program, arguments)
        run = subprocess.run(command, cwd=self.folder, env=self.environment(environment), stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", timeout=300)
        return Result([program, *arguments], run)

    def __truediv__(self, name):
        return self.folder / name

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def files(self, name="."):
        """Every file below a folder and its bytes' number."""
        root = self.folder / name
        return {str(path.relative_to(root)): path.stat().st_size for path in root.rglob("*") if path.is_file()}


class LeavesNoFile:
    """What runs inside may make no file and change none, but for those below the folders it is told of and the packed
    weights that loading keeps."""

    def __init__(self, place, *but):
        self.place, self.but = place, but

    def _files(self):
        return {name: size for name, size in self.place.files().items()
                if not name.startswith(self.but) and not name.endswith(".packed")}

    def __enter__(self):
        self.before = self._files()

    def __exit__(self, kind, *_):
        if kind is None:
            after = self._files()
            changed = {name for name in self.before.keys() | after.keys() if self.before.get(name) != after.get(name)}
            expect(not changed, "files are left behind or changed:", sorted(changed))


def main(prepare, description, needed=None):
    """`needed` are the programs that the cases run; all, when nothing is said."""
    if len(sys.argv) not in (2, 3):
        print(f"usage: {sys.argv[0]} BUILD_FOLDER [WORD]   {description}; WORD: only cases whose name holds it")
        return 2
    place = Workplace(sys.argv[1])
    if place.missing(needed):
        print("skipped: not built:", ", ".join(place.missing(needed)))
        return SKIP_EXIT_CODE
    failures = 0
    try:
        prepare(place)
        for sentence, function in CASES:
            if len(sys.argv) == 3 and sys.argv[2] not in sentence:
                continue
            try:
                function(place)
                print("ok    ", sentence, flush=True)
            except Exception as error:
                failures += 1
                print("FAILED", sentence, flush=True)
                print("  ", error if isinstance(error, Failure) else traceback.format_exc(), flush=True)
    finally:
        shutil.rmtree(place.folder, ignore_errors=True)
    print(f"{len(CASES)} cases, {failures} failed")
    return 1 if failures else 0
