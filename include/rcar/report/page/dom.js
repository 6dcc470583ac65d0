R"page("use strict";
// Texts of classes and clips come from anywhere. They reach the page as text nodes and attribute values only.

const report = JSON.parse(document.getElementById("data").textContent);

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else if (name.startsWith("--")) element.style.setProperty(name, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}
const make = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const draw = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

const named = (text) => make("span", { class: "name", dir: "auto" }, text);
const className = (index) => report.classes[index];
const classNamed = (index) => named(className(index));

const thin = "\u202f";
const percent = (share, digits = 1) => (100 * share).toFixed(digits) + thin + "%";
const decimal = (value, digits = 3) => (value === null ? "–" : value.toFixed(digits));
const counted = (count, one, many) => `${count} ${count === 1 ? one : many}`;
const sum = (values) => values.reduce((total, value) => total + value, 0);

let lastId = 0;
const newId = (word) => `${word}-${++lastId}`;

const card = (heading, ...content) => {
  const id = newId("heading");
  return make("section", { class: "card", "aria-labelledby": id }, make("h2", { id }, heading), ...content);
};

// A table in a region of its own, which scrolls where the page must not, and by keyboard.
const scrolling = (label, table, tall = false) =>
  make("div", { class: tall ? "scroll tall" : "scroll", tabindex: "0", role: "region", "aria-label": label }, table);

// columns: [{ title, number }]; rows: arrays of cells, the first of which names the row.
function makeTable(columns, rows, { caption, full = true } = {}) {
  const cell = (content, i) => make(i === 0 ? "th" : "td", { scope: i === 0 ? "row" : null, class: columns[i].number ? "number" : null }, content);
  return make("table", { class: full ? "full" : null },
    caption ? make("caption", {}, caption) : null,
    make("thead", {}, make("tr", {}, columns.map((column) => make("th", { scope: "col", class: column.number ? "number" : null }, column.title)))),
    make("tbody", {}, rows.map((row) => make("tr", {}, row.map(cell)))));
}

const asTable = (label, table, open = false) => make("details", { open }, make("summary", {}, label), scrolling(label, table, true));
)page"
