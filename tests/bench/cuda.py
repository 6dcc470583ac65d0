"""tools/bench/cuda with made-up figures and programs: its table, CSV and page, its limits of time, what it packs, and what it
says where there is no GPU.

usage: cuda.py SOURCE_FOLDER BUILD_FOLDER
"""

import contextlib
import csv
import io
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import types
import unittest
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from unittest import mock

BUILD = pathlib.Path(sys.argv.pop(2)).resolve()
ROOT = pathlib.Path(sys.argv.pop(1)).resolve()
sys.path.insert(0, str(ROOT / "tools/bench"))
sys.dont_write_bytecode = True
from comparison import report as comparison_report
from comparison.works import CompareError
from gpu import card, packing, report, works

loader = SourceFileLoader("cuda_driver", str(ROOT / "tools/bench/cuda"))
cuda = module_from_spec(spec_from_loader("cuda_driver", loader))
loader.exec_module(cuda)

WORKS = works.all_works(["fp32", "bf16"], [1, 20])


def line(work, precision, batch, mode, figure=None, **others):
    what = {"figure": figure} if figure is not None else {}
    return {"work": work, "precision": precision, "batch": batch, "mode": mode, **what, **others}


CANNED = [
    line("InceptionV3", "fp32", 1, "rcar", 1500.0),
    line("InceptionV3", "fp32", 20, "rcar", 3000.0),
    line("InceptionV3", "bf16", 20, "rcar", missing="does not fit: Memory of the GPU does not suffice"),
    line("InceptionV3", "fp32", 1, "eager", 200.0),
    line("InceptionV3", "fp32", 1, "CUDA graph", 900.0, pinned=1000.0),
    line("InceptionV3", "fp32", 1, "compile", 1100.0, pinned=950.0),
    line("InceptionV3", "fp32", 20, "eager", 3200.0),
    line("InceptionV3", "fp32", 20, "compile", missing="no time was left"),
    line("InceptionV3", "bf16", 20, "eager", 5000.0),
    line("head lstm", "fp32", 64, "rcar", 0.04),
    line("head lstm", "fp32", 64, "eager", 0.2),
    line("head lstm", "fp32", 64, "CUDA graph", 0.06),
    line("EfficientNetB7", "bf16", 20, "rcar", 700.0),
    line("EfficientNetB7", "bf16", 20, "eager", missing="does not fit"),
    line("EfficientNetB7", "bf16", 20, "CUDA graph", missing="failed: RuntimeError: what, now"),
]


class Rows(unittest.TestCase):
    def setUp(self):
        self.rows = {(row.name, row.precision, row.batch): row for row in report.make_rows(WORKS, CANNED)}

    def test_the_fastest_mode_counts_and_pinned_frames_do_not(self):
        row = self.rows["InceptionV3", "fp32", 1]
        self.assertEqual((row.best, row.peers[row.best], row.best_pinned), ("compile", 1100.0, 1100.0))
        self.assertAlmostEqual(row.ratio, 1500 / 1100)

    def test_fewer_seconds_are_better(self):
        row = self.rows["head lstm", "fp32", 64]
        self.assertEqual(row.best, "CUDA graph")
        self.assertAlmostEqual(row.ratio, 1.5)

    def test_the_goals_are_the_project_s(self):
        goals = {key: row.goal for key, row in self.rows.items()}
        self.assertEqual(goals, {("InceptionV3", "fp32", 1): 1.5, ("InceptionV3", "fp32", 20): 1.0, ("InceptionV3", "bf16", 20): 1.0,
                                 ("head lstm", "fp32", 64): 1.5, ("EfficientNetB7", "bf16", 20): 1.0})
        self.assertEqual([row.met for row in self.rows.values()], [False, False, None, True, None])

    def test_a_goal_is_met_from_its_ratio_on(self):
        lines = [line("InceptionV3", "fp32", 20, "rcar", 100.0), line("InceptionV3", "fp32", 20, "eager", 100.0)]
        self.assertTrue(report.make_rows(WORKS, lines)[0].met)

    def test_the_order_is_that_of_measuring(self):
        self.assertEqual([work.key for work in WORKS], ["inceptionv3", "heads", "efficientnetb7", "efficientnetb0"])
        self.assertEqual([row.name for row in report.make_rows(WORKS, CANNED[::-1])], ["InceptionV3"] * 3 + ["head lstm", "EfficientNetB7"])

    def test_a_mode_measured_after_all_is_not_missing(self):
        lines = [line("InceptionV3", "fp32", 1, "compile", missing="no time was left"), line("InceptionV3", "fp32", 1, "compile", 5.0)]
        row = report.make_rows(WORKS, lines)[0]
        self.assertEqual((row.peers, row.missing), ({"compile": 5.0}, {}))


