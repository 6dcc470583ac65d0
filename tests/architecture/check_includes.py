"""Checks the shape of the library: includes point downward, headers are short, and what is heavy stays where it belongs.

usage: check_includes.py SOURCE_FOLDER
"""

import pathlib
import re
import statistics
import sys

# The floors of the house, from the ground: a header includes its own floor and those below it, nothing above.
FLOORS = [
    ["core"],
    ["backend"],
    ["graph"],
    ["weights"],
    ["network"],
    ["backbones", "heads"],
    ["video", "data"],
    ["train", "doctor"],
    ["cluster"],
    ["report"],
    ["live"],
    ["."],  # recognizer.hpp and its neighbours: the public entries
]
# Folders of one floor are rooms side by side: these may look into each other, in this direction only.
NEIGHBOURS = {("data", "video")}
MOST_LINES = 400
MOST_MEDIAN_LINES = 150

# Heavy headers and the folders that may include them.
HEAVY = {
    r"hdf5\.h|H5\w*\.h": {"weights/keras"},
    r"zip\.h": {"weights/keras", "weights/torch"},
    r"nlohmann/.*": set(),
    r"opencv2/.*": {"video", "report", "live"},
    r"libav\w+/.*|libswscale/.*": {"video"},
    r"cblas\.h|xtensor-blas/.*": {"backend/blas", "backend"},
    r"gif_lib\.h": {"video"},
    r"thrust/.*": {"backend/portable", "backend/cuda"},
    r"mpi\.h": {"cluster"},
    r"cuda.*|cublas.*|cudnn.*": {"backend/cuda"},
}
# What a program that only predicts must not pay for.
NOT_IN_RECOGNIZER = r"hdf5\.h|H5\w*\.h|zip\.h|nlohmann/.*|opencv2/(?:imgcodecs|highgui|videoio).*"

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def floor_of(header, root):
    parts = header.relative_to(root).parts
    folder = parts[0] if len(parts) > 1 else "."
    for number, rooms in enumerate(FLOORS):
        if folder in rooms:
            return number, folder
    return None, folder


def includes(header):
    for kind, name in INCLUDE.findall(header.read_text()):
        yield kind == '"', name


def reachable(header):
    """Every own header and every other include below `header`."""
    own, foreign, waiting = set(), set(), [header.resolve()]
    while waiting:
        current = waiting.pop()
        if current in own or not current.is_file():  # a missing one is a fault of its own
            continue
        own.add(current)
        for is_own, name in includes(current):
            if is_own:
                waiting.append((current.parent / name).resolve())
            else:
                foreign.add(name)
    return own, foreign


def main():
    root = (pathlib.Path(sys.argv[1]) / "include" / "rcar").resolve()
    headers = sorted([*root.rglob("*.hpp"), *root.rglob("*.cuh")])
    faults, lengths = [], []
    for header in headers:
        name = header.relative_to(root)
        text = header.read_text()
        lengths.append(text.count("\n"))
        if lengths[-1] > MOST_LINES:
            faults.append(f"{name}: {lengths[-1]} lines; split it, {MOST_LINES} is the most")
        if "#pragma once" not in text:
            faults.append(f"{name}: no #pragma once")
        floor, folder = floor_of(header, root)
        if floor is None:
            faults.append(f"{name}: the folder {folder} has no floor; see FLOORS in {pathlib.Path(__file__).name}")
            continue
        for is_own, included in includes(header):
            if not is_own:
                for pattern, folders in HEAVY.items():
                    inside = any(str(name).startswith(folder + "/") for folder in folders)
                    if re.fullmatch(pattern, included) and not inside:
                        faults.append(f"{name}: includes <{included}>, which only {sorted(folders) or 'tools'} may")
                if included.startswith("rcar/"):
                    faults.append(f'{name}: includes <{included}>; inside the library write a relative "..." path')
                continue
            target = (header.parent / included).resolve()
            if not target.is_file():
                faults.append(f'{name}: includes "{included}", which does not exist')
                continue
            if target.suffix == ".cuh" and header.suffix != ".cuh":
                faults.append(f'{name}: includes "{included}"; only what nvcc compiles may see a CUDA header')
            target_floor, target_folder = floor_of(target, root)
            if target_floor is None or target_folder == folder:
                continue
            if target_floor > floor:
                faults.append(f'{name}: includes "{included}" from a floor above')
            elif target_floor == floor and (folder, target_folder) not in NEIGHBOURS:
                faults.append(f'{name}: includes "{included}" from the room next door; share it one floor below')
    if statistics.median(lengths) > MOST_MEDIAN_LINES:
        faults.append(f"the median header has {statistics.median(lengths)} lines; {MOST_MEDIAN_LINES} is the most")

    recognizer = root / "recognizer.hpp"
    if recognizer.is_file():
        for included in sorted(reachable(recognizer)[1]):
            if re.fullmatch(NOT_IN_RECOGNIZER, included):
                faults.append(f"recognizer.hpp reaches <{included}>, which a program that predicts must not pay for")
    else:
        faults.append("recognizer.hpp is missing")

    for fault in faults:
        print(fault)
    print(f"{len(headers)} headers, median {statistics.median(lengths):g} lines, longest {max(lengths)}: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
