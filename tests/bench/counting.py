"""tools/bench/instruction_counts with made-up counts: a difference is found, and the table reads as it was written.

usage: counting.py SOURCE_FOLDER
"""

import pathlib
import sys
import unittest
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

ROOT = pathlib.Path(sys.argv.pop(1)).resolve()
sys.dont_write_bytecode = True
loader = SourceFileLoader("instruction_counts", str(ROOT / "tools/bench/instruction_counts"))
counting = module_from_spec(spec_from_loader("instruction_counts", loader))
loader.exec_module(counting)

EXPECTED = {("avx2", "gru"): 1000, ("baseline", "gru"): 2000}


class Counting(unittest.TestCase):
    def good(self, counted, tolerance=3):
        return counting.compare(EXPECTED, counted, tolerance)[1]

    def test_counts_within_the_tolerance_pass(self):
        self.assertTrue(self.good({("avx2", "gru"): 1030, ("baseline", "gru"): 1940}))

    def test_a_count_past_the_tolerance_fails_in_both_directions(self):
        self.assertFalse(self.good({("avx2", "gru"): 1031, ("baseline", "gru"): 2000}))
        self.assertFalse(self.good({("avx2", "gru"): 1000, ("baseline", "gru"): 1930}))
        lines, _ = counting.compare(EXPECTED, {("avx2", "gru"): 1031, ("baseline", "gru"): 2000}, 3)
        self.assertEqual([line.endswith(": FAULT") for line in lines], [True, False])

    def test_a_kernel_that_one_side_lacks_fails(self):
        self.assertFalse(self.good({("avx2", "gru"): 1000}))
        self.assertFalse(self.good({**EXPECTED, ("avx2", "new"): 5}))
        self.assertFalse(counting.compare({}, {}, 3)[1])

    def test_the_table_reads_as_it_was_written(self):
        self.assertEqual(counting.read_table(counting.write_table("gcc 12, optimised", EXPECTED)), ("gcc 12, optimised", EXPECTED))

    def test_the_table_that_is_checked_in_holds_every_set(self):
        compiler, table = counting.read_table(counting.TABLE.read_text())
        self.assertIn("optimised", compiler)
        self.assertEqual({key[0] for key in table}, set(counting.SETS))
        self.assertGreaterEqual(len(table), 16)
        self.assertTrue(all(number > 1000 for number in table.values()))


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=1)
    if program.result.testsRun < 5:
        sys.exit("error: not every test ran")
    sys.exit(0 if program.result.wasSuccessful() else 1)
