"""Checks that every relative link of every page leads to a file, and to a heading of it where it names one.

usage: check_links.py SOURCE_FOLDER
"""

import pathlib
import re
import sys

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def anchors(page):
    """The names that headings get: small letters, no signs, blanks as dashes; a number where one comes again."""
    found = set()
    for heading in re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL), re.MULTILINE):
        name = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()).strip().replace(" ", "-")
        found.add(next(each for each in [name, *(f"{name}-{i}" for i in range(1, 99))] if each not in found))
    return found


def pages(root):
    for folder in [".", "docs", "weights"]:
        yield from (root / folder).glob("**/*.md" if folder == "docs" else "*.md")


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    count, faults = 0, []
    for page in sorted(pages(root)):
        text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
        for target in LINK.findall(text):
            if re.match(r"[a-z]+:", target):
                continue
            count += 1
            path, _, anchor = target.partition("#")
            file = (page.parent / path).resolve() if path else page
            where = f"{page.relative_to(root)}: {target}"
            if not file.exists():
                faults.append(f"{where}: there is no such file")
            elif not file.is_relative_to(root):
                faults.append(f"{where}: leads out of the tree")
            elif anchor and anchor not in anchors(file):
                faults.append(f"{where}: the page has no heading of that name")
    for fault in faults:
        print(fault)
    print(f"{count} links, {len(faults)} faults")
    return 1 if faults or not count else 0


if __name__ == "__main__":
    sys.exit(main())
