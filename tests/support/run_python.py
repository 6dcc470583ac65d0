"""Runs a Python test in the pinned environment that `tools/check --long` makes; without it the test counts as skipped.

usage: run_python.py PYTHON SCRIPT
"""

import os
import sys

python, script = sys.argv[1:]
if not os.access(python, os.X_OK):
    print(f"skipped: no {python}; tools/check --long makes it")
    sys.exit(77)
os.execv(python, [python, script])
