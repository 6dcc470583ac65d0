"""tools/bench/compare with made-up figures: its table, CSV, page and picture, and what it keeps between runs.

usage: compare.py SOURCE_FOLDER
"""

import contextlib
import csv
import io
import json
import pathlib
import sys
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(sys.argv.pop(1)).resolve()
sys.path.insert(0, str(ROOT / "tools/bench"))
sys.dont_write_bytecode = True
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

from comparison import machine, plot, report, setting, works

loader = SourceFileLoader("compare_program", str(ROOT / "tools/bench/compare"))
compare = module_from_spec(spec_from_loader("compare_program", loader))
loader.exec_module(compare)

WORKS = works.all_works()


def measured(work, figures, round_number=1, side="any"):
    return {"work": work, "side": side, "round": round_number, "figures": figures, "seconds": 1, "identity": "i"}


CANNED = [
    measured("inceptionv3_batch", {"rcar": 10.0}, 1),
    measured("inceptionv3_batch", {"rcar": 90.0}, 2),
    measured("inceptionv3_batch", {"rcar": 11.0}, 3),
    measured("inceptionv3_batch", {"OpenVINO (latency)": 30.0, "OpenVINO (streams)": 22.0}, 1),
    measured("inceptionv3_batch", {"OpenVINO (latency)": 5.0, "OpenVINO (streams)": 22.0}, 2),
    measured("inceptionv3_batch", {"OpenVINO (latency)": 30.0, "OpenVINO (streams)": 21.0}, 3),
    measured("inceptionv3_batch", {"Keras (graph)": 25.0}),
    measured("head_9537", {"rcar": 1000.0}),
    measured("head_9537", {"Keras (fit)": 2900.0}),
    measured("extraction_efficientnetb0_first", {"rcar": 94.0, "ideal": 96.5}),
    measured("extraction_efficientnetb0_uniform", {"rcar": 90.0, "ideal": 96.5}),
    measured("clip_to_label", {"rcar": 500.0}),  # no peer: no row
]


class Rows(unittest.TestCase):
    def setUp(self):
        self.rows = {row.work.key: row for row in report.make_rows(CANNED, WORKS)}

    def test_a_work_without_a_peer_has_no_row(self):
        self.assertEqual(list(self.rows), ["inceptionv3_batch", "head_9537", "extraction_efficientnetb0_first", "extraction_efficientnetb0_uniform"])

    def test_figures_are_medians_over_rounds_and_the_best_mode_counts(self):
        row = self.rows["inceptionv3_batch"]
        self.assertEqual((row.rcar, row.peer, row.best_peer, row.ratio), (11.0, 22.0, "OpenVINO (streams)", 2.0))

    def test_a_goal_is_met_from_its_ratio_on(self):
        self.assertTrue(self.rows["inceptionv3_batch"].met)  # 2.0 of 1.6
        self.assertFalse(self.rows["head_9537"].met)  # 2.9 of 3
        self.assertTrue(self.rows["extraction_efficientnetb0_first"].met)  # 2.5 points below
        self.assertFalse(self.rows["extraction_efficientnetb0_uniform"].met)  # 6.5 points below

    def test_slower_than_the_peer_is_a_ratio_below_1(self):
        rows = report.make_rows([measured("inceptionv3_batch", {"rcar": 40.0}), measured("inceptionv3_batch", {"Keras (graph)": 10.0})], WORKS)
        self.assertEqual(rows[0].ratio, 0.25)
        self.assertFalse(rows[0].met)


