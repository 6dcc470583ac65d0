R"page(
// Puts the views behind tabs (WAI-ARIA's pattern: arrows, Home and End move, the address keeps the place) and chooses the
// colours.

const views = [
  ["overview", "Overview", overview],
  ["training", "Training", report.history ? training : null],
  ["classes", "Classes", classesView],
  ["calibration", "Calibration", calibrationView],
  ["mistakes", "Mistakes", mistakesView, report.mistakes_in_all],
  ["data", "Data", dataView],
  ["run", "Run", report.command_line || report.facts.length ? runView : null],
].filter(([, , build]) => build);

const tabs = views.map(([id, title, , count]) => make("button", {
  type: "button", class: "tab", role: "tab", id: `tab-${id}`, "aria-controls": `view-${id}`,
  click: () => choose(id, true),
}, title, count === undefined ? null : make("span", { class: "count" }, String(count))));
const panels = views.map(([id, title]) => make("section", { class: "view", role: "tabpanel", id: `view-${id}`, "aria-labelledby": `tab-${id}`, hidden: true }));

function choose(id, remember) {
  const chosen = Math.max(0, views.findIndex(([name]) => name === id));
  tabs.forEach((tab, i) => {
    tab.setAttribute("aria-selected", String(i === chosen));
    tab.tabIndex = i === chosen ? 0 : -1;
    panels[i].hidden = i !== chosen;
  });
  if (!panels[chosen].childNodes.length) panels[chosen].append(...views[chosen][2]().filter(Boolean));
  tabs[chosen].scrollIntoView({ block: "nearest", inline: "nearest" });
  if (remember) history.replaceState(null, "", `#${views[chosen][0]}`);
}

document.getElementById("tabs").append(...tabs);
document.getElementById("tabs").addEventListener("keydown", (event) => {
  const at = tabs.indexOf(document.activeElement), last = tabs.length - 1;
  const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[event.key];
  if (at < 0 || to === undefined) return;
  event.preventDefault();
  choose(views[to][0], true);
  tabs[to].focus();
});
addEventListener("hashchange", () => choose(location.hash.slice(1), false));
addEventListener("beforeprint", () => panels.forEach((panel, i) => panel.childNodes.length || panel.append(...views[i][2]().filter(Boolean))));

const dark = matchMedia("(prefers-color-scheme: dark)");
const themeButton = document.getElementById("theme");
const isDark = () => (document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";
const sayTheme = () => { themeButton.textContent = isDark() ? "Light colours" : "Dark colours"; };
themeButton.addEventListener("click", () => {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  sayTheme();
});
dark.addEventListener("change", sayTheme);
sayTheme();

document.title = `${report.title} – rcar report`;
document.getElementById("title").append(named(report.title));
document.getElementById("summary").append(named(report.summary));
document.getElementById("main").append(...panels);
choose(location.hash.slice(1), false);
)page"