class Texts(unittest.TestCase):
    def setUp(self):
        self.rows = report.make_rows(WORKS, CANNED)

    def test_the_csv_has_the_columns_and_a_line_a_row(self):
        lines = list(csv.reader(io.StringIO(report.csv_text(self.rows))))
        self.assertEqual(lines[0], ["work", "precision", "batch", "unit", "rcar", "peer", "best_peer", "ratio", "goal", "met", "peer_pinned"])
        self.assertEqual(lines[1], ["InceptionV3", "fp32", "1", "frames/s", "1500", "1100", "compile", "1.36364", "1.5", "no", "1100"])
        self.assertEqual(lines[3], ["InceptionV3", "bf16", "20", "frames/s", "", "5000", "eager", "", "1", "", ""])
        self.assertEqual(lines[4], ["head lstm", "fp32", "64", "s an epoch", "0.04", "0.06", "CUDA graph", "1.5", "1.5", "yes", ""])
        self.assertEqual(len(lines), 6)

    def test_the_table_says_what_was_reached_and_why_a_figure_lacks(self):
        lines = report.table_text(self.rows).splitlines()
        self.assertEqual(len(lines), 6)
        self.assertRegex(lines[1], r"InceptionV3 224 +fp32 +1 +frames/s +1,500 +1,100 +compile +1\.36x +1\.5x +no$")
        self.assertRegex(lines[3], r"bf16 +20 +frames/s +does not fit +5,000 +eager +- +1\.0x +-$")
        self.assertRegex(lines[4], r"9,537 clips, LSTM.* 0\.0400 +0\.0600 +CUDA graph +1\.50x +1\.5x +yes$")
        self.assertRegex(lines[5], r"EfficientNetB7 600 .*does not fit or failed +- +- +1\.0x +-$")

    def test_the_page_names_the_machine_every_mode_and_what_was_left_out(self):
        page = report.page_text(self.rows, {"GPU": "A card"}, ["efficientnetb0 (no time was left)"])
        for part in ("A card", "| eager | 200.0 |", "| CUDA graph | 900.0 | 1,000 |", "Left out: efficientnetb0 (no time was left).", "RuntimeError: what, now"):
            self.assertIn(part, page)
        self.assertNotIn(str(ROOT), page)


    def test_the_page_of_benchmarks_says_how_to_measure_on_a_gpu(self):
        self.assertIn(comparison_report.ON_A_GPU, (ROOT / "docs/benchmarks.md").read_text())


class Lines(unittest.TestCase):
    def test_what_is_no_figure_is_an_error(self):
        for figure in (0, -1, float("nan"), float("inf"), "fast"):
            with self.assertRaises(CompareError, msg=figure):
                works.read_lines(json.dumps(line("InceptionV3", "fp32", 1, "rcar", figure)), "rcar")
        for wrong in (line("InceptionV3", "fp32", 1, "rcar"), line("InceptionV3", "fp32", 1, "rcar", 1.0, missing="why")):
            with self.assertRaises(CompareError, msg=wrong):
                works.read_lines(json.dumps(wrong), "rcar")

    def test_other_lines_and_one_cut_off_are_passed_over(self):
        text = 'warning: so\n{"GPU": "A card"}\n' + json.dumps(CANNED[0]) + "\n" + json.dumps(CANNED[1])[:20]
        self.assertEqual(works.read_lines(text, "rcar"), CANNED[:1])


