"""The folder that is carried to a machine with a GPU and no packages: sources, headers, programs, driver."""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess

from comparison import machine
from comparison.setting import run, say
from comparison.works import CompareError

ROOT = pathlib.Path(__file__).resolve().parents[3]
MARK = "packed.json"  # says that a folder is such a one, and what is in it
PROGRAMS = ["cuda_bench", "rcar_test_cuda"]
MOST_BYTES = 40 << 20
# Folders of an include folder that every compiler brings.
SYSTEM = {"c++", "bits", "sys", "gnu", "asm", "asm-generic", "linux", "arpa", "net", "netinet", "rpc"}
CARRIED = ["include/rcar", "tools/bench/cuda", "tools/bench/gpu", "tools/bench/comparison", "tools/bench/peers/torch_cuda_peer.py",
           "tools/cmake/rcarCuda.cmake", "tools/compiled/cuda.cu", "tools/compiled/cuda_libraries.cpp", "LICENSE"]

CMAKE = """# What tools/bench/cuda --pack made. The programs in bin were built from it; tools/bench/cuda builds them anew where those
# do not run:
#   cmake -S . -B build -DCMAKE_CUDA_ARCHITECTURES=90 && cmake --build build
cmake_minimum_required(VERSION 3.22)
project(rcar_cuda_pack LANGUAGES CXX)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
find_package(Threads REQUIRED)
# SHA-256: within the programs where the archive is at hand, so that they need no libcrypto where they are carried.
find_library(RCAR_CRYPTO NAMES libcrypto.a crypto libcrypto.so.3 REQUIRED)
set(RCAR_CUDA_SOURCE ${PROJECT_SOURCE_DIR}/tools/compiled/cuda.cu)
set(RCAR_CUDA_INCLUDE ${PROJECT_SOURCE_DIR}/include)
include(tools/cmake/rcarCuda.cmake)
if(NOT RCAR_CUDA_FOUND)
  message(FATAL_ERROR "Without the CUDA back end there is nothing to build.")
endif()

function(program name)
  add_executable(${name} ${ARGN})
  target_compile_features(${name} PRIVATE cxx_std_20)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_include_directories(${name} SYSTEM PRIVATE ${PROJECT_SOURCE_DIR}/third_party)
  target_link_libraries(${name} PRIVATE rcar::cuda ${RCAR_CRYPTO} Threads::Threads ${CMAKE_DL_LIBS})
  set_target_properties(${name} PROPERTIES SKIP_BUILD_RPATH ON RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endfunction()
"""


class Target:
    """A program of the build: its sources, and what its compiler is given."""

    def __init__(self, name, commands, build):
        self.name, self.sources, self.words = name, [], []
        self.optimization = "-O3"
        for entry in commands:
            words = shlex.split(entry["command"]) if "command" in entry else entry["arguments"]
            source = pathlib.Path(entry["file"])
            if f"{name}.dir/" not in " ".join(words) or build in source.parents or source.suffix != ".cpp":
                continue
            self.sources.append(source)
            self.words = self._flags(words)
            self.optimization = [word for word in ["-O3", *words] if re.fullmatch(r"-O\w", word)][-1]
            self.compiler = next(word for word in words if not word.endswith("ccache"))
        if self.sources and not any(re.search(r"\bint main\(|CATCH_CONFIG_MAIN", source.read_text()) for source in self.sources):
            self.sources.append(ROOT / "tests/support/main.cpp")

    def _flags(self, words):
        flags, at = [], 0
        while at < len(words):
            word = words[at]
            if word in ("-I", "-isystem"):
                flags += words[at:at + 2]
                at += 1
            elif word.startswith(("-I", "-D", "-std=", "-isystem")) and word != "-DNDEBUG":
                # A test may call what rcar::compiled holds, which is not carried.
                flags += [word] if word != "-DRCAR_COMPILED" or self.name == "cuda_bench" else []
            at += 1
        return flags

    def headers(self):
        """Every file that the sources include."""
        found = set()
        for source in self.sources:
            text, _ = run([self.compiler, *self.words, "-M", source], f"listing the headers of {source.name}")
            found.update(pathlib.Path(word).resolve() for word in text.replace("\\\n", " ").split()[1:])
        return found

    def definitions(self, build):
        """Of paths of this machine, only what lies below the folder is left: the programs run there."""
        result = []
        for word in self.words:
            if word.startswith("-D"):
                text = word[2:].replace(str(build), "build").replace(str(ROOT) + "/", "").replace(str(ROOT), ".")
                result.append(text.replace('\\"', '"').replace('"', '\\"'))
        return result


