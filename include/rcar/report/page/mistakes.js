R"page(
// The surest mistakes: the frames as the model saw them, and beside each frame what it thought after it.

const still = matchMedia("(prefers-reduced-motion: reduce)");
const players = [];

// A clip plays at its own speed, but for at least three seconds, so that one can follow; then it rests on its answer.
class Player {
  constructor(mistake) {
    this.mistake = mistake;
    this.frames = mistake.series[0]?.values.length ?? 0;
    const sheet = mistake.sheet;
    this.slowed = sheet ? Math.max(1, 3 / (this.frames / sheet.frames_per_second)) : 1;
    this.rate = sheet ? sheet.frames_per_second / this.slowed : 8;
    this.frame = 0;
    this.playing = false;
    this.visible = false;
    this.card = this.build();
    this.show(0);
    players.push(this);
  }

  build() {
    const { truth, predicted, confidence, clip, sheet, fault } = this.mistake, id = newId("mistake");
    const style = (k) => (k === predicted ? "line-wrong" : k === truth ? "line-true" : "line-other");
    let other = 0;
    this.series = this.mistake.series.map((each) => {
      const look = style(each.class);
      return { ...each, style: look === "line-other" ? `${look} dash-${++other % 4}` : look, value: make("span", { class: "value" }) };
    });
    this.canvas = make("canvas", { role: "img", width: sheet?.side ?? 1, height: sheet?.side ?? 1 });
    this.button = make("button", { type: "button", class: "button play", click: () => this.toggle() });
    this.slider = make("input", { type: "range", min: "1", max: String(Math.max(1, this.frames)), value: "1", "aria-label": "Frame", input: () => { this.pause(); this.show(Number(this.slider.value) - 1); } });
    this.place = make("output");
    const chart = lineChart({
      label: `Probabilities after each of ${this.frames} frames: ` + this.series.map((each) => `${className(each.class)} ends at ${percent(each.values.at(-1) ?? 0, 0)}`).join(", ") + ".",
      series: this.series, y: [0, 1], yText: (value) => percent(value, 0), xTitle: "frames seen", height: 190,
      onPaint: (svg, area) => {
        this.area = area;
        this.cursor = draw("line", { class: "cursor", y1: area.top, y2: area.bottom });
        svg.append(this.cursor);
        this.moveCursor();
      },
    });
    const table = () => makeTable([{ title: "Frame" }, ...this.series.map((each) => ({ title: classNamed(each.class), number: true }))],
      Array.from({ length: this.frames }, (_, t) => [String(t + 1), ...this.series.map((each) => percent(each.values[t]))]));
    if (sheet) {
      this.picture = new Image();
      this.picture.onload = () => this.paint();
      this.picture.src = sheet.jpeg;
    }
    return make("article", { class: "card mistake", "aria-labelledby": id },
      make("div", { class: "stage" },
        sheet ? [this.canvas, make("span", { class: "badge" }, this.slowed > 1.05 ? `slowed ${this.slowed.toFixed(1)}×` : "real time")] : make("p", { class: "fault" }, named(fault ?? "This clip has no frames to show."))),
      make("div", { class: "body" },
        make("h3", { id, class: "hidden-text" }, classNamed(truth), " taken for ", classNamed(predicted)),
        make("dl", { class: "verdict" },
          make("dt", {}, "said"), make("dd", { class: "is-wrong" }, classNamed(predicted), ` ${percent(confidence)}`),
          make("dt", {}, "is"), make("dd", { class: "is-true" }, classNamed(truth))),
        make("p", { class: "muted clip-name" }, named(clip)),
        this.frames > 1 ? make("div", { class: "player" }, this.button, this.slider, this.place) : null,
        make("figure", {}, make("figcaption", { class: "hidden-text" }, "What the model thought after each frame"), chart),
        make("ul", { class: "series" }, this.series.map((each) => make("li", {}, swatch(each.style), classNamed(each.class), each.value))),
        asTable("As a table", table())));
  }