class Texts(unittest.TestCase):
    def setUp(self):
        self.rows = report.make_rows(CANNED, WORKS)

    def test_the_csv_has_the_columns_and_a_line_a_row(self):
        lines = list(csv.reader(io.StringIO(report.csv_text(self.rows))))
        self.assertEqual(lines[0], ["work", "rcar", "peer", "best_peer", "ratio", "goal"])
        self.assertEqual(lines[1], ["inceptionv3_batch", "11.000", "22.000", "OpenVINO (streams)", "2.000", "1.6"])
        self.assertEqual(lines[3], ["extraction_efficientnetb0_first", "94.000", "96.500", "ideal", "0.974", "3 points"])
        self.assertEqual(len(lines), 5)

    def test_the_table_says_what_was_reached(self):
        lines = report.table_text(self.rows).splitlines()
        self.assertEqual(len(lines), 5)
        self.assertIn("2.00x", lines[1])
        self.assertTrue(lines[1].endswith("yes"))
        self.assertIn("2.90x", lines[2])
        self.assertTrue(lines[2].endswith("no"))
        self.assertIn("-2.5 points", lines[3])

    def test_the_page_names_machine_versions_and_every_peer(self):
        page = report.page_text(self.rows, {"processor": "A chip"}, {"openvino": "9.9"}, "pictures/b.svg", 3)
        for part in ("A chip", "9.9", "(pictures/b.svg)", "Keras (graph)", "OpenVINO (latency)", "2.00x", "medians of 3 rounds"):
            self.assertIn(part, page)
        self.assertNotIn(str(ROOT), page)

    def test_the_picture_is_svg_with_a_bar_a_ratio(self):
        space = "{http://www.w3.org/2000/svg}"
        root = xml.etree.ElementTree.fromstring(plot.svg_text(self.rows))
        bars = root.findall(space + "rect")[1:]  # the first is the ground
        self.assertEqual(len(bars), 2)
        widths = [float(bar.get("width")) for bar in bars]
        self.assertLess(widths[0], widths[1])  # 2.0 and 2.9
        self.assertNotEqual(bars[0].get("fill"), bars[1].get("fill"))  # met and missed
        for element in root.iter():
            for name in ("x", "x1", "x2", "width"):
                self.assertTrue(0 <= float(element.get(name, 0)) <= plot.WIDTH, (element.tag, name))
        texts = "".join(root.itertext())
        self.assertIn("2.00x of OpenVINO (streams)", texts)

    def test_a_picture_of_nothing_is_refused(self):
        with self.assertRaises(ValueError):
            plot.svg_text([])


class Works(unittest.TestCase):
    def test_the_goals_are_the_project_s(self):
        goals = {work.key: work.goal for work in WORKS}
        expected = {"inceptionv3_batch": 1.6, "efficientnetb0_batch": 1.5, "efficientnetb7_batch": 1.3, "inceptionv3_latency": 1.0,
                    "efficientnetb0_latency": 1.0, "efficientnetb7_latency": 1.0, "clip_to_label": 15, "head_156": 10,
                    "head_9537": 3, "extraction_efficientnetb0_first": 3, "extraction_efficientnetb0_uniform": 3,
                    "extraction_inceptionv3_first": 3, "extraction_inceptionv3_uniform": 3}
        self.assertEqual(goals, expected)

    def test_only_chooses_by_a_part_of_the_name(self):
        self.assertEqual([work.key for work in works.choose(WORKS, ["head", "clip"])], ["clip_to_label", "head_156", "head_9537"])
        with self.assertRaises(works.CompareError):
            works.choose(WORKS, ["head", "nothing of the kind"])

    def test_the_back_end_reaches_every_program_that_takes_it(self):
        for work in works.all_works(["--backend", "blas"]):
            command = work.sides[0].command
            self.assertEqual(command[-2:] == ("--backend", "blas"), command[0] != "predict_video", command)


class Figures(unittest.TestCase):
    def side(self, key, name):
        return next(side for work in WORKS if work.key == key for side in work.sides if side.name == name)

    def test_each_mode_of_a_peer_is_a_figure(self):
        figures = setting.figures_of(self.side("inceptionv3_batch", "OpenVINO"), "mode,ms\nlatency,12.5\nstreams,11\n")
        self.assertEqual(figures, {"OpenVINO (latency)": 12.5, "OpenVINO (streams)": 11.0})

    def test_rcar_s_figure_is_a_column_of_its_csv(self):
        self.assertEqual(setting.figures_of(self.side("head_156", "rcar"), "clips,ms_per_epoch\n156,17.5\n"), {"rcar": 17.5})
        self.assertEqual(setting.figures_of(self.side("extraction_efficientnetb0_first", "rcar"), "share,ideal_share\n0.5,0.75\n"), {"rcar": 50, "ideal": 75})

    def test_what_is_no_figure_is_an_error(self):
        side = self.side("inceptionv3_batch", "OpenVINO")
        for text in ("", "mode,ms\n", "mode,ms\nlatency,nan\n", "mode,ms\nlatency,0\n", "mode,ms\nlatency,fast\n", "what\nis this\n"):
            with self.assertRaises(works.CompareError, msg=repr(text)):
                setting.figures_of(side, text)

    def test_a_program_that_fails_is_named_with_what_it_said(self):
        with self.assertRaisesRegex(works.CompareError, "baking failed with exit code 3: error: no flour"):
            setting.run([sys.executable, "-c", "import sys; print('error: no flour', file=sys.stderr); sys.exit(3)"], "baking")
        with self.assertRaisesRegex(works.CompareError, "there is no"):
            setting.run(["/no/such/program"], "baking")