def place_of(header):
    """Where a header goes below third_party; None for those of compiler and C library."""
    parts = header.parts
    if "include" not in parts or "gcc" in parts:
        return None
    after = list(parts[parts.index("include") + 1:])
    if after and re.fullmatch(r"\w+-linux-gnu\w*", after[0]):
        after = after[1:]
    if len(after) < 2 or after[0] in SYSTEM:
        return None
    return pathlib.Path(*after)


def read_targets(build):
    commands = build / "compile_commands.json"
    if not commands.exists():
        raise CompareError(f"{build} holds no build of rcar (there is no compile_commands.json); configure it: cmake -S . -B {build}")
    entries = json.loads(commands.read_text())
    targets = [Target(name, entries, build.resolve()) for name in PROGRAMS]
    if not targets[0].sources:
        raise CompareError(f"{build} was configured without the CUDA back end, so there is nothing to pack; tools/cuda_toolkit fetches what it needs")
    if not targets[1].sources:
        say(f"warning: this build has no target {PROGRAMS[1]}; packing without the parity tests")
    return [target for target in targets if target.sources]


def copy(source, to):
    to.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, to, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"), dirs_exist_ok=True)
    else:
        shutil.copy(source, to)


def size_of(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def assemble(folder, build):
    """Everything but the programs."""
    targets = read_targets(build)
    for name in CARRIED:
        copy(ROOT / name, folder / name)
    text = CMAKE
    for target in targets:
        for source in target.sources:
            copy(source, folder / source.relative_to(ROOT))
        for header in target.headers():
            if ROOT in header.parents:
                copy(header, folder / header.relative_to(ROOT))
            elif place := place_of(header):
                copy(header, folder / "third_party" / place)
        if any("tests/golden/data" in word for word in target.words):
            copy(ROOT / "tests/golden/data", folder / "tests/golden/data")
        sources = "\n  ".join(str(source.relative_to(ROOT)) for source in target.sources)
        text += f"\nprogram({target.name}\n  {sources})\n"
        if definitions := target.definitions(build):
            text += f"target_compile_definitions({target.name} PRIVATE {' '.join(definitions)})\n"
        if target.optimization != "-O3":
            text += f"target_compile_options({target.name} PRIVATE {target.optimization})\n"
    (folder / "CMakeLists.txt").write_text(text)
    return targets


def compile_programs(folder, build, architectures, jobs=None, options=()):
    """bin in `build`, from the folder."""
    if not (build / "CMakeCache.txt").exists() and shutil.which("ninja"):
        options = [*options, "-G", "Ninja"]
    run(["cmake", "-S", folder, "-B", build, f"-DCMAKE_CUDA_ARCHITECTURES={architectures}", *options], "configuring")
    run(["cmake", "--build", build, "-j", str(jobs or os.cpu_count())], "building")
    return build / "bin"


def pack(folder, build, architectures, programs=True, jobs=None):
    folder, build = folder.resolve(), build.resolve()
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise CompareError(f"{folder} is there and holds something else; name a new folder")
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        say("Gathering sources and headers")
        targets = assemble(partial, build)
        if programs:
            say("Building the programs from what was gathered (minutes)")
            launchers = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache", "-DCMAKE_CUDA_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
            built = compile_programs(partial, partial / "build", architectures, jobs, launchers)
            for target in targets:
                copy(built / target.name, partial / "bin" / target.name)
                run(["strip", partial / "bin" / target.name], f"stripping {target.name}")
            shutil.rmtree(partial / "build")
        mark = {"rcar": machine.describe_rcar(ROOT), "architectures": architectures if programs else "none", "programs": [target.name for target in targets]}
        (partial / MARK).write_text(json.dumps(mark, indent=1) + "\n")
        if folder.exists():
            shutil.rmtree(folder)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    size = size_of(folder)
    if size > MOST_BYTES:
        say(f"warning: {folder} has {size / 2**20:.1f} MiB, more than the {MOST_BYTES >> 20} that are easily carried")
    print(f"{folder} ({size / 2**20:.1f} MiB): carry it to the machine with the GPU, and run there tools/bench/cuda in it.")
