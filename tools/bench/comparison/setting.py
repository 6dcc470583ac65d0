"""Where everything lies, and how it gets there: rcar's build, the peers' environments, weights and clips."""

import csv
import hashlib
import io
import os
import pathlib
import shutil
import subprocess
import sys
import time

from .works import CompareError

ROOT = pathlib.Path(__file__).resolve().parents[3]
PEERS = ROOT / "tools/bench/peers"
TARGETS = ["networks", "heads", "extraction", "predict_video", "train_ucf5", "generate_clips"]
EXAMPLES = {"predict_video", "train_ucf5"}
LONGEST_S = 3600


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or ["it says nothing"])[-1]


def sha256(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, pathlib.Path) else str(part).encode())
        digest.update(b"\0")
    return digest.hexdigest()


def run(command, what, environment=None, cwd=None):
    """What the command prints, and its seconds. Throws CompareError with the last thing that it says."""
    words = [str(word) for word in command]
    start = time.monotonic()
    try:
        done = subprocess.run(words, text=True, errors="replace", env=environment, cwd=cwd, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LONGEST_S)
    except FileNotFoundError as error:
        raise CompareError(f"{what} failed: there is no {words[0]}") from error
    except subprocess.TimeoutExpired as error:
        raise CompareError(f"{what} took more than an hour: {' '.join(words)}") from error
    seconds = time.monotonic() - start
    if done.returncode != 0:
        raise CompareError(f"{what} failed with exit code {done.returncode}: {last_line(done.stderr or done.stdout)}")
    return done.stdout, seconds


def say(text):
    print(text, file=sys.stderr, flush=True)