  paint() {
    if (!this.mistake.sheet || !this.picture?.complete) return;
    const { side, columns, frames } = this.mistake.sheet, at = Math.min(this.frame, frames - 1);
    this.canvas.getContext("2d").drawImage(this.picture, (at % columns) * side, Math.floor(at / columns) * side, side, side, 0, 0, side, side);
  }
  moveCursor() {
    if (!this.cursor) return;
    const x = this.area.x(this.frame + 1);
    this.cursor.setAttribute("x1", x);
    this.cursor.setAttribute("x2", x);
  }
  show(frame) {
    this.frame = frame;
    const words = `${frame + 1} of ${this.frames}`;
    this.slider.value = String(frame + 1);
    this.slider.setAttribute("aria-valuetext", `frame ${words}`);
    this.canvas.setAttribute("aria-label", `Frame ${words} of ${this.mistake.clip}`);
    this.canvas.dataset.frame = String(frame);
    this.place.textContent = words;
    for (const each of this.series) each.value.textContent = percent(each.values[frame] ?? 0, 0);
    this.moveCursor();
    this.paint();
    this.sayState();
  }
  sayState() {
    const words = this.playing ? "Pause" : "Play";
    if (this.button.textContent !== words) this.button.textContent = words;
  }
  play() {
    if (this.frames < 2) return;
    this.playing = true;
    this.started = performance.now() - (this.frame >= this.frames - 1 ? 0 : (1000 * this.frame) / this.rate);
    this.sayState();
    keepTime();
  }
  pause() {
    this.playing = false;
    this.sayState();
  }
  toggle() {
    if (this.playing) this.pause();
    else this.play();
    sayAll();
  }
  tick(now) {
    const rest = Math.ceil(this.rate * 1.2);  // frames' time on the last one
    const at = Math.floor(((now - this.started) * this.rate) / 1000) % (this.frames + rest), frame = Math.min(Math.max(at, 0), this.frames - 1);
    if (frame !== this.frame) this.show(frame);
  }
}

let ticking = false;
function keepTime() {
  if (ticking) return;
  ticking = true;
  requestAnimationFrame(function step(now) {
    const moving = players.filter((player) => player.playing && player.visible);
    for (const player of moving) player.tick(now);
    if (moving.length) requestAnimationFrame(step);
    else ticking = false;
  });
}

let allButton = null;
function sayAll() {
  if (allButton) allButton.textContent = players.some((player) => player.playing) ? "Pause all" : "Play all";
}
function setAll(playing) {
  for (const player of players) if (playing) player.play(); else player.pause();
  sayAll();
}

function mistakesView() {
  if (report.mistakes_in_all === 0) return [card("Mistakes", make("p", { class: "muted" }, "None: every test clip was named right."))];
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) players.find((player) => player.card === entry.target).visible = entry.isIntersecting;
    keepTime();
  });
  const cards = report.watched.map((mistake) => {
    const player = new Player(mistake);
    watcher.observe(player.card);
    return player.card;
  });
  allButton = make("button", { type: "button", class: "button", id: "play-all", click: () => setAll(!players.some((player) => player.playing)) });
  if (!still.matches) setAll(true);
  sayAll();
  still.addEventListener("change", () => setAll(!still.matches));
  const listed = report.mistakes, more = report.mistakes_in_all - listed.length;
  return [
    make("p", { class: "lead" }, "The clips that the model named wrong and was surest of, as the frames that it saw. The chart shows its probabilities after each frame: " +
      "where it made up its mind, and whether it ever doubted."),
    cards.length ? make("div", { class: "toolbar" }, make("h2", {}, counted(cards.length, "clip", "clips") + ", the surest first"), allButton) : null,
    cards.length ? make("div", { class: "mistakes" }, cards) : null,
    card("All mistakes", scrolling("All mistakes", makeTable([{ title: "Clip" }, { title: "Is" }, { title: "Said" }, { title: "Probability", number: true }],
      listed.map((each) => [named(each.clip), classNamed(each.truth), classNamed(each.predicted), percent(each.confidence)])), true),
      more > 0 ? make("p", { class: "muted small" }, `And ${more} more; predictions.csv has all.`) : null),
  ];
}
)page"
