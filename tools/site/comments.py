"""Doxygen's view of a header: a comment behind a declaration documents it, with the lines that go on below it.

usage: comments.py HEADER
"""

import re
import sys

BEHIND = re.compile(r"^(.*[;,{]\s+|\s*[A-Za-z_]\w*(?: = [^/]+)?\s+)// (.*)$")
BELOW = re.compile(r"^(\s{8,})// (.*)$")


def main():
    behind = False
    for line in open(sys.argv[1], encoding="utf-8").read().splitlines():
        if found := BEHIND.match(line):
            behind = not found[1].strip().endswith("{")
            if behind:
                line = f"{found[1]}///< {found[2]}"
        elif behind and (found := BELOW.match(line)):
            line = f"{found[1]}///< {found[2]}"
        else:
            behind = False
        print(line)


if __name__ == "__main__":
    main()
