"""Checks that what repeats rcar's version, the list of packages that it needs or a file's name repeats it right.

The version's one place is include/rcar/core/version.hpp, the packages' tools/cmake/rcarComponents.cmake.

usage: check_versions.py SOURCE_FOLDER
"""

import json
import pathlib
import re
import subprocess
import sys


def main():
    root = pathlib.Path(sys.argv[1])
    header = (root / "include/rcar/core/version.hpp").read_text()
    parts = re.findall(r"^#define RCAR_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)$", header, re.MULTILINE)
    version = ".".join(parts)
    minor = ".".join(parts[:2])
    faults = []

    def states(place, found, wanted):
        if not found:
            faults.append(f"{place}: no version where one belongs")
        for each in found:
            if each != wanted:
                faults.append(f"{place}: says {each}; include/rcar/core/version.hpp says {wanted}")

    def text(name):
        return (root / name).read_text()

    if len(parts) != 3:
        faults.append("include/rcar/core/version.hpp: not three numbers")
    states("CHANGELOG.md, newest entry", re.findall(r"^## (\S+)", text("CHANGELOG.md"), re.MULTILINE)[:1], version)
    states("CITATION.cff", re.findall(r"^version: (\S+)$", text("CITATION.cff"), re.MULTILINE), version)
    states("tools/packaging/vcpkg/rcar/vcpkg.json", [json.loads(text("tools/packaging/vcpkg/rcar/vcpkg.json"))["version-semver"]], version)
    for page in ["README.md", *(path.relative_to(root).as_posix() for path in sorted((root / "docs").rglob("*.md")))]:
        for found in re.findall(r"find_package\(rcar (\d[\d.]*)", text(page)):
            states(page, [found], minor)
    states("README.md", re.findall(r"find_package\(rcar (\d[\d.]*)", text("README.md")), minor)
    states("tests/package/CMakeLists.txt", re.findall(r"find_package\(rcar (\d[\d.]*)", text("tests/package/CMakeLists.txt")), minor)

    listed = subprocess.run(["cmake", "-P", root / "tools/cmake/rcarComponents.cmake"], text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, check=True).stdout.split()
    setup = set(re.search(r"^packages=\((.*?)^\)", text("tools/setup"), re.MULTILINE | re.DOTALL)[1].split())
    if len(listed) < 10:
        faults.append(f"tools/cmake/rcarComponents.cmake prints {len(listed)} packages")
    for package in listed:
        if package not in setup:
            faults.append(f"tools/setup does not install {package}, which tools/cmake/rcarComponents.cmake needs")

    container = json.loads(text(".devcontainer/devcontainer.json"))["build"]
    dockerfile = (root / ".devcontainer" / container["dockerfile"]).resolve()
    if not dockerfile.is_file() or f"AS {container['target']}\n" not in dockerfile.read_text():
        faults.append(f".devcontainer/devcontainer.json: {container['dockerfile']} has no stage {container['target']}")

    for fault in faults:
        print(fault)
    print(f"version {version}, {len(listed)} packages: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