class Sessions(unittest.TestCase):
    """The driver with programs that only print."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(mock.patch.object(cuda, "LEAST_S", 0.2))
        self.enterContext(contextlib.redirect_stderr(io.StringIO()))

    def program(self, name, text):
        path = self.folder / name
        path.write_text(f"#!{sys.executable}\nimport sys, time\n{text}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def session(self, rcar, peer, tests=None, minutes=1.0, only="inceptionv3"):
        found = {"cuda_bench": self.program("cuda_bench", rcar), "rcar_test_cuda": self.program("tests", tests) if tests else None}
        options = cuda.parse(["--only", only, "--minutes", str(minutes), "--out", str(self.folder / "out")])
        self.enterContext(mock.patch.object(cuda, "PEER", self.program("peer", peer)))
        programs = types.SimpleNamespace(find=found.get, environment=dict(os.environ))
        session = cuda.Session(options, programs, sys.executable, {"GPU": "A card"})
        session.run()
        return session

    def prints(self, *lines):
        return "".join(f"print({json.dumps(each)!r}, flush=True)\n" for each in lines)

    def test_both_sides_are_measured_and_the_files_written(self):
        session = self.session(self.prints(CANNED[0]), self.prints(CANNED[3], CANNED[4]), "sys.exit(0)")
        self.assertEqual((session.rows()[0].ratio, session.left_out, session.facts["parity tests"]), (1500 / 900, [], "passed"))
        self.assertEqual(sorted(path.name for path in (self.folder / "out").iterdir()), ["cuda.csv", "cuda.md"])
        self.assertIn("| parity tests | passed |", (self.folder / "out/cuda.md").read_text())

    def test_the_peer_is_told_its_time_and_each_side_its_words(self):
        words = "import json\nprint(json.dumps({'work': 'InceptionV3', 'precision': 'fp32', 'batch': 1, 'mode': str(sys.argv[1:]), 'figure': 1.0}))"
        rcar, peer = self.session(words, words).lines
        self.assertEqual(rcar["mode"], str(["networks", "--network", "InceptionV3", "--precision", "fp32,tf32,bf16", "--batch", "1,20,128,512"]))
        self.assertRegex(peer["mode"], r"^\['networks', 'InceptionV3', .*'--seconds', '(59|60)'\]$")

    def test_a_side_that_fails_is_named_and_the_other_one_counts(self):
        session = self.session(self.prints(CANNED[0]) + "sys.exit('error: no flour')", self.prints(CANNED[3]))
        self.assertEqual(session.rows()[0].ratio, 7.5)
        self.assertIn("inceptionv3: rcar (failed with exit code 1: error: no flour)", session.left_out)
        self.assertEqual(session.rcar_failed, ["inceptionv3"])

    def test_a_side_that_hangs_is_ended_and_what_it_printed_counts(self):
        start = time.monotonic()
        session = self.session(self.prints(CANNED[0]) + "time.sleep(60)", self.prints(CANNED[3]), minutes=0.05)
        self.assertLess(time.monotonic() - start, 20)
        self.assertEqual(session.rows()[0].rcar, 1500.0)
        self.assertIn("inceptionv3: rcar (was ended before it had measured all)", session.left_out)

    def test_what_no_longer_fits_is_left_out_by_name(self):
        session = self.session(self.prints(CANNED[0]), self.prints(CANNED[3]), minutes=0.001, only="e")
        self.assertEqual(session.lines, [])
        self.assertEqual(session.left_out[-1], "efficientnetb0 (no time was left)")

    def test_failed_parity_tests_are_told(self):
        for code, failed, told in ((77, False, "nothing failed, some skipped"), (3, True, "FAILED with exit code 3")):
            session = self.session(self.prints(CANNED[0]), self.prints(CANNED[3]), f"sys.exit({code})")
            self.assertEqual((session.tests_failed, session.facts["parity tests"]), (failed, told))
        session = self.session(self.prints(CANNED[0]), self.prints(CANNED[3]))
        self.assertEqual(session.facts["parity tests"], "not built")

    def test_the_sanitizer_s_tools_run_one_by_one_and_an_error_counts(self):
        sanitizer = self.program("sanitizer", "sys.exit(99 if sys.argv[2] == 'racecheck' and '[law]' in sys.argv else 0)")
        programs = types.SimpleNamespace(find=lambda name: self.folder / name, environment=None)
        with mock.patch.object(card, "find_tool", lambda name: sanitizer), contextlib.redirect_stdout(io.StringIO()) as out:
            self.assertEqual(cuda.sanitize(cuda.parse([]), programs), 0)
            self.assertEqual(cuda.sanitize(cuda.parse(["--tests", "[law]"]), programs), 1)
        self.assertRegex(out.getvalue().splitlines()[-2], r"^racecheck +FOUND ERRORS +0 s$")
        with mock.patch.object(card, "find_tool", lambda name: None), self.assertRaisesRegex(CompareError, "no compute-sanitizer"):
            cuda.sanitize(cuda.parse([]), programs)


class Program(unittest.TestCase):
    def setUp(self):
        self.program = BUILD / "tools/bench/cuda_bench"
        if not self.program.exists():
            self.skipTest("cuda_bench is not built")

    def run_program(self, *arguments):
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}  # as without a GPU
        return subprocess.run([self.program, *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, timeout=120)

    def test_without_a_gpu_it_says_the_library_s_sentence(self):
        for arguments in (["device"], ["networks"], ["heads"]):
            done = self.run_program(*arguments)
            self.assertEqual((done.returncode, done.stdout), (1, ""), arguments)
            self.assertRegex(done.stderr, r"^error: There is no GPU that CUDA could use \([^\n]*\.\n$")

    def test_what_is_wrong_is_one_line(self):
        wrong = {"--nonsense": ["device", "--nonsense"], "subcommand": [], "InceptionV3 at 224": ["networks", "--network", "LeNet"],
                 "fp32, tf32, bf16 or fp16": ["networks", "--precision", "fp8"], "gru or lstm": ["heads", "--cell", "rnn"], "fewer clips": ["heads", "--clips", "3"]}
        for part, arguments in wrong.items():
            done = self.run_program(*arguments)
            self.assertEqual((done.returncode, done.stdout, len(done.stderr.splitlines())), (2, "", 1), (arguments, done.stderr))
            self.assertIn(part, done.stderr)

    def test_it_needs_none_of_the_libraries_that_a_gpu_s_machine_lacks(self):
        done = subprocess.run(["ldd", self.program], text=True, stdout=subprocess.PIPE)
        self.assertIn("libstdc++.so.6", done.stdout)
        for library in ("opencv", "openblas", "libcrypto", "libav", "libhdf5", "libgif", "libcuda.so", "libcublas", "libcudnn", "libcudart"):
            self.assertNotIn(library, done.stdout)


class CommandLine(unittest.TestCase):
    def run_driver(self, *arguments, root=ROOT, **options):
        return subprocess.run([sys.executable, root / "tools/bench/cuda", *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300, **options)

    def refuses_without_gpu(self, root, *arguments):
        try:
            card.find_card()
            self.skipTest("there is a GPU here")
        except CompareError:
            pass
        with tempfile.TemporaryDirectory() as folder:
            done = self.run_driver("--out", f"{folder}/out", "--build", f"{folder}/build", *arguments, root=root, cwd=folder)
            self.assertEqual((done.returncode, done.stdout, list(pathlib.Path(folder).iterdir())), (1, "", []), done.stderr)
            self.assertRegex(done.stderr, r"^error: there is no NVIDIA GPU here that could be used[^\n]*--pack FOLDER\n$")

    def test_without_a_gpu_it_is_one_sentence_and_nothing_is_written(self):
        self.refuses_without_gpu(ROOT)
        self.refuses_without_gpu(ROOT, "--sanitize")

    def test_the_help_has_examples_and_what_is_wrong_is_told(self):
        done = self.run_driver("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("examples:", done.stdout)
        self.assertIn("Exit code:", done.stdout)
        for wrong in (["--nonsense"], ["--only", "lenet"], ["--precisions", "fp8"], ["--batches", "0"], ["--batches", "many"], ["--minutes", "0"]):
            done = self.run_driver(*wrong)
            self.assertEqual((done.returncode, done.stdout), (2, ""), wrong)
            self.assertIn("error: ", done.stderr.splitlines()[-1])

    def test_a_folder_that_holds_something_else_is_not_packed_into(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "diary.txt").write_text("mine")
            done = self.run_driver("--pack", folder, "--build", folder, "--no-build")
            self.assertEqual(done.returncode, 1)
            self.assertIn("holds something else", done.stderr)
            done = self.run_driver("--pack", f"{folder}/new", "--build", folder, "--no-build")
            self.assertEqual(done.returncode, 1)
            self.assertIn("holds no build of rcar", done.stderr)
            self.assertEqual([path.name for path in pathlib.Path(folder).iterdir()], ["diary.txt"])

    def test_a_packed_folder_has_all_that_its_sources_include(self):
        commands = BUILD / "compile_commands.json"
        if not commands.exists() or not packing.Target("cuda_bench", json.loads(commands.read_text()), BUILD).sources:
            self.skipTest("this build has no CUDA back end")
        with tempfile.TemporaryDirectory() as folder:
            to = pathlib.Path(folder) / "carried"
            done = self.run_driver("--pack", str(to), "--build", str(BUILD), "--no-build")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertLess(packing.size_of(to), packing.MOST_BYTES)
            for name in ("CMakeLists.txt", "tools/bench/cuda", "tools/bench/peers/torch_cuda_peer.py", "include/rcar/backend/cuda/system.cuh", "third_party/CLI/CLI.hpp"):
                self.assertTrue((to / name).exists(), name)
            compiler = ["g++", "-std=c++20", "-DRCAR_COMPILED", f"-I{to}", f"-I{to / 'include'}", "-isystem", to / "third_party", "-M"]
            done = subprocess.run([*compiler, to / "tools/bench/gpu/cuda_bench.cpp"], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 0, done.stderr)
            outside = [word for word in done.stdout.replace("\\\n", " ").split()[1:]
                       if to not in pathlib.Path(word).resolve().parents and packing.place_of(pathlib.Path(word))]
            self.assertEqual(outside, [])
            text = (to / "CMakeLists.txt").read_text() + (to / packing.MARK).read_text()
            self.assertNotIn(str(ROOT), text)
            self.assertNotIn(str(BUILD), text)
            done = subprocess.run(["cmake", "-S", to, "-B", f"{folder}/build", "-DCMAKE_CUDA_ARCHITECTURES=90"], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            shutil.rmtree(f"{folder}/build")
            self.refuses_without_gpu(to)
            again = self.run_driver("--pack", str(to), "--build", str(BUILD), "--no-build")  # over a former one
            self.assertEqual(again.returncode, 0, again.stderr)
            self.assertEqual([path.name for path in pathlib.Path(folder).iterdir()], ["carried"])

    def test_headers_of_compiler_and_c_library_stay_where_they_are(self):
        places = {"/usr/include/xtl/xspan.hpp": "xtl/xspan.hpp", "/usr/include/x86_64-linux-gnu/openssl/configuration.h": "openssl/configuration.h",
                  "/usr/include/stdio.h": None, "/usr/include/x86_64-linux-gnu/bits/types.h": None, "/usr/include/c++/12/vector": None,
                  "/usr/lib/gcc/x86_64-linux-gnu/12/include/immintrin.h": None, "/usr/local/include/CLI/CLI.hpp": "CLI/CLI.hpp"}
        for header, place in places.items():
            self.assertEqual(packing.place_of(pathlib.Path(header)), place and pathlib.Path(place), header)


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=1)
    if program.result.testsRun < 27:
        sys.exit("error: not every test ran")
    sys.exit(0 if program.result.wasSuccessful() else 1)
