"""The benchmarks' programs as a user runs them: what they print can be read, and what is wrong is one line.

usage: programs.py BUILD_FOLDER
"""

import csv
import io
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
SOURCE = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ["networks", "kernels", "heads", "extraction", "tune", "counted_kernels"]


def run(name, *arguments):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RCAR_")}
    path = BUILD / ("tools" if name == "generate_clips" else "tools/bench") / name
    return subprocess.run([path, *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, timeout=300)


class Programs(unittest.TestCase):
    def rows(self, name, *arguments):
        done = run(name, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return list(csv.DictReader(io.StringIO(done.stdout)))

    def refuses(self, part, name, *arguments, code=2):
        done = run(name, *arguments)
        self.assertEqual(done.returncode, code, (name, arguments, done.stderr))
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), 1, lines)
        self.assertTrue(lines[0].startswith("error: ") and lines[0].endswith("."), lines)
        self.assertIn(part, lines[0])
        self.assertEqual(done.stdout, "")

    def test_the_help_of_each_has_examples(self):
        for name in PROGRAMS:
            done = run(name, "--help")
            self.assertEqual(done.returncode, 0, name)
            self.assertIn("Examples:", done.stdout, name)
            self.assertIn("Exit code:", done.stdout, name)

    def test_what_is_wrong_is_one_line(self):
        for name in PROGRAMS:
            self.refuses("--nonsense", name, "--nonsense", *(["--clips", "."] if name == "extraction" else []))
        self.refuses("--clips is required", "extraction")
        self.refuses("InceptionV3 at 224", "networks", "--network", "LeNet")
        self.refuses("at 225", "networks", "--dim", "225")
        self.refuses("throughput or latency", "networks", "--mode", "fast")
        self.refuses("native or blas", "networks", "--backend", "abacus")
        self.refuses("fast or exact", "heads", "--numerics", "rough")
        self.refuses("gru or lstm", "heads", "--cell", "rnn")
        self.refuses("fewer clips", "heads", "--clips", "3")
        self.refuses("--list", "counted_kernels", "no_such_kernel")
        nothing = run("kernels", "--benchmark_filter=no_such_layer")  # Google Benchmark says it too
        self.assertEqual((nothing.returncode, nothing.stderr.splitlines()[-1]), (2, "error: No layer matches the filter."))
        self.refuses("no_such_table", "tune", "--table", "no_such_table")
        self.refuses("no_such_folder", "extraction", "--clips", "no_such_folder", code=1)

    def test_a_network_has_a_speed_in_both_modes_and_a_time_for_every_step(self):
        for mode in ("throughput", "latency"):
            options = ["--network", "EfficientNetB0", "--mode", mode, "--runs", "1", "--warmup", "1", "--csv"]
            row = self.rows("networks", *options)[0]
            self.assertGreater(float(row["ms_per_frame"]), 0)
            self.assertAlmostEqual(float(row["gflops"]), 0.77 / float(row["ms_per_frame"]) * 1e3, delta=float(row["gflops"]) * 0.1)
            table = run("networks", *options, "--layers").stdout.split("\n\n")[1]
            steps = list(csv.DictReader(io.StringIO(table)))
            self.assertGreater(len(steps), 80)
            self.assertAlmostEqual(sum(float(step["part"]) for step in steps), 1, delta=0.02)
            self.assertEqual({step["kind"] for step in steps} & {"convolution", "depthwise", "normalize"}, {"convolution", "depthwise", "normalize"})

    def test_a_kernel_is_measured(self):
        done = run("kernels", "--network", "InceptionV3", "--benchmark_filter=25x25x192 -> 25x25x64", "--benchmark_min_time=0.01", "--benchmark_format=csv")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("InceptionV3/convolution/25x25x192 -> 25x25x64 relu", done.stdout)

    def test_tuning_keeps_the_entries_of_other_layers_and_sorts_the_table(self):
        table = SOURCE / "include/rcar/backend/native/algorithm_table.hpp"
        entries = lambda text: [line for line in text.splitlines() if line.startswith("  {")]
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder) / "table.hpp"
            other = "  {16, 3, 3, 1024, 1024, 7, 7, {4, 4}},"
            copy.write_text(table.read_text().replace("{{\n", "{{\n" + other + "\n", 1))
            none = run("tune", "--network", "EfficientNetB0", "--table", copy)  # it has no layer with a choice
            self.assertEqual(none.returncode, 0, none.stderr)
            values = [tuple(map(int, re.findall(r"\d+", line))) for line in entries(copy.read_text())]
            self.assertEqual(values, sorted(values))
            self.assertEqual(set(entries(copy.read_text())), {other, *entries(table.read_text())})
            self.assertIn(f"std::array<TunedLayer, {len(values)}>", copy.read_text())
            before = copy.read_text()
            done = run("tune", "--passes", "1", "--rounds", "1", "--dry-run", "--table", copy)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("25x25x96 3x3 -> 25x25x96", done.stdout)
            self.assertEqual(copy.read_text(), before)

    def test_an_epoch_has_a_time(self):
        row = self.rows("heads", "--clips", "10", "--epochs", "1", "--csv")[0]
        self.assertGreater(float(row["ms_per_epoch"]), 0)

    def test_extraction_tells_its_shares(self):
        with tempfile.TemporaryDirectory() as folder:
            done = run("generate_clips", "--out", pathlib.Path(folder) / "clips", "--clips-per-class", "1")
            self.assertEqual(done.returncode, 0, done.stderr)
            row = self.rows("extraction", "--clips", pathlib.Path(folder) / "clips", "--sampler", "uniform", "--csv")[0]
            self.assertEqual((row["clips"], row["frames"]), ("6", "120"))
            self.assertTrue(0 < float(row["share"]) and 0 < float(row["ideal_share"]) < 1, row)


if __name__ == "__main__":
    if not all((BUILD / "tools/bench" / name).exists() for name in PROGRAMS) or not (BUILD / "tools/generate_clips").exists():
        print("skipped: the benchmarks or generate_clips are not built")
        sys.exit(77)
    program = unittest.main(exit=False, verbosity=1)
    if program.result.testsRun < 6:
        sys.exit("error: not every test ran")
    sys.exit(0 if program.result.wasSuccessful() else 1)
