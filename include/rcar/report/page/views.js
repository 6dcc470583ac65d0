R"page(
// The views: each returns the elements of one tab.

const stat = (name, metric, figure, note) =>
  make("div", { class: "stat" }, make("dt", {}, name), make("dd", { class: "figure", "data-metric": metric }, figure), note ? make("dd", { class: "note" }, note) : null);

// White to blue on the diagonal, white to orange beside it; in the dark from dark to light. The ink is what contrasts more.
function shade(share, right) {
  const mix = (from, to) => from.map((part, i) => Math.round(part + (to[i] - part) * (0.1 + 0.9 * share)));
  const light = (c) => c.map((part) => part / 255).map((s) => (s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4));
  const ink = (c) => {
    const [red, green, blue] = light(c);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000000" : "#ffffff";
  };
  const onWhite = mix([255, 255, 255], right ? [10, 88, 168] : [184, 67, 10]), onBlack = mix([31, 38, 47], right ? [111, 179, 255] : [255, 157, 92]);
  const css = (c) => `rgb(${c.join(" ")})`;
  return { "--light": css(onWhite), "--light-ink": ink(onWhite), "--dark": css(onBlack), "--dark-ink": ink(onBlack) };
}

const confusionAt = (truth, predicted) => report.confusion[truth * report.classes.length + predicted];

// The matrix is a table: rows are true classes, columns what they were taken for.
function confusionMatrix() {
  const classes = report.classes.length, dense = classes > 24, longest = Math.max(...report.classes.map((name) => [...name].length));
  const [least, most] = dense ? [12, 16] : classes > 10 ? [26, 44] : [30, 76];
  const label = Math.min(longest * 9 + 18, 190), cell = `clamp(${least}px, calc((100cqi - ${label}px) / ${classes}), ${most}px)`;
  const turned = longest * 9 > 56;
  const name = (k, scope) => make("th", { scope, title: className(k) }, classNamed(k));
  const rows = report.classes.map((_, truth) => {
    const total = report.metrics.classes[truth].support;
    return make("tr", {}, name(truth, "row"), report.classes.map((_, predicted) => {
      const count = confusionAt(truth, predicted);
      if (count === 0) return make("td", {}, dense ? "" : make("span", { class: "hidden-text" }, "0"));
      const share = count / total, words = `${className(truth)} taken for ${className(predicted)}: ${count} of ${total}`;
      return make("td", { ...shade(share, truth === predicted), "data-count": count, title: words },
        classes <= 10 ? [make("b", {}, (100 * share).toFixed(0), make("span", { class: "unit" }, `${thin}%`)), make("small", {}, String(count))] : String(count));
    }));
  });
  const table = make("table", { class: `matrix${turned ? " turned" : ""}${dense ? " dense" : ""}`, id: "confusion", "--cell": cell, "--label": `${label}px` },
    make("caption", {}, "Rows: true class. Columns: what the model said. " + (classes <= 10 ? "Percent of the row, and below it the number of clips." : "Numbers of clips.")),
    make("thead", {}, make("tr", {}, make("td"), report.classes.map((_, k) => name(k, "col")))),
    make("tbody", {}, rows));
  table.querySelector("thead td").replaceWith(make("th", {}, make("span", { class: "hidden-text" }, "True class")));
  const region = scrolling("Confusion matrix", table);
  region.classList.add("sized");
  return region;
}

function confusions() {
  const pairs = [];
  report.classes.forEach((_, truth) => report.classes.forEach((_, predicted) => {
    const count = truth === predicted ? 0 : confusionAt(truth, predicted);
    if (count > 0) pairs.push({ truth, predicted, count, of: report.metrics.classes[truth].support });
  }));
  return pairs.sort((a, b) => b.count - a.count || b.count / b.of - a.count / a.of);
}

