"""What is measured on a GPU, by whom, with which goals."""

import json
import math
from dataclasses import dataclass

from comparison.works import CompareError

PRECISIONS = ["fp32", "tf32", "bf16", "fp16"]
BATCHES = [1, 20, 128, 512]
FITS_NOT = "does not fit"
NO_TIME = "no time was left"


@dataclass(frozen=True)
class Work:
    key: str
    titles: dict  # of the works that the programs name in their lines
    share: int  # of the time, beside the others'
    rcar: tuple  # words for cuda_bench
    peer: tuple  # words for torch_cuda_peer.py
    unit: str
    more_is_better: bool

    def goal(self, batch):
        return 1.5 if batch == 1 or not self.more_is_better else 1.0


def all_works(precisions, batches):
    """In the order of measuring."""
    options = ("--precision", ",".join(precisions), "--batch", ",".join(map(str, batches)))

    def network(name, dim, share):
        return Work(name.lower(), {name: f"{name} {dim}"}, share, ("networks", "--network", name, *options),
                    ("networks", name, *options), "frames/s", True)

    titles = {f"head {cell}": f"Head training, 9,537 clips, {cell.upper()}" for cell in ("lstm", "gru")}
    heads = Work("heads", titles, 3, ("heads",), ("heads",), "s an epoch", False)
    return [network("InceptionV3", 224, 5), heads, network("EfficientNetB7", 600, 5), network("EfficientNetB0", 224, 2)]


def read_lines(text, who):
    """The lines of JSON that a program has printed; the last may be cut off where it was ended."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("{"):
            continue
        try:
            read = json.loads(line)
        except ValueError:
            continue
        if "work" not in read:
            continue
        figure = read.get("figure")
        if ("missing" in read) == (figure is not None):
            raise CompareError(f"{who} prints a line with no figure, or with both a figure and why it lacks: {line}")
        if figure is not None and not (isinstance(figure, (int, float)) and math.isfinite(figure) and figure > 0):
            raise CompareError(f"{who} prints a figure that is none: {line}")
        lines.append(read)
    return lines
