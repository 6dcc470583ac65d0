R"page(
// Charts as SVG, drawn at the width that they have, so that letters keep their size. Each has a table beside it.

// The step of an axis: 1, 2 or 5 times a power of ten.
function niceStep(span, wanted) {
  const rough = span / wanted, power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 5, 10].find((multiple) => multiple * power >= rough * 0.999);
}

function ticks(low, high, wanted) {
  const step = niceStep(high - low || 1, wanted), out = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-6; ++i) out.push(i * step);
  return { step, values: out, digits: Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)) };
}

// Calls paint(svg, width) whenever the width changes, also from none, as it does when a view is shown.
function responsive(label, paint) {
  const svg = draw("svg", { role: "img", "aria-label": label });
  let width = 0;
  new ResizeObserver(() => {
    const now = Math.floor(svg.getBoundingClientRect().width);
    if (now < 100 || now === width) return;  // hidden, or not laid out yet
    width = now;
    svg.replaceChildren();
    paint(svg, width);
  }).observe(svg);
  return svg;
}

// A plot area with axes. Returns the scales x and y.
function frame(svg, width, height, options) {
  const left = options.left ?? 46, right = options.right ?? 10, top = options.top ?? 10, bottom = options.bottom ?? 40;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("height", height);
  const scale = (from, to, start, end) => (value) => start + ((value - from) / (to - from || 1)) * (end - start);
  const x = scale(options.x[0], options.x[1], left, width - right), y = scale(options.y[0], options.y[1], height - bottom, top);
  for (const value of options.yTicks.values) {
    svg.append(draw("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }),
      draw("text", { x: left - 8, y: y(value) + 4, "text-anchor": "end" }, options.yText(value)));
  }
  for (const value of options.xTicks) {
    svg.append(draw("text", { x: x(value), y: height - bottom + 18, "text-anchor": "middle" }, options.xText(value)));
  }
  svg.append(draw("line", { class: "axis", x1: left, x2: width - right, y1: height - bottom, y2: height - bottom }));
  if (options.xTitle) svg.append(draw("text", { x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle" }, options.xTitle));
  return { x, y, left, right: width - right, top, bottom: height - bottom };
}

// A line through the values, broken where one is missing.
function linePath(values, x, y) {
  let path = "", broken = true;
  values.forEach((value, i) => {
    if (value === null) broken = true;
    else {
      path += `${broken ? "M" : "L"}${x(i + 1).toFixed(1)} ${y(value).toFixed(1)}`;
      broken = false;
    }
  });
  return path;
}

const swatch = (style) => draw("svg", { viewBox: "0 0 26 10", "aria-hidden": "true" }, draw("path", { class: style, d: "M1 5H25" }));

// Values over 1, 2, 3 ...: series [{ name, values, style }]. mark: { at, text }, a line from top to bottom.
function lineChart({ label, series, x, y, yText, xTitle, mark, height, onPaint }) {
  const count = Math.max(1, ...series.map((each) => each.values.length));
  return responsive(label, (svg, width) => {
    const tall = height ?? Math.round(Math.min(300, Math.max(200, width * 0.52)));
    const last = Math.max(count, 2);
    const step = Math.max(1, Math.ceil(niceStep(last, width / 70)));
    const xTicks = count === 1 ? [1] : [1];
    for (let at = step; at <= count; at += step) if (at - 1 >= step * 0.6) xTicks.push(at);
    const area = frame(svg, width, tall, { x: [1, last], y, yTicks: ticks(y[0], y[1], 5), yText, xTicks: x ?? xTicks, xText: String, xTitle });
    if (mark) {
      const at = area.x(mark.at), before = at > (area.left + area.right) / 2;
      svg.append(draw("line", { class: "mark", x1: at, x2: at, y1: area.top, y2: area.bottom }),
        draw("text", { x: at + (before ? -6 : 6), y: area.top + 11, "text-anchor": before ? "end" : "start" }, mark.text));
    }
    for (const each of [...series].reverse()) {
      svg.append(draw("path", { class: each.style, d: linePath(each.values, area.x, area.y) }));
      if (each.values.length === 1 && each.values[0] !== null)
        svg.append(draw("circle", { class: each.style.replace("line-", "fill-"), cx: area.x(1), cy: area.y(each.values[0]), r: 3.5 }));
    }
    onPaint?.(svg, area, last);
  });
}

// What lies under the pointer, in words below the chart; the table has the same for those without a pointer.
function withReadout(makeChart, describe) {
  const readout = make("p", { class: "readout", "aria-hidden": "true" });
  const onPaint = (svg, area, last) => {
    const cursor = draw("line", { class: "cursor", y1: area.top, y2: area.bottom, visibility: "hidden" });
    svg.append(cursor);
    svg.onpointermove = (event) => {
      const box = svg.getBoundingClientRect();
      const place = 1 + ((event.clientX - box.left - area.left) / (area.right - area.left)) * (last - 1);
      const index = Math.min(last, Math.max(1, Math.round(place)));
      cursor.setAttribute("x1", area.x(index));
      cursor.setAttribute("x2", area.x(index));
      cursor.setAttribute("visibility", "visible");
      readout.textContent = describe(index);
    };
    svg.onpointerleave = () => {
      cursor.setAttribute("visibility", "hidden");
      readout.textContent = "";
    };
  };
  return [makeChart(onPaint), readout];
}

// Accuracy over confidence, bin by bin, with the number of clips of each bin below.
function reliabilityChart(bins, label) {
  return responsive(label, (svg, width) => {
    const height = Math.round(width * 0.72), counts = 74;
    const most = Math.max(1, ...bins.map((bin) => bin.clips));
    const text = (value) => percent(value, 0), steps = { values: [0, 0.2, 0.4, 0.6, 0.8, 1] };
    const area = frame(svg, width, height + counts, { x: [0, 1], y: [0, 1], yTicks: steps, yText: text, xTicks: [], xText: text, left: 52, bottom: counts + 30, right: 16 });
    svg.append(draw("line", { class: "mark", x1: area.x(0), y1: area.y(0), x2: area.x(1), y2: area.y(1) }));
    const base = height + counts - 34, bar = (area.x(bins[0].high) - area.x(bins[0].low)) * 0.76;
    for (const bin of bins) {
      if (bin.clips === 0) continue;
      const middle = area.x((bin.low + bin.high) / 2), left = middle - bar / 2;
      const tall = ((counts - 22) * bin.clips) / most, at = area.x(bin.confidence), top = area.y(bin.accuracy);
      svg.append(
        draw("rect", { class: "bar", x: left, y: top, width: bar, height: Math.max(0, area.bottom - top) }),
        draw("line", { class: "bar-end", x1: left, x2: left + bar, y1: top, y2: top }),
        draw("line", { class: "gap", x1: at, x2: at, y1: area.y(bin.confidence), y2: top }),
        draw("line", { class: "whisker", x1: at, x2: at, y1: area.y(bin.accuracy_high), y2: area.y(bin.accuracy_low) }),
        draw("rect", { class: "fill-other", x: left, y: base - tall, width: bar, height: tall }),
        draw("text", { x: middle, y: base - tall - 4, "text-anchor": "middle" }, String(bin.clips)));
    }
    svg.append(draw("line", { class: "axis", x1: area.left, x2: area.right, y1: base, y2: base }));
    for (const value of steps.values) svg.append(draw("text", { x: area.x(value), y: base + 17, "text-anchor": "middle" }, text(value)));
    svg.append(draw("text", { x: (area.left + area.right) / 2, y: base + 33, "text-anchor": "middle" }, "confidence"));
  });
}
)page"