// What a colleague would say first.
function findings() {
  const { classes } = report.metrics, { confidence, expected_calibration_error: error } = report.calibration, out = [];
  const [most] = confusions();
  if (most) out.push([classNamed(most.truth), " is most often taken for ", classNamed(most.predicted), `: ${most.count} of ${counted(most.of, "clip", "clips")}.`]);
  else if (report.test.clips) out.push(["Every test clip was named right."]);
  const tested = classes.map((each, k) => ({ ...each, k })).filter((each) => each.support > 0).sort((a, b) => a.f1 - b.f1);
  if (tested.length > 1 && most) out.push(["The hardest class is ", classNamed(tested[0].k), ` (F1 ${decimal(tested[0].f1, 2)}), the easiest `, classNamed(tested.at(-1).k), ` (${decimal(tested.at(-1).f1, 2)}).`]);
  const never = classes.map((each, k) => ({ ...each, k })).filter((each) => each.support > 0 && each.predicted === 0);
  if (never.length) out.push(["Never said: ", never.slice(0, 8).flatMap((each, i) => [i ? ", " : "", classNamed(each.k)]), never.length > 8 ? ` and ${never.length - 8} more.` : "."]);
  if (report.test.clips) {
    const gap = confidence - report.test.accuracy;
    out.push([`The model is on average ${percent(confidence, 0)} sure and right in ${percent(report.test.accuracy, 0)} of the clips: ` +
      (Math.abs(gap) < 0.03 ? "sure about as often as right." : gap > 0 ? "surer than it should be." : "less sure than it could be.") +
      ` Its expected calibration error is ${percent(error)}.`]);
  }
  if (report.history) {
    const { curves, best_epoch: best, stopped_early: early, monitor } = report.history, run = curves.loss.length;
    out.push([`Training ran ${counted(run, "epoch", "epochs")}${early ? " and stopped early" : ""}; the weights are those of epoch ${best}, the best by ${monitor}.`]);
  }
  return out;
}

function overview() {
  const { test, metrics, calibration } = report;
  const warnings = report.warnings.length
    ? make("section", { class: "warnings", "aria-labelledby": "warnings-heading" }, make("h2", { id: "warnings-heading" }, "Know before you trust these numbers"), make("ul", {}, report.warnings.map((text) => make("li", {}, named(text)))))
    : null;
  return [
    make("dl", { class: "card stats" },
      stat("Test accuracy", "test_accuracy", percent(test.accuracy), `${test.correct} of ${counted(test.clips, "clip", "clips")}; 95${thin}% interval ${percent(test.accuracy_low, 0)} to ${percent(test.accuracy_high, 0)}`),
      stat("Test loss", "test_loss", decimal(test.loss), "mean cross-entropy"),
      stat("Macro F1", "macro_f1", decimal(metrics.macro.f1), "each class counts the same"),
      stat("Calibration error", "expected_calibration_error", percent(calibration.expected_calibration_error), "expected, ten bins"),
      stat("Classes", "classes", String(report.classes.length), `${counted(report.mistakes_in_all, "mistake", "mistakes")} in the test`)),
    warnings,
    make("div", { class: report.classes.length <= 10 ? "columns" : "view" },
      card("Confusion matrix", confusionMatrix()),
      make("div", { class: "view" },
        card("What stands out", make("ul", { class: "findings" }, findings().map((words) => make("li", {}, words)))),
        confusions().length ? card("Most frequent confusions", scrolling("Most frequent confusions", makeTable(
          [{ title: "True class" }, { title: "Taken for" }, { title: "Clips", number: true }],
          confusions().slice(0, 8).map((pair) => [classNamed(pair.truth), classNamed(pair.predicted), `${pair.count} of ${pair.of}`])))) : null)),
  ];
}

function training() {
  const { curves, best_epoch: best, monitor, stopped_early: early } = report.history;
  const panel = (heading, names, text, bounded) => {
    const shown = names.filter(([name]) => curves[name]);
    if (!shown.length) return null;
    const values = shown.flatMap(([name]) => curves[name]).filter((value) => value !== null);
    const top = bounded ? 1 : Math.max(...values, 0), low = bounded ? 0 : Math.min(...values, 0);
    const step = niceStep(top - low || 1, 5);
    const y = [Math.floor(low / step + 1e-9) * step, Math.max(Math.ceil(top / step - 1e-9) * step, step)];
    const digits = ticks(y[0], y[1], 5).digits;
    const words = (name, index) => `${name} ${curves[name][index - 1] === null ? "–" : text(curves[name][index - 1])}`;
    const label = `${heading} over ${curves.loss.length} epochs. ` + shown.map(([name]) => words(name, best || 1) + ` in epoch ${best || 1}`).join(", ") + ".";
    const chart = withReadout((onPaint) => lineChart({
      label, y, xTitle: "epoch", yText: bounded ? (value) => percent(value, 0) : (value) => value.toFixed(digits),
      series: shown.map(([name, style]) => ({ name, style, values: curves[name] })),
      mark: best ? { at: best, text: `best epoch ${best}` } : null, onPaint,
    }), (index) => (index <= curves.loss.length ? `Epoch ${index}: ` + shown.map(([name]) => words(name, index)).join(", ") : ""));
    return card(heading, make("figure", {}, make("ul", { class: "legend" }, shown.map(([name, style, words]) => make("li", {}, swatch(style), words))), chart));
  };
  const rows = curves.loss.map((_, i) => [String(i + 1) + (i + 1 === best ? " (best)" : ""), ...["loss", "val_loss"].filter((name) => curves[name]).map((name) => decimal(curves[name][i], 4)),
    ...["accuracy", "val_accuracy"].filter((name) => curves[name]).map((name) => (curves[name][i] === null ? "–" : percent(curves[name][i])))]);
  const columns = [["Epoch", "x"], ["Loss", "loss"], ["Validation loss", "val_loss"], ["Accuracy", "accuracy"], ["Validation accuracy", "val_accuracy"]];
  const validation = curves.val_loss ? `Validation is measured after each epoch, without dropout.` : "There was no validation set, so the training loss chose the epoch.";
  return [
    make("p", { class: "lead" }, `${counted(curves.loss.length, "epoch", "epochs")}${early ? ", stopped early" : ""}. The kept weights are those of epoch ${best}, the best by ${monitor}. ` +
      `Training values are means over an epoch, with dropout. ${validation}`),
    make("div", { class: "columns" },
      panel("Loss", [["loss", "line-true", "training"], ["val_loss", "line-wrong dash-1", "validation"]], (value) => value.toFixed(4), false),
      panel("Accuracy", [["accuracy", "line-true", "training"], ["val_accuracy", "line-wrong dash-1", "validation"]], (value) => percent(value), true)),
    card("Every epoch", scrolling("Every epoch", makeTable(columns.filter(([, name]) => name === "x" || curves[name]).map(([title, name]) => ({ title, number: name !== "x" })), rows), true)),
  ];
}

