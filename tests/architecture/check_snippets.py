"""Checks that every C++ snippet in README.md and docs/ stands, line for line, in a source that is compiled and run.

A snippet is a block fenced by ```cpp. Indentation is free; `// ...` as a whole line stands for lines left out. README.md
opens with the whole of examples/readme.cpp, but for the comment above it.

usage: check_snippets.py SOURCE_FOLDER
"""

import pathlib
import re
import sys

SNIPPET = re.compile(r"^```cpp\n(.*?)^```", re.MULTILINE | re.DOTALL)
SOURCES = ["examples/**/*.cpp", "tests/**/*.cpp", "tools/*.cpp", "include/**/*.hpp"]


def normal(text):
    return [line.strip() for line in text.splitlines() if line.strip()]


def contains(lines, part):
    return any(lines[i : i + len(part)] == part for i in range(len(lines) - len(part) + 1))


def pieces(snippet):
    piece = []
    for line in normal(snippet):
        if line == "// ...":
            yield piece
            piece = []
        else:
            piece.append(line)
    yield piece


def program(text):
    """The lines of a source without the comment that opens it."""
    lines = normal(text)
    while lines and lines[0].startswith("//"):
        lines.pop(0)
    return lines


def main():
    root = pathlib.Path(sys.argv[1])
    sources = [normal(path.read_text()) for pattern in SOURCES for path in root.glob(pattern)]
    pages = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    count = faults = 0
    for page in pages:
        for snippet in SNIPPET.findall(page.read_text()):
            count += 1
            if not any(all(contains(lines, piece) for piece in pieces(snippet)) for lines in sources):
                faults += 1
                print(f"{page.relative_to(root)}: no compiled source has this snippet:\n{snippet}")
    opening = SNIPPET.search((root / "README.md").read_text())
    if not opening:
        faults += 1
        print("README.md has no snippet; it opens with a program")
    elif normal(opening.group(1)) != program((root / "examples/readme.cpp").read_text()):
        faults += 1
        print("README.md's first snippet is not the program of examples/readme.cpp, line for line")
    print(f"{count} snippets, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