class Setting:
    def __init__(self, build, jobs):
        self.build = pathlib.Path(build).resolve()
        self.jobs = jobs
        self.folder = self.build / "bench"
        self.models = self.folder / "models"
        self.clips = self.folder / "clips"
        self.places = {"models": self.models, "clips": self.clips, "clip": self.clips / "Growing/v_Growing_g01_c01.avi"}

    # --- programs -------------------------------------------------------------------------------------------------

    def build_rcar(self):
        cache = self.build / "CMakeCache.txt"
        if not cache.exists():
            say(f"Configuring rcar in {self.build}")
            options = ["-DCMAKE_BUILD_TYPE=Release", "-DRCAR_BUILD_TESTS=OFF"]
            if shutil.which("ninja"):
                options += ["-G", "Ninja"]
            if shutil.which("ccache"):
                options += ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"]
            run(["cmake", "-S", ROOT, "-B", self.build, *options], "configuring rcar")
        if "CMAKE_BUILD_TYPE:STRING=Release\n" not in cache.read_text():
            raise CompareError(f"{self.build} is no release build, so its times mean nothing; give another --build")
        say("Building rcar's programs (minutes, the first time)")
        jobs = ["-j", str(self.jobs)] if self.jobs else []
        run(["cmake", "--build", self.build, *jobs, "--target", *TARGETS], "building rcar")

    def program(self, name):
        folder = "tools" if name == "generate_clips" else "examples" if name in EXAMPLES else "tools/bench"
        path = self.build / folder / name
        if not path.exists():
            raise CompareError(f"there is no program {path}; leave out --no-build")
        return path

    def rcar_environment(self):
        environment = dict(os.environ)
        coretype = subprocess.run([sys.executable, ROOT / "tools/openblas_coretype"], text=True, stdout=subprocess.PIPE).stdout.strip()
        if coretype:
            environment["OPENBLAS_CORETYPE"] = coretype
        return environment

    # --- the peers' environments ------------------------------------------------------------------------------------

    def requirements(self, name):
        return PEERS / f"requirements_{name}.txt"

    def python(self, name):
        return self.folder / "env" / name / "bin/python"

    def require_environment(self, name, may_install):
        marker = self.folder / "env" / name / "installed"
        wanted = sha256(self.requirements(name))
        if self.python(name).exists() and marker.exists() and marker.read_text() == wanted:
            return
        if not may_install:
            raise CompareError(f"the environment of {name} is not in {marker.parent}; leave out --no-setup, which makes it")
        say(f"Fetching {name} and what it needs from PyPI into {marker.parent} (minutes)")
        marker.parent.mkdir(parents=True, exist_ok=True)
        try:
            run([sys.executable, "-m", "venv", "--clear", marker.parent], "making a virtual environment")
        except CompareError as error:
            raise CompareError(f"{error}; on Debian: apt install python3-venv") from error
        install = [self.python(name), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", self.requirements(name)]
        try:
            run(install, f"fetching {name}")
        except CompareError as error:
            raise CompareError(f"{error}; is there a network? Without one, choose works by --only that need no {name}") from error
        marker.write_text(wanted)

    def versions(self, names):
        """{package: version} of the environments' pinned packages."""
        result = {}
        for name in names:
            for line in self.requirements(name).read_text().splitlines():
                package, equals, version = line.partition("==")
                if equals and not line.startswith("#") and not package.startswith("numpy"):
                    result[package] = version
        return result

    # --- weights, models, clips -------------------------------------------------------------------------------------

    def _once(self, name, identity, make):
        marker = self.folder / "made" / name
        if marker.exists() and marker.read_text() == identity:
            return
        make()
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.write_text(identity)

    def prepare(self, environments, works):
        self.models.mkdir(parents=True, exist_ok=True)
        keys = " ".join(work.key for work in works)
        if "extraction" in keys or "clip_to_label" in keys:
            options = ["--clips-per-class", "50", "--frames", "60", "--size", "320x240"]
            self._once("clips", sha256(*options), lambda: self._rcar("generate_clips", "--out", self.clips, *options, what="drawing clips"))
        if "clip_to_label" in keys:
            self._once("model", sha256(self.program("train_ucf5")), self._train)
        if environments & {"keras", "openvino"}:
            identity = sha256(PEERS / "keras_peer.py", self.requirements("keras"))
            self._once("keras", identity, lambda: self._peer("keras", "keras_peer.py"))
        if "openvino" in environments:
            identity = sha256(PEERS / "keras_peer.py", PEERS / "openvino_peer.py", self.requirements("openvino"))
            self._once("openvino", identity, lambda: self._peer("openvino", "openvino_peer.py"))
        if "torch" in environments:
            identity = sha256(PEERS / "torch_peer.py", self.requirements("torch"))
            self._once("torch", identity, lambda: self._peer("torch", "torch_peer.py"))

    def _rcar(self, program, *arguments, what):
        say(f"rcar: {what}")
        run([self.program(program), *arguments], what, self.rcar_environment())

    def _peer(self, environment, script):
        say(f"{environment}: exporting networks")
        run([self.python(environment), PEERS / script, "prepare", self.models], f"preparing the networks of {environment}", self.peer_environment())

    def _train(self):
        weights, few = self.models / "inceptionv3.safetensors", self.folder / "few_clips"
        self._rcar("networks", "--network", "InceptionV3", "--write-weights", weights, what="drawing weights")
        self._rcar("generate_clips", "--out", few, "--clips-per-class", "6", what="drawing clips to train on")
        trained = self.folder / "trained"
        self._rcar("train_ucf5", "--data", few, "--backbone", "inceptionv3", "--cell", "gru", "--weights", weights,
                   "--epochs", "1", "--out", trained, what="training a model")
        shutil.copyfile(trained / "model.rcar", self.models / "model.rcar")

    def peer_environment(self):
        return {**os.environ, "PYTHONNOUSERSITE": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}

    # --- one measurement --------------------------------------------------------------------------------------------

    def _program_of(self, side):
        return self.program(side.command[0]) if side.environment == "rcar" else PEERS / side.command[0]

    def identity(self, side):
        """Changes when a figure that was measured before would no longer be of the same thing."""
        parts = [self._program_of(side), *side.command[1:]]
        if side.environment != "rcar":
            parts.append(self.requirements(side.environment))
        return sha256(*parts)

    def measure(self, side):
        """{label: figure}, and the seconds that it took."""
        arguments = [word.format_map(self.places) for word in side.command[1:]]
        what = f"{side.name}: {' '.join(side.command)}"
        if side.environment == "rcar":
            command, environment = [self._program_of(side), *arguments], self.rcar_environment()
        else:
            command, environment = [self.python(side.environment), self._program_of(side), *arguments], self.peer_environment()
        if side.reads == "process":
            _, first = run(command, what, environment)  # fills the caches of files
            _, seconds = run(command, what, environment)
            return {side.name: 1e3 * seconds}, first + seconds
        text, seconds = run(command, what, environment)
        return figures_of(side, text), seconds


def figures_of(side, text):
    """{label: figure} of what a side has printed: a CSV with a heading, a line a mode. Modes are peers of their own."""
    lines = list(csv.DictReader(io.StringIO(text)))
    try:
        if side.reads == "shares":
            return {"rcar": 100 * float(lines[-1]["share"]), "ideal": 100 * float(lines[-1]["ideal_share"])}
        if side.name == "rcar":
            figures = {"rcar": float(lines[-1][side.column])}
        else:
            figures = {f"{side.name} ({line['mode']})": float(line[side.column]) for line in lines}
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise CompareError(f"{side.name} prints no figures that can be read: {last_line(text)}") from error
    if not figures or not all(value > 0 for value in figures.values()):
        raise CompareError(f"{side.name} prints figures that are none: {last_line(text)}")
    return figures