function classesView() {
  const { classes, macro, weighted } = report.metrics;
  const columns = [["Class", "name"], ["Precision", "precision"], ["Recall", "recall"], ["F1", "f1"], ["Clips", "support"], ["Predicted", "predicted"]];
  const meter = (value, undefinedHere) => [make("span", { class: "meter", "--share": value, "aria-hidden": "true" }), undefinedHere ? "–" : decimal(value)];
  const row = (each, k) => make("tr", { "data-class": k }, make("th", { scope: "row" }, classNamed(k)),
    make("td", { class: "number" }, meter(each.precision, each.predicted === 0)), make("td", { class: "number" }, meter(each.recall, each.support === 0)),
    make("td", { class: "number" }, meter(each.f1, each.support === 0 && each.predicted === 0)), make("td", { class: "number" }, String(each.support)), make("td", { class: "number" }, String(each.predicted)));
  const body = make("tbody", {}, classes.map(row));
  const mean = (title, each) => make("tr", {}, make("th", { scope: "row" }, title), ["precision", "recall", "f1"].map((name) => make("td", { class: "number" }, decimal(each[name]))),
    make("td", { class: "number" }, String(each.support)), make("td", { class: "number" }, String(each.predicted)));
  const heads = columns.map(([title, key]) => {
    const head = make("th", { scope: "col", class: key === "name" ? null : "number", "aria-sort": "none" }, make("button", {
      type: "button", class: "sort",
      click: () => {
        const rising = head.getAttribute("aria-sort") !== "ascending";
        heads.forEach((other) => other.setAttribute("aria-sort", "none"));
        head.setAttribute("aria-sort", rising ? "ascending" : "descending");
        const value = (k) => (key === "name" ? className(k) : classes[k][key]);
        const order = classes.map((_, k) => k).sort((a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : a - b));
        if (!rising) order.reverse();
        const rows = new Map([...body.children].map((child) => [Number(child.dataset.class), child]));
        body.append(...order.map((k) => rows.get(k)));
      },
    }, title));
    return head;
  });
  const table = make("table", { class: "full", id: "class-metrics" }, make("caption", {}, "A dash stands where there is nothing to divide by; the means count it as 0."),
    make("thead", {}, make("tr", {}, heads)), body, make("tfoot", {}, mean("Macro mean", macro), mean("Weighted mean", weighted)));
  return [
    make("p", { class: "lead" }, "Precision: of the clips the model called so, the part that is. Recall: of the clips that are so, the part it found. F1 is their harmonic mean. " +
      "The macro mean counts each class the same, the weighted mean by its clips."),
    card("Precision, recall and F1", scrolling("Metrics of the classes", table)),
  ];
}

