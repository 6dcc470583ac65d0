"""Checks that every C++ snippet in README.md, docs/ and the headers' doc comments stands, line for line, in a source that is
compiled and run.

A page's snippet is a block fenced by ```cpp. Indentation is free; `// ...` as a whole line stands for lines left out. README.md
opens with the whole of examples/readme.cpp, but for the comment above it.

A doc comment's snippet is a block indented by five blanks behind ///, after an empty /// line. Its lines must stand in one source
in that order, with anything between them; blanks and comments are free. They have their place in tests/unit/docs_api.cpp.

usage: check_snippets.py SOURCE_FOLDER
"""

import pathlib
import re
import sys

SNIPPET = re.compile(r"^```cpp\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Blocks of doc comments that are no C++: formulas, lists, names of files.
NO_CODE = {"backend/native/winograd_matrices.hpp", "heads/layer.hpp", "network/packed_cache.hpp", "weights/fold.hpp"}
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


def doc_comments(text):
    """The snippets of a header's doc comments, each a list of lines."""
    snippet, before = [], ""
    for line in [*text.splitlines(), ""]:
        if (found := re.match(r"\s*///     (\S.*)", line)) and (snippet or before.strip() == "///"):
            snippet.append(found[1])
        elif snippet:
            yield snippet
            snippet = []
        before = line


def bare(line):
    """A line without blanks and without the comment that ends it."""
    return re.sub(r"\s", "", re.sub(r"//.*", "", line))


def contains_in_order(text, snippet):
    place = 0
    for line in map(bare, snippet):
        place = text.find(line, place) + len(line)
        if place < len(line):
            return False
    return True


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
        if re.search(r"^ +```", page.read_text(), re.MULTILINE):
            faults += 1
            print(f"{page.relative_to(root)}: an indented fence is no block of code in the site; begin it at the line's start")
        for snippet in SNIPPET.findall(page.read_text()):
            count += 1
            if not any(all(contains(lines, piece) for piece in pieces(snippet)) for lines in sources):
                faults += 1
                print(f"{page.relative_to(root)}: no compiled source has this snippet:\n{snippet}")
    headers = root / "include/rcar"
    tested = ["".join(bare(line) for line in path.read_text().splitlines()) for path in sorted((root / "tests").rglob("*.cpp"))]
    for header in sorted(headers.rglob("*.hpp")):
        name = header.relative_to(headers).as_posix()
        snippets = [] if name in NO_CODE else list(doc_comments(header.read_text()))
        for snippet in snippets:
            count += 1
            if not any(contains_in_order(text, snippet) for text in tested):
                faults += 1
                print(f"{name}: no test has the lines of this doc comment (tests/unit/docs_api.cpp is the place for them):")
                print("\n".join(snippet))
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
