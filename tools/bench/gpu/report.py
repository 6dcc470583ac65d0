"""From the programs' lines to a table, a CSV and a page."""

import csv
import io
from dataclasses import dataclass, field

from comparison.report import markdown_table, text_table

COLUMNS = ["work", "precision", "batch", "unit", "rcar", "peer", "best_peer", "ratio", "goal", "met", "peer_pinned"]
HEADINGS = ["work", "precision", "batch", "unit", "rcar", "PyTorch's best", "which", "ratio", "goal", "met"]
NUMBERS = {2, 4, 5, 7, 8}


@dataclass
class Row:
    work: object
    name: str  # in the lines
    precision: str
    batch: int
    rcar: float = None
    why_not: str = "not measured"  # where there is no figure of rcar
    peers: dict = field(default_factory=dict)  # {mode: figure}
    missing: dict = field(default_factory=dict)  # {mode: why}
    pinned: dict = field(default_factory=dict)  # {mode: figure with frames in pinned memory}

    def _best(self, figures):
        choose = max if self.work.more_is_better else min
        return choose(figures, key=figures.get) if figures else None

    @property
    def best(self):
        return self._best(self.peers)

    @property
    def best_pinned(self):
        figures = {mode: max(self.pinned.get(mode, 0), self.peers[mode]) for mode in self.peers}
        return figures[self._best(figures)] if self.pinned else None

    @property
    def ratio(self):
        """Above 1: rcar is faster."""
        if self.rcar is None or self.best is None:
            return None
        peer = self.peers[self.best]
        return self.rcar / peer if self.work.more_is_better else peer / self.rcar

    @property
    def goal(self):
        return self.work.goal(self.batch)

    @property
    def met(self):
        return None if self.ratio is None else self.ratio >= self.goal


def make_rows(works, lines):
    """One row a work, precision and batch that has a line; of several figures of a mode the last counts."""
    rows = {}
    for work in works:
        for line in lines:
            if line["work"] not in work.titles:
                continue
            key = (line["work"], line["precision"], line["batch"])
            row = rows.setdefault(key, Row(work, *key))
            if line["mode"] == "rcar":
                row.rcar, row.why_not = line.get("figure"), line.get("missing", "")
            elif "figure" in line:
                row.peers[line["mode"]] = line["figure"]
                row.missing.pop(line["mode"], None)
                if "pinned" in line:
                    row.pinned[line["mode"]] = line["pinned"]
            elif line["mode"] not in row.peers:
                row.missing[line["mode"]] = line["missing"]
    return list(rows.values())


def csv_text(rows):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    number = lambda value: "" if value is None else f"{value:.6g}"
    for row in rows:
        met = {None: "", True: "yes", False: "no"}[row.met]
        writer.writerow([row.name, row.precision, row.batch, row.work.unit, number(row.rcar), number(row.peers.get(row.best)),
                         row.best or "", number(row.ratio), number(row.goal), met, number(row.best_pinned)])
    return out.getvalue()


def _figure(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:,.1f}" if value >= 100 else f"{value:.2f}" if value >= 1 else f"{value:.4f}"


def _short(why):
    return why.split(":")[0]


def _cells(row):
    reasons = sorted({_short(why) for why in row.missing.values()})
    return [
        row.work.titles[row.name],
        row.precision,
        str(row.batch),
        row.work.unit,
        _short(row.why_not) if row.rcar is None else _figure(row.rcar),
        _figure(row.peers[row.best]) if row.best else " or ".join(reasons) or "not measured",
        row.best or "-",
        "-" if row.ratio is None else f"{row.ratio:.2f}x",
        f"{row.goal:.1f}x",
        {None: "-", True: "yes", False: "no"}[row.met],
    ]


def table_text(rows):
    return text_table(HEADINGS, [_cells(row) for row in rows], NUMBERS)


def page_text(rows, facts, left_out):
    """A page of Markdown: the table, the machine, every mode."""
    modes = [[row.work.titles[row.name], row.precision, str(row.batch), mode, _figure(row.peers[mode]) if mode in row.peers else row.missing[mode],
              _figure(row.pinned[mode]) if mode in row.pinned else ""]
             for row in rows for mode in [*row.peers, *row.missing]]
    parts = [
        "# rcar beside PyTorch on a GPU\n",
        "Frames lie in ordinary memory of the host as bytes, and features come back there, for both; head training has its set on the\n"
        "GPU. Medians of several calls. A ratio of 2 says that rcar takes half the time of PyTorch's fastest mode.\n",
        markdown_table(HEADINGS, [_cells(row) for row in rows], NUMBERS),
        *("Left out: " + each + ".\n" for each in left_out),
        "## Machine and versions\n",
        markdown_table(["what", "which"], [[name, str(value)] for name, value in facts.items()]),
        "## Every mode of PyTorch\n",
        markdown_table(["work", "precision", "batch", "mode", "figure", "frames pinned already"], modes, {2, 4, 5}),
    ]
    return "\n".join(parts)