function calibrationView() {
  const { bins, confidence, brier_score: brier, expected_calibration_error: expected, maximum_calibration_error: maximum } = report.calibration;
  const gap = confidence - report.test.accuracy;
  const label = `Reliability diagram: accuracy over confidence. Expected calibration error ${percent(expected)}; mean confidence ${percent(confidence)}, accuracy ${percent(report.test.accuracy)}.`;
  const rows = bins.filter((bin) => bin.clips > 0).map((bin) => [`${(100 * bin.low).toFixed(0)}–${percent(bin.high, 0)}`, String(bin.clips), percent(bin.confidence), percent(bin.accuracy),
    `${(100 * bin.accuracy_low).toFixed(0)}–${percent(bin.accuracy_high, 0)}`]);
  return [
    make("dl", { class: "card stats" },
      stat("Expected calibration error", "ece", percent(expected), "mean gap of the bins, by clips"),
      stat("Largest gap", "mce", percent(maximum), "of any bin"),
      stat("Brier score", "brier", decimal(brier), "0 is best, 2 worst"),
      stat("Mean confidence", "confidence", percent(confidence), `accuracy ${percent(report.test.accuracy)}`)),
    make("div", { class: "columns" },
      card("Reliability", make("figure", {}, make("figcaption", { class: "muted small" }, "Bars: accuracy of the clips that the model was so sure of. Orange: the gap to its confidence. Thin lines: 95 % intervals. " +
        "Below: the number of clips."), reliabilityChart(bins, label))),
      card("How to read it", make("ul", { class: "findings" },
        make("li", {}, "A model that is 80 % sure should be right in 80 % of such clips: then the bars end on the dashed line."),
        make("li", {}, "Bars below the line: it is surer than it should be. Above: less sure than it could be."),
        make("li", {}, Math.abs(gap) < 0.03 ? "Here the two are close on average." : gap > 0 ? `Here it is surer than right, by ${percent(gap)} on average: do not take its probabilities at their word.` : `Here it is right more often than it says, by ${percent(-gap)} on average.`),
        make("li", {}, "Bins with few clips have wide intervals: a gap inside the interval may be chance.")), asTable("The bins as a table", makeTable(
        [{ title: "Confidence" }, { title: "Clips", number: true }, { title: "Mean", number: true }, { title: "Accuracy", number: true }, { title: "Interval", number: true }], rows), true))),
  ];
}

function dataView() {
  const order = ["train", "validation", "test"], rank = ({ part }) => (order.includes(part) ? order.indexOf(part) : order.length);
  const parts = [...report.parts].sort((a, b) => rank(a) - rank(b));
  const totals = report.classes.map((_, k) => sum(parts.map((part) => part.clips[k]))), most = Math.max(1, ...totals);
  const stack = (k) => make("span", { class: "stack", "aria-hidden": "true" }, parts.map((part, i) => (part.clips[k] ? make("span", { class: `part-${i % 4}`, "--share": part.clips[k] / most }) : null)));
  const table = makeTable([{ title: "Class" }, ...parts.map((part) => ({ title: part.part, number: true })), { title: "All", number: true }, { title: "Shares" }],
    report.classes.map((_, k) => [classNamed(k), ...parts.map((part) => String(part.clips[k])), String(totals[k]), stack(k)]));
  table.append(make("tfoot", {}, make("tr", {}, make("th", { scope: "row" }, "All classes"), parts.map((part) => make("td", { class: "number" }, String(sum(part.clips)))), make("td", { class: "number" }, String(sum(totals))), make("td"))));
  table.id = "parts";
  return [
    parts.length ? card("Clips by class and part", make("ul", { class: "legend" }, parts.map((part, i) => make("li", {}, make("span", { class: `key part-${i % 4}`, "aria-hidden": "true" }), part.part))), scrolling("Clips by class and part", table)) : null,
    make("div", { class: "columns" }, report.data.length ? card("Facts", factsTable(report.data)) : null, card("Warnings", report.warnings.length ? make("ul", { class: "findings" }, report.warnings.map((text) => make("li", {}, named(text)))) : make("p", { class: "muted" }, "None: no group of clips is on both sides of a split."))),
    card("Clips set aside", report.quarantine.length
      ? scrolling("Clips set aside", makeTable([{ title: "Clip" }, { title: "Reason" }], report.quarantine.map((each) => [named(each.clip), named(each.reason)])), true)
      : make("p", { class: "muted" }, "None: every clip could be read.")),
  ];
}

const factsTable = (rows) => make("table", { class: "full facts" },
  make("tbody", {}, rows.map(([name, value]) => make("tr", {}, make("th", { scope: "row" }, named(name)), make("td", {}, named(value))))));

function runView() {
  return [
    report.command_line ? card("Command line", make("pre", { tabindex: "0" }, make("code", { class: "mono", id: "command-line" }, report.command_line))) : null,
    make("div", { class: "columns" }, report.facts.map((facts) => card(facts.heading, factsTable(facts.rows)))),
  ];
}
)page"
