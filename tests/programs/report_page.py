"""report.html in headless Chromium: opened as a file without a network, used by keyboard, its numbers compared with the
tables of the run.

usage: report_page.py WRITE_REPORT [WORD]   WORD: only cases whose name holds it; $RCAR_PICTURES: a folder for pictures
"""

import csv
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

from browser import Browser, find_chromium

SKIP_EXIT_CODE = 77
VIEWS = ["overview", "training", "classes", "calibration", "mistakes", "data", "run"]
CASES = []


def case(sentence):
    def register(function):
        CASES.append((sentence, function))
        return function

    return register


class Failure(Exception):
    pass


def expect(condition, *what):
    if not condition:
        raise Failure(" ".join(str(part) for part in what))


def near(shown, value, what, tolerance=5e-4):
    """A number as the page shows it, percent or not."""
    number = float(re.search(r"-?\d+(\.\d+)?", shown).group())
    number = number / 100 if "%" in shown else number
    expect(abs(number - value) <= tolerance + 1e-9, what, "is shown as", repr(shown), "and is", value)


class Run:
    """A folder that write_report made, and what its tables say."""

    def __init__(self, folder):
        self.folder, self.page = folder, folder / "report.html"
        with open(folder / "predictions.csv", newline="", errors="surrogateescape") as file:
            head, *rows = list(csv.reader(file))
        self.classes = head[3:]
        self.truth = [self.classes.index(row[1]) for row in rows]
        self.predicted = [self.classes.index(row[2]) for row in rows]
        self.probabilities = [[float(cell) for cell in row[3:]] for row in rows]
        self.clips = [row[0] for row in rows]
        with open(folder / "history.csv", newline="") as file:
            self.history = list(csv.DictReader(file))

    def accuracy(self):
        return sum(t == p for t, p in zip(self.truth, self.predicted)) / len(self.truth)

    def count(self, truth, predicted):
        return sum(t == truth and p == predicted for t, p in zip(self.truth, self.predicted))

    def f1(self, k):
        hits, said, are = self.count(k, k), self.predicted.count(k), self.truth.count(k)
        return 2 * hits / (said + are) if said + are else 0

    def calibration_error(self):
        bins = [[] for _ in range(10)]
        for truth, row in zip(self.truth, self.probabilities):
            sure = max(row)
            place = min(9, max(0, -int(-sure * 10 // 1) - 1))
            bins[place].append((sure, row.index(sure) == truth))
        return sum(abs(sum(s for s, _ in each) - sum(r for _, r in each)) for each in bins) / len(self.truth)

    def brier(self):
        return sum(sum((p - (k == truth)) ** 2 for k, p in enumerate(row)) for truth, row in zip(self.truth, self.probabilities)) / len(self.truth)


def text(browser, selector):
    return browser.run(f"document.querySelector({selector!r}).textContent")


def go(browser, run, view="overview"):
    browser.open(run.page, "#" + view)
    browser.wait(f"document.getElementById('view-{view}') && !document.getElementById('view-{view}').hidden")


@case("it opens without a complaint, and asks for nothing, in every view")
def _(browser, runs):
    for run in runs.values():
        for view in VIEWS:
            go(browser, run, view)
            time.sleep(0.1)
            expect(not browser.complaints(), run.folder.name, view, browser.complaints())


@case("the overview shows the run's accuracy, loss, F1 and calibration")
def _(browser, runs):
    for run in (runs["plain"], runs["hostile"], runs["many"], runs["perfect"]):
        go(browser, run)
        near(text(browser, "[data-metric=test_accuracy]"), run.accuracy(), "accuracy")
        near(text(browser, "[data-metric=macro_f1]"), sum(map(run.f1, range(len(run.classes)))) / len(run.classes), "F1")
        near(text(browser, "[data-metric=expected_calibration_error]"), run.calibration_error(), "calibration error")
        expect(text(browser, "[data-metric=classes]") == str(len(run.classes)), "another number of classes")


@case("the confusion matrix has the counts of the predictions, cell by cell")
def _(browser, runs):
    for run in runs.values():
        go(browser, run)
        rows = browser.run("[...document.querySelectorAll('#confusion tbody tr')].map((row) => [...row.querySelectorAll('td')].map((cell) => Number(cell.dataset.count ?? 0)))")
        expected = [[run.count(t, p) for p in range(len(run.classes))] for t in range(len(run.classes))]
        expect(rows == expected, run.folder.name, "shows", rows)


@case("the classes' table has each class's recall and F1, and sorts by keyboard")
def _(browser, runs):
    run = runs["plain"]
    go(browser, run, "classes")
    shown = browser.run("[...document.querySelectorAll('#class-metrics tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent))")
    for k, row in enumerate(shown):
        expect(row[0] == run.classes[k], row)
        near(row[2], run.count(k, k) / run.truth.count(k), "recall of " + row[0])
        near(row[3], run.f1(k), "F1 of " + row[0])
        expect(row[4:] == [str(run.truth.count(k)), str(run.predicted.count(k))], row)
    browser.run("document.querySelectorAll('#class-metrics .sort')[3].focus()")
    browser.press("Enter")
    values = [float(v) for v in browser.run("[...document.querySelectorAll('#class-metrics tbody tr')].map((row) => row.children[3].textContent)")]
    expect(values == sorted(values) and len(set(values)) > 1, "not sorted by F1:", values)
    expect(browser.run("document.querySelectorAll('#class-metrics thead th')[3].getAttribute('aria-sort')") == "ascending", "aria-sort")
    browser.press(" ")
    expect(browser.run("document.querySelectorAll('#class-metrics thead th')[3].getAttribute('aria-sort')") == "descending", "aria-sort")


@case("the calibration view has the Brier score, and bins whose clips add up")
def _(browser, runs):
    run = runs["plain"]
    go(browser, run, "calibration")
    near(text(browser, "[data-metric=brier]"), run.brier(), "Brier score")
    near(text(browser, "[data-metric=ece]"), run.calibration_error(), "calibration error")
    near(text(browser, "[data-metric=confidence]"), sum(map(max, run.probabilities)) / len(run.truth), "confidence")
    clips = browser.run("[...document.querySelectorAll('#view-calibration details tbody tr')].map((row) => Number(row.children[1].textContent))")
    expect(sum(clips) == len(run.truth), clips)


@case("the curves go through the numbers of history.csv")
def _(browser, runs):
    run = runs["plain"]
    go(browser, run, "training")
    browser.wait("document.querySelectorAll('#view-training svg[role=img] path').length === 4")
    rows = browser.run("[...document.querySelectorAll('#view-training tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent))")
    expect(len(rows) == len(run.history), len(rows), "epochs")
    for row, epoch in zip(rows, run.history):
        expect(row[0].split()[0] == epoch["epoch"], row)
        for shown, name in zip(row[1:], ["loss", "val_loss", "accuracy", "val_accuracy"]):
            near(shown, float(epoch[name]), name, 6e-4)
    # The loss's path: its ends and its lowest point lie where the axis has them.
    for curve, name in ((1, "loss"), (0, "val_loss")):
        path = browser.run(f"document.querySelectorAll('#view-training svg[role=img]')[0].querySelectorAll('path')[{curve}].getAttribute('d')")
        points = [tuple(map(float, point.split())) for point in re.split("[ML]", path)[1:]]
        values = [float(epoch[name]) for epoch in run.history]
        expect(len(points) == len(values), name, "has", len(points), "points")
        first, last = (points[0][1], values[0]), (points[-1][1], values[-1])
        for (_, y), value in zip(points, values):
            line = first[0] + (value - first[1]) * (last[0] - first[0]) / (last[1] - first[1])
            expect(abs(y - line) < 0.2, name, value, "is drawn at", y, "not", line)


@case("arrows, Home and End switch the views, and Tab goes on into the chosen one")
def _(browser, runs):
    go(browser, runs["plain"])
    browser.run("document.getElementById('tab-overview').focus()")

    def chosen():
        return browser.run("[[...document.querySelectorAll('[role=tab]')].filter((tab) => tab.getAttribute('aria-selected') === 'true').map((tab) => tab.id).join(), "
                           "[...document.querySelectorAll('[role=tabpanel]')].filter((panel) => !panel.hidden).map((panel) => panel.id).join(), document.activeElement.id, location.hash]")

    for key, view in [("ArrowRight", "training"), ("ArrowRight", "classes"), ("ArrowLeft", "training"), ("End", "run"), ("ArrowRight", "overview"), ("ArrowLeft", "run"), ("Home", "overview")]:
        browser.press(key)
        expect(chosen() == [f"tab-{view}", f"view-{view}", f"tab-{view}", f"#{view}"], key, chosen())
    browser.press("ArrowRight")
    browser.press("Tab")
    expect(browser.run("document.activeElement.closest('[role=tabpanel]')?.id") == "view-training", "Tab leads to", browser.run("document.activeElement.outerHTML.slice(0, 99)"))


@case("whatever is reached by Tab shows that it is, and has a name")
def _(browser, runs):
    for view in VIEWS:
        go(browser, runs["plain"], view)
        browser.run("document.activeElement.blur()")
        seen = 0
        for _ in range(40):
            browser.press("Tab")
            state = browser.run("(() => { const e = document.activeElement, s = getComputedStyle(e); return [e === document.body, s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2, "
                                "(e.getAttribute('aria-label') || e.textContent || e.labels?.[0]?.textContent || '').trim().length > 0, e.outerHTML.slice(0, 120)]; })()")
            if state[0]:
                break
            seen += 1
            expect(state[1], view, "no visible focus:", state[3])
            expect(state[2], view, "no name:", state[3])
        expect(seen >= 3, view, "only", seen, "things can be reached")


@case("a screen reader finds landmarks, named pictures, and no control without a name")
def _(browser, runs):
    for run in (runs["plain"], runs["hostile"]):
        for view in VIEWS:
            go(browser, run, view)
            time.sleep(0.3)
            nodes = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in browser.call("Accessibility.getFullAXTree")["nodes"] if not node["ignored"]]
            roles = [role for role, _ in nodes]
            for role in ("banner", "navigation", "main", "contentinfo", "tablist", "tabpanel"):
                expect(role in roles, view, "has no", role)
            expect(roles.count("heading") >= 2 and roles.count("tab") == len(VIEWS), view, "headings and tabs")
            for role, name in nodes:
                if role in ("button", "tab", "slider", "image", "img", "region", "tabpanel", "table", "Canvas", "link", "article"):
                    expect(name.strip() or role == "table", view, "a", role, "has no name")
            for table in browser.run("[...document.querySelectorAll('main table')].filter((t) => t.checkVisibility()).map((t) => t.querySelectorAll('th[scope]').length)"):
                expect(table > 0, view, "a table has no headers")
            expect(browser.run("document.documentElement.lang") == "en", "no language")


CONTRAST = r"""(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parse = (css) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = css; canvas.fillRect(0, 0, 1, 1); const d = canvas.getImageData(0, 0, 1, 1).data; return [d[0], d[1], d[2], d[3] / 255]; };
  const over = (top, below) => top.slice(0, 3).map((c, i) => c * top[3] + below[i] * (1 - top[3]));
  const light = (c) => { const [r, g, b] = c.map((v) => v / 255).map((s) => s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = (element) => { const layers = []; for (let e = element; e; e = e.parentElement) layers.unshift(parse(getComputedStyle(e).backgroundColor)); return layers.reduce((below, top) => over(top, below), [255, 255, 255]); };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || element.closest("script, style, noscript, option") || !element.checkVisibility() || element.closest(".hidden-text, .skip")) continue;
    const style = getComputedStyle(element), inSvg = element instanceof SVGElement;
    const below = ground(inSvg ? element.ownerSVGElement.parentElement : element), ink = over(parse(inSvg ? style.fill : style.color), below);
    const [a, b] = [light(ink), light(below)], ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (size > 0) found.push([ratio, large ? 3 : 4.5, node.textContent.trim().slice(0, 40)]);
  }
  return found;
})()"""


@case("every text contrasts as WCAG AA asks, in light and in dark")
def _(browser, runs):
    grounds = set()
    for scheme in ("light", "dark"):
        browser.media(scheme)
        for view in VIEWS:
            go(browser, runs["plain"], view)
            time.sleep(0.2)
            texts = browser.run(CONTRAST)
            expect(len(texts) > 15, view, "has only", len(texts), "texts")
            for ratio, least, words in texts:
                expect(ratio >= least, scheme, view, f"contrast {ratio:.2f} of", repr(words))
        grounds.add(browser.run("getComputedStyle(document.body).backgroundColor"))
    expect(len(grounds) == 2, "light and dark have the same ground", grounds)
    browser.media("light")
    go(browser, runs["plain"])
    browser.run("document.getElementById('theme').focus()")
    before = browser.run("getComputedStyle(document.body).backgroundColor")
    browser.press("Enter")
    expect(browser.run("getComputedStyle(document.body).backgroundColor") in grounds - {before}, "the switch does not darken the page")
    browser.press("Enter")
    expect(browser.run("getComputedStyle(document.body).backgroundColor") == before, "the switch does not go back")


@case("lines and bars of the charts contrast by 3 to 1 with their ground, in light and in dark")
def _(browser, runs):
    for scheme in ("light", "dark"):
        browser.media(scheme)
        go(browser, runs["plain"], "mistakes")
        ratios = browser.run("""(() => {
          const canvas = document.createElement("canvas").getContext("2d");
          const parse = (css) => { canvas.fillStyle = css; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3); };
          const light = (c) => { const [r, g, b] = c.map((v) => v / 255).map((s) => s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const ground = light(parse(getComputedStyle(document.querySelector(".card")).backgroundColor));
          return ["line-true", "line-wrong", "line-other"].map((name) => { const ink = light(parse(getComputedStyle(document.querySelector("." + name)).stroke)); return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05); });
        })()""")
        expect(all(ratio >= 3 for ratio in ratios), scheme, ratios)
    browser.media("light")


@case("nothing is cut off at the edge of its card, but for what scrolls")
def _(browser, runs):
    for run in (runs["plain"], runs["hostile"]):
        for view in VIEWS:
            go(browser, run, view)
            time.sleep(0.1)
            cut = browser.run("""[...document.querySelectorAll(".card")].filter((card) => card.checkVisibility()).flatMap((card) => [...card.querySelectorAll("*")].filter((e) =>
                !e.closest(".scroll, .hidden-text") && e.getBoundingClientRect().right > card.getBoundingClientRect().right + 1).map((e) => e.outerHTML.slice(0, 120)))""")
            expect(not cut, run.folder.name, view, len(cut), "such as", cut[:1])


@case("a phone's width needs no sideways scrolling, in any view")
def _(browser, runs):
    try:
        for width, shown in ((375, runs.values()), (320, [runs["plain"]])):
            browser.size(width, 800)
            for run in shown:
                for view in VIEWS:
                    go(browser, run, view)
                    time.sleep(0.1)
                    wide = browser.run("document.documentElement.scrollWidth")
                    expect(wide <= width, run.folder.name, view, "is", wide, "wide at", width)
        touch = browser.run("[...document.querySelectorAll('[role=tab], button')].filter((e) => e.checkVisibility() && !e.classList.contains('sort')).map((e) => e.getBoundingClientRect().height)")
        expect(min(touch) >= 24, "a control is only", min(touch), "high")
    finally:
        browser.size(1280)


PIXELS = "(() => { const c = document.querySelector('.mistake canvas'); return [c.dataset.frame, [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].reduce((sum, v, i) => (sum * 31 + v * (i % 7)) % 1e9, 0)]; })()"


@case("the clips of the mistakes play, and chart, numbers and slider go with the frame")
def _(browser, runs):
    run = runs["plain"]
    go(browser, run, "mistakes")
    frames, pictures = set(), set()
    for _ in range(60):
        frame, picture = browser.run(PIXELS)
        frames.add(frame)
        pictures.add(picture)
        time.sleep(0.04)
    expect(len(frames) >= 5 and len(pictures) >= 5, "it shows only", len(frames), "frames and", len(pictures), "pictures")
    wrong = [(max(row), clip, row.index(max(row)), truth) for row, truth, clip in zip(run.probabilities, run.truth, run.clips) if row.index(max(row)) != truth]
    wrong.sort(key=lambda each: -each[0])
    cards = browser.run("[...document.querySelectorAll('.mistake')].map((card) => [card.querySelector('.clip-name').textContent, ...[...card.querySelectorAll('.verdict dd .name')].map((e) => e.textContent)])")
    expect(cards == [[clip, run.classes[predicted], run.classes[truth]] for _, clip, predicted, truth in wrong[:12]], "the cards are", cards)
    # By keyboard: pause, then to the last frame, where the numbers are the model's answer.
    browser.run("document.querySelector('.mistake .play').focus()")
    browser.press("Enter")
    expect(text(browser, ".mistake .play") == "Play", "the button still says Pause")
    stopped = browser.run(PIXELS)
    time.sleep(0.4)
    expect(browser.run(PIXELS) == stopped, "it goes on after it was paused")
    browser.press("Tab")
    browser.press("Home")
    first = browser.run(PIXELS)
    start = browser.run("document.querySelector('.mistake .cursor').getAttribute('x1')")
    browser.press("End")
    last = browser.run(PIXELS)
    expect(first[0] == "0" and first[1] != last[1], first, last)
    expect(float(browser.run("document.querySelector('.mistake .cursor').getAttribute('x1')")) > float(start), "the chart's line stays")
    expect(browser.run("document.querySelector('.mistake input').getAttribute('aria-valuetext')").startswith("frame "), "the slider does not say its frame")
    sure = wrong[0]
    row = run.probabilities[run.clips.index(sure[1])]
    values = dict(browser.run("[...document.querySelector('.mistake .series').children].map((item) => [item.querySelector('.name').textContent, item.querySelector('.value').textContent])"))
    for k, name in enumerate(run.classes):
        near(values[name], row[k], "the answer's " + name, 6e-3)


@case("the button beside the clips stops and starts all of them")
def _(browser, runs):
    go(browser, runs["plain"], "mistakes")
    browser.run("document.getElementById('play-all').focus()")
    playing = "[...document.querySelectorAll('.mistake .play')].filter((b) => b.textContent === 'Pause').length"
    expect(browser.run(playing) > 1, "nothing plays")
    browser.press("Enter")
    expect(browser.run(playing) == 0 and text(browser, "#play-all") == "Play all", "not all have stopped")
    browser.press("Enter")
    expect(browser.run(playing) > 1, "they do not start again")


@case("who prefers reduced motion sees the clips at rest, and may start them")
def _(browser, runs):
    browser.media("light", "reduce")
    go(browser, runs["plain"], "mistakes")
    seen = set()
    for _ in range(15):
        seen.add(tuple(browser.run(PIXELS)))
        time.sleep(0.06)
    expect({frame for frame, _ in seen} == {"0"}, "it moves:", seen)
    browser.run("document.querySelector('.mistake .play').focus()")
    browser.press("Enter")
    browser.wait("document.querySelector('.mistake canvas').dataset.frame !== '0'", 5)
    browser.media("light")
    go(browser, runs["plain"], "mistakes")
    browser.wait("document.querySelector('.mistake canvas').dataset.frame !== '0'", 5)
    browser.media("light", "reduce")
    browser.wait("[...document.querySelectorAll('.mistake .play')].every((b) => b.textContent === 'Play')", 5)
    browser.media("light")


@case("names of classes and clips are shown as they are and do nothing else")
def _(browser, runs):
    run = runs["hostile"]
    for view in VIEWS:
        go(browser, run, view)
        expect(not browser.complaints(), view, browser.complaints())
        expect(browser.run("document.querySelectorAll('main b').length === document.querySelectorAll('#confusion b').length && !document.querySelector('main img') && document.scripts.length") == 2, view, "holds an element of a name")
        expect(browser.run("document.title").startswith("</title><h1></script>"), "the title is", browser.run("document.title"))
    go(browser, run, "classes")
    shown = browser.run("[...document.querySelectorAll('#class-metrics tbody th')].map((cell) => cell.textContent)")
    expect(shown[0] == run.classes[0] and shown[1] == run.classes[1] and shown[4] == "\u8df3\u6c34" and shown[3] == "\ufffd\ufffd no UTF-8", shown)
    go(browser, run, "mistakes")
    clip = text(browser, ".clip-name")
    expect(clip.startswith("<img src=x onerror=alert(1)>\u00e4\"'&\u240a"), repr(clip))


@case("a script that got into the page would not run")
def _(browser, runs):
    page = runs["plain"].page.read_text()
    inside = runs["plain"].folder / "injected.html"
    inside.write_text(page.replace("<noscript>", "<script>document.title = 'broken'</script><img src=x onerror=\"document.title='broken'\">"
                                                 "<img src=https://example.invalid/x.png><noscript>"))
    browser.open(inside)
    time.sleep(0.3)
    expect(browser.run("document.title") != "broken", "it ran")
    expect(any("Content Security Policy" in complaint for complaint in browser.complaints()), "the policy did not speak", browser.complaints())
    inside.unlink()


@case("the data view counts the clips of each class and part, and tells what was set aside")
def _(browser, runs):
    run = runs["plain"]
    go(browser, run, "data")
    head = browser.run("[...document.querySelectorAll('#parts thead th')].map((cell) => cell.textContent)")
    rows = browser.run("[...document.querySelectorAll('#parts tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent))")
    expect(head[:5] == ["Class", "train", "validation", "test", "All"], head)
    for k, row in enumerate(rows):
        expect(row[0] == run.classes[k] and int(row[3]) == run.truth.count(k) and sum(map(int, row[1:4])) == int(row[4]), row)
    expect("The file is empty" in text(browser, "#view-data") and "1 group has clips" in text(browser, "#view-data"), "reasons and warnings are missing")


@case("the run view tells the command line, the machine and the versions")
def _(browser, runs):
    go(browser, runs["plain"], "run")
    expect(text(browser, "#command-line").endswith("plain") and "write_report" in text(browser, "#command-line"), text(browser, "#command-line"))
    for words in ("Processor", "Threads", "Memory", "rcar", "OpenCV", "FFmpeg"):
        expect(words in text(browser, "#view-run"), words, "is missing")


@case("a run without a mistake says so")
def _(browser, runs):
    run = runs["perfect"]
    expect(run.accuracy() == 1, "this run has mistakes; give it more epochs")
    go(browser, run, "mistakes")
    expect("None: every test clip was named right." in text(browser, "#view-mistakes"), text(browser, "#view-mistakes"))


@case("printed, all views follow one another")
def _(browser, runs):
    go(browser, runs["plain"])
    browser.call("Emulation.setEmulatedMedia", media="print")
    browser.run("dispatchEvent(new Event('beforeprint'))")
    shown = browser.run("[...document.querySelectorAll('[role=tabpanel]')].filter((panel) => panel.checkVisibility() && panel.getBoundingClientRect().height > 50).length")
    browser.call("Emulation.setEmulatedMedia", media="")
    expect(shown == len(VIEWS), shown, "views")


def take_pictures(browser, run, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 375)):
        browser.media(scheme)
        browser.size(width)
        for view in VIEWS:
            go(browser, run, view)
            time.sleep(0.5)
            browser.picture(folder / f"{view}-{scheme}-{width}.png")


def main():
    if len(sys.argv) not in (2, 3):
        print(__doc__)
        return 2
    program = find_chromium()
    if program is None:
        print("skipped: no Chromium; apt install chromium, or set RCAR_CHROMIUM")
        return SKIP_EXIT_CODE
    folder, failures = pathlib.Path(tempfile.mkdtemp(prefix="rcar-report-")), 0
    try:
        runs = {}
        for kind in ("plain", "hostile", "many", "perfect"):
            subprocess.run([sys.argv[1], folder / kind, kind], check=True)
            runs[kind] = Run(folder / kind)
        with Browser(program) as browser:
            browser.size(1280)
            browser.media()
            for sentence, function in CASES:
                if len(sys.argv) == 3 and sys.argv[2] not in sentence:
                    continue
                start = time.monotonic()
                try:
                    function(browser, runs)
                    print(f"ok     {sentence} ({time.monotonic() - start:.1f} s)", flush=True)
                except Exception as error:
                    failures += 1
                    print("FAILED", sentence, flush=True)
                    print("  ", error if isinstance(error, Failure) else traceback.format_exc(), flush=True)
            if os.environ.get("RCAR_PICTURES"):
                take_pictures(browser, runs["plain"], pathlib.Path(os.environ["RCAR_PICTURES"]))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(CASES)} cases, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