class Keeping(unittest.TestCase):
    class Kitchen:
        """In place of the setting: counts what is measured."""

        def __init__(self, identity="i"):
            self.made, self.name = [], identity

        def identity(self, side):
            return self.name + side.name

        def measure(self, side):
            self.made.append(side.name)
            return {side.name: float(len(self.made))}, 1.0

    def run_on(self, path, kitchen, rounds, fresh=False, on="a machine"):
        with contextlib.redirect_stderr(io.StringIO()):
            return compare.measure(kitchen, compare.Results(path, on, fresh), works.choose(WORKS, ["head_156"]), rounds)

    def test_what_is_measured_is_not_measured_again(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "results.json"
            first, second = self.Kitchen(), self.Kitchen()
            self.assertEqual(len(self.run_on(path, first, 2)), 4)
            self.assertEqual(first.made, ["rcar", "Keras", "Keras", "rcar"])  # in turn, and backwards
            self.assertEqual(len(self.run_on(path, second, 3)), 6)
            self.assertEqual(second.made, ["rcar", "Keras"])
            for other, arguments in ((self.Kitchen("j"), {}), (self.Kitchen(), {"fresh": True}), (self.Kitchen(), {"on": "another"})):
                self.run_on(path, other, 1, **arguments)
                self.assertEqual(other.made, ["rcar", "Keras"], arguments)
                self.run_on(path, self.Kitchen(), 3, fresh=True)

    def test_a_damaged_file_is_an_error_and_busy_measurements_can_be_dropped(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "results.json"
            path.write_text("{")
            with self.assertRaisesRegex(works.CompareError, "--fresh"):
                compare.Results(path, "a machine", False)
            busy, quiet = {**CANNED[0], "others": 0.3}, {**CANNED[1], "others": 0.01}
            path.write_text(json.dumps({"machine": "a machine", "measurements": [busy, quiet]}))
            self.assertEqual(compare.Results(path, "a machine", False).measurements, [busy, quiet])
            self.assertEqual(compare.Results(path, "a machine", False, redo_busy=True).measurements, [quiet])
            path.write_text(json.dumps({"machine": "a machine", "measurements": []}))
            self.assertEqual(compare.Results(path, "a machine", False).measurements, [])


class Machine(unittest.TestCase):
    def test_the_machine_and_rcar_s_version_are_told(self):
        described = machine.describe_machine()
        self.assertTrue(described["processor"] and described["cores"] >= 1 and described["instruction sets"])
        self.assertRegex(machine.describe_rcar(ROOT), r"^\d+\.\d+\.\d+")

    def test_work_of_others_is_told_from_that_of_children(self):
        others = machine.OtherWork()
        burn = "import time\nend = time.process_time() + 0.6\nwhile time.process_time() < end: pass"
        setting.run([sys.executable, "-c", burn], "burning")
        self.assertTrue(0 <= others.share() <= 1)
        before, after = (10.0, 6.0, 1.0), (30.0, 20.0, 5.0)  # all, busy, own
        others.start, others._now = before, lambda: after
        self.assertAlmostEqual(others.share(), (14 - 4) / 20)
        others.start = None
        self.assertEqual(others.share(), 0)

    def test_every_peer_is_pinned(self):
        for path in sorted((ROOT / "tools/bench/peers").glob("requirements_*.txt")):
            lines = [line for line in path.read_text().splitlines() if line and not line.startswith(("#", "--"))]
            self.assertTrue(lines, path)
            for line in lines:
                self.assertRegex(line, r"^[\w-]+==[\d.]+$", path)


class CommandLine(unittest.TestCase):
    def test_the_list_and_a_wrong_name(self):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            self.assertEqual(compare.main(["--list"]), 0)
            self.assertEqual(compare.main(["--only", "nothing"]), 1)
            self.assertEqual(compare.main(["--docs", "--only", "head"]), 1)
        self.assertEqual(len(out.getvalue().splitlines()), len(WORKS))
        self.assertEqual([line[:7] for line in err.getvalue().splitlines()], ["error: "] * 2)


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=1)
    if program.result.testsRun < 18:
        sys.exit("error: not every test ran")
    sys.exit(0 if program.result.wasSuccessful() else 1)
