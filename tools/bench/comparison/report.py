"""From figures to a table, a CSV and a page of the documentation."""

import csv
import io
import statistics
from dataclasses import dataclass

COLUMNS = ["work", "rcar", "peer", "best_peer", "ratio", "goal"]


@dataclass(frozen=True)
class Row:
    work: object
    rcar: float
    peer: float  # the best peer's figure
    best_peer: str
    ratio: float  # above 1: rcar is faster; of `points`: rcar's share over the ideal one
    peers: dict  # every peer's figure

    @property
    def met(self):
        if self.work.measure == "points":
            return self.rcar >= self.peer - self.work.goal
        return self.ratio >= self.work.goal


def medians(measurements, work):
    """{label: median over the rounds}; the labels are "rcar" and "PEER (mode)"."""
    by_label = {}
    for measurement in measurements:
        if measurement["work"] == work.key:
            for label, value in measurement["figures"].items():
                by_label.setdefault(label, []).append(value)
    return {label: statistics.median(values) for label, values in by_label.items()}


def make_rows(measurements, works):
    """One row a work that rcar and at least one peer have done."""
    rows = []
    for work in works:
        figures = medians(measurements, work)
        ours = figures.pop("rcar", None)
        if ours is None or not figures:
            continue
        best = max(figures, key=figures.get) if work.measure == "points" else min(figures, key=figures.get)
        ratio = ours / figures[best] if work.measure == "points" else figures[best] / ours
        rows.append(Row(work, ours, figures[best], best, ratio, figures))
    return rows


def csv_text(rows):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        goal = f"{row.work.goal:g}" if row.work.measure == "ratio" else row.work.goal_text
        writer.writerow([row.work.key, f"{row.rcar:.3f}", f"{row.peer:.3f}", row.best_peer, f"{row.ratio:.3f}", goal])
    return out.getvalue()


def _cells(row):
    digits = 1 if row.rcar >= 100 or row.work.measure == "points" else 2
    return [
        row.work.title,
        row.work.unit,
        f"{row.rcar:,.{digits}f}",
        f"{row.peer:,.{digits}f}",
        row.best_peer,
        f"{row.ratio:.2f}x" if row.work.measure == "ratio" else f"{row.rcar - row.peer:+.1f} points",
        row.work.goal_text,
        "yes" if row.met else "no",
    ]


HEADINGS = ["work", "unit", "rcar", "best peer", "which", "ratio", "goal", "met"]
NUMBERS = {2, 3, 5, 6}


def text_table(headings, lines, numbers=()):
    """Columns side by side; `numbers` are those that end at the right."""
    lines = [headings, *lines]
    widths = [max(len(line[i]) for line in lines) for i in range(len(headings))]
    text = []
    for line in lines:
        cells = (cell.rjust(widths[i]) if i in numbers else cell.ljust(widths[i]) for i, cell in enumerate(line))
        text.append("  ".join(cells).rstrip())
    return "\n".join(text)


def table_text(rows):
    return text_table(HEADINGS, [_cells(row) for row in rows], NUMBERS)


def markdown_table(headings, lines, numbers=()):
    rule = ["---:" if i in numbers else "---" for i in range(len(headings))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [headings, rule, *lines]) + "\n"


ON_A_GPU = """## On a GPU

[Benchmarks on a GPU](cuda_benchmarks.md) has the figures of an H200 beside PyTorch. Where there is a GPU, with NVIDIA's driver
and PyTorch, this measures them anew:

    tools/bench/cuda

It runs the parity tests, then rcar and PyTorch in turn on the same card, and prints one table with the ratios and goals, within
nine minutes. Networks: InceptionV3 at 224, EfficientNetB7 at 600 and EfficientNetB0 at 224, 1, 20, 128 and 512 frames a call, in
float32, TF32 and bfloat16, from bytes in the host's ordinary memory to features there. Heads: an epoch of 9,537 clips of 20 x 2048
features. PyTorch's best counts: eager, autocast, CUDA graphs or `torch.compile`, channels last, batch norms folded; cuDNN's LSTM and
GRU. What is not measured for want of time is named. The goal is PyTorch's best, and 1.5 times that for one frame and for the heads.

A machine without rcar's packages or a network takes a folder that another one makes, with nvcc, by `tools/bench/cuda --pack FOLDER`:
sources, headers and programs. In it the same command runs them. `--sanitize` runs the parity tests under compute-sanitizer instead.
"""


def page_text(rows, machine, versions, picture, rounds):
    """docs/benchmarks.md."""
    peers = [[row.work.title, label, f"{value:,.2f}"] for row in rows if row.work.measure == "ratio" for label, value in sorted(row.peers.items(), key=lambda item: item[1])]
    parts = [
        "# Benchmarks\n",
        "rcar beside what its users would take instead, all with float32's numbers, on all cores of one machine, in turn:\n"
        f"medians of {rounds} rounds. A ratio of 2 says that rcar takes half the time of the fastest peer. Machines differ:\n"
        "only ratios from one run count. This page is what `tools/bench/compare --docs` wrote; it builds rcar, fetches the peers\n"
        "and measures again.\n",
        f"![Ratios of the fastest peer's time to rcar's]({picture})\n",
        markdown_table(HEADINGS, [_cells(row) for row in rows], NUMBERS),
        "The goal of extraction is the share of the cores' time that the network gets: no more than so many points below that of\n"
        "a machine on which only network and decoding cost anything.\n",
        "Peers are asked for float32; OpenVINO would take bfloat16 of itself on a processor with AMX. rcar uses AMX too, by sums of\n"
        "bfloat16 numbers that keep Keras's features within 2e-4 of their deviation, as the tests of real frames print:\n"
        "`RCAR_INSTRUCTION_SET=avx512` shows what it does without, as on processors that have none.\n",
        ON_A_GPU,
        "## Machine and versions\n",
        markdown_table(["what", "which"], [[name, str(value)] for name, value in {**machine, **versions}.items()]),
        "## Every peer\n",
        markdown_table(["work", "peer", "figure"], peers, {2}),
        "The modes of OpenVINO are explained in `tools/bench/peers/openvino_peer.py`; its best counts. The parts of rcar's own\n"
        "times are shown by `build/tools/bench/networks --layers`, `kernels`, `heads` and `extraction` (`--help` of each).\n",
    ]
    return "\n".join(parts)
