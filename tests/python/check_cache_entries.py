"""NumPy reads the entries of the feature cache, whole and mapped, and their checksums are where the format says.

    python check_cache_entries.py [BUILD_FOLDER]

Without an argument the build folder that this Python environment lies in is used.
"""

import re
import shutil
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "programs"))
import small_training
from harness import SKIP_EXIT_CODE, Workplace, expect

place = Workplace(sys.argv[1] if len(sys.argv) > 1 else Path(sys.executable).parents[2])
if place.missing():
    print("skipped: not built:", ", ".join(place.missing()))
    sys.exit(SKIP_EXIT_CODE)
try:
    small_training.prepare(place, 3)
    place.run("rcar", *small_training.arguments("out", 1)).succeeds()
    entries = small_training.entries(place, "out/cache")
    expect(len(entries) == 12, entries)
    for path in entries.values():
        features = np.load(path)
        expect(features.shape == (20, 1280) and features.dtype == np.dtype("<f4"), path, features.shape, features.dtype)
        expect(np.isfinite(features).all(), path, "holds what is no number")
        expect((np.load(path, mmap_mode="r") == features).all(), path, "differs when it is mapped")
        bytes_ = path.read_bytes()
        expect(len(bytes_) == 128 + features.nbytes + 26, path, "has", len(bytes_), "bytes")
        expect(re.fullmatch(rb"checksum [0-9a-f]{16}\n", bytes_[-26:]), path, "ends in", bytes_[-26:])
    print(f"NumPy {np.__version__} reads all {len(entries)} entries")
finally:
    shutil.rmtree(place.folder, ignore_errors=True)
