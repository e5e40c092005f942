// Charts. Draws every <figure data-chart="KIND"> from the JSON block inside it with Observable Plot, as SVG whose
// marks carry classes: the colours are those of charts.css, so they follow the theme. Shares run from 0 to 1.
//
//   trend      { points: [{date: "2026-03-01", value, n, label?, kind?: "tutor"}],
//                average?: [{date, value}], band?: [{date, low, median, high}],
//                y_label?, average_label?, band_label? }
//   intervals  { rows: [{label, value, low, high, n}], cut?, x_label? }       value null: only n is shown
//   bars       { rows: [{label, value, tone?: "key", note?}], x_label?, count?: true }   count: whole numbers, not shares
//
// The table beside the picture is the server's; this module only adds the picture.

const { Plot } = globalThis;
const percent = (share) => `${Math.round(100 * share)} %`;
const day = (text) => new Date(`${text.slice(0, 10)}T00:00:00Z`);
const shortDay = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

// A document of its own, never shown: Plot writes a <style> element, which the policy of this page would report.
const paper = document.implementation.createHTMLDocument("");

/** What all pictures share. The width is the place's, so that text keeps its size on phones. */
function frame(width, options) {
  return { document: paper, width, className: "plot", ...options };
}

function trend(data, width) {
  const dated = (rows) => (rows ?? []).map((row) => ({ ...row, date: day(row.date) }));
  const [points, average, band] = [dated(data.points), dated(data.average), dated(data.band)];
  const [exam, tutor] = [points.filter((p) => p.kind !== "tutor"), points.filter((p) => p.kind === "tutor")];
  const title = (p) => `${p.label ? `${p.label}, ` : ""}${shortDay.format(p.date)}: ${percent(p.value)}, n = ${p.n}`;
  return Plot.plot(
    frame(width, {
      height: Math.max(220, Math.min(340, width * 0.42)),
      marginLeft: 48,
      marginBottom: 36,
      x: { type: "utc", label: null, ticks: Math.max(2, Math.floor(width / 110)), insetLeft: 8, insetRight: 12 },
      y: { domain: [0, 1], label: data.y_label ?? null, tickFormat: percent, ticks: 5 },
      marks: [
        Plot.gridY({ className: "mark-grid", ticks: 5, strokeOpacity: 1 }),
        Plot.areaY(band, { className: "mark-band", x: "date", y1: "low", y2: "high" }),
        Plot.lineY(band, { className: "mark-median", x: "date", y: "median" }),
        Plot.lineY(average, { className: "mark-line", x: "date", y: "value" }),
        Plot.dot(exam, { className: "mark-dot", x: "date", y: "value", r: 5, title }),
        Plot.dot(tutor, { className: "mark-ring", x: "date", y: "value", r: 4.5, symbol: "diamond", title }),
      ],
    }),
  );
}

/** Room for the row names: about seven units a letter, at most two fifths of the picture. */
function nameMargin(rows, width) {
  const longest = Math.max(0, ...rows.map((row) => row.label.length));
  return Math.min(longest * 6.8 + 14, width * 0.4);
}

const shorten = (margin) => (label) => {
  const fits = Math.max(4, Math.floor((margin - 12) / 6.4));
  return label.length > fits ? `${label.slice(0, fits - 1)}…` : label;
};

function rowPlot(rows, width, options, marks) {
  const marginLeft = nameMargin(rows, width);
  return Plot.plot(
    frame(width, {
      height: rows.length * 30 + (options.x.label ? 50 : 36),
      marginLeft,
      marginTop: 8,
      marginBottom: options.x.label ? 40 : 26,
      marginRight: options.marginRight,
      x: options.x,
      y: { domain: rows.map((row) => row.label), label: null, tickSize: 0, tickFormat: shorten(marginLeft), type: "band" },
      marks,
    }),
  );
}

function intervals(data, width) {
  const { rows } = data;
  const known = rows.filter((row) => row.value !== null);
  const text = (row) => (row.value === null ? `n = ${row.n}` : `${percent(row.value)}  n = ${row.n}`);
  const title = (row) => `${row.label}: ${percent(row.value)} (${percent(row.low)} to ${percent(row.high)}), n = ${row.n}`;
  return rowPlot(
    rows,
    width,
    { marginRight: 96, x: { domain: [0, 1], label: data.x_label ?? null, labelAnchor: "center", tickFormat: percent, ticks: width < 500 ? 3 : 6 } },
    [
      Plot.gridX({ className: "mark-grid", ticks: width < 500 ? 3 : 6, strokeOpacity: 1 }),
      data.cut === undefined ? null : Plot.ruleX([data.cut], { className: "mark-rule" }),
      Plot.ruleY(known, { className: "mark-interval", y: "label", x1: "low", x2: "high" }),
      Plot.dot(known, { className: "mark-dot", y: "label", x: "value", r: 5.5, title }),
      Plot.text(rows, { className: "mark-value", y: "label", frameAnchor: "right", textAnchor: "start", dx: 12, text }),
    ],
  );
}

function bars(data, width) {
  const { rows } = data;
  const write = data.count ? (value) => value.toLocaleString() : percent;
  const text = (row) => write(row.value) + (row.note ? `  ${row.note}` : "");
  const bar = (some, className) => Plot.barX(some, { className, y: "label", x: "value", insetTop: 4, insetBottom: 4, title: (row) => `${row.label}: ${text(row)}` });
  const longest = Math.max(0, ...rows.map((row) => text(row).length));
  return rowPlot(
    rows,
    width,
    {
      marginRight: longest * 7 + 16,
      x: { domain: [0, Math.max(data.count ? 1 : 0.01, ...rows.map((row) => row.value))], label: data.x_label ?? null, labelAnchor: "center", tickFormat: write, ticks: width < 500 ? 3 : 6 },
    },
    [
      Plot.gridX({ className: "mark-grid", ticks: width < 500 ? 3 : 6, strokeOpacity: 1 }),
      bar(rows.filter((row) => row.tone !== "key"), "mark-bar"),
      bar(rows.filter((row) => row.tone === "key"), "mark-bar mark-bar--key"),
      Plot.text(rows, { className: "mark-value", y: "label", x: "value", textAnchor: "start", dx: 6, text }),
    ],
  );
}

const KINDS = { trend, intervals, bars };

const SIGNS = {
  dot: ["circle", { cx: 12, cy: 6, r: 4.5, class: "mark-dot" }],
  ring: ["path", { d: "M12 1l5 5-5 5-5-5z", class: "mark-ring" }],
  line: ["path", { d: "M0 6h24", class: "mark-line" }],
  band: ["path", { d: "M0 1h24v10H0z", class: "mark-band" }],
  rule: ["path", { d: "M0 6h24", class: "mark-rule" }],
  key: ["path", { d: "M2 1h20v10H2z", class: "mark-bar mark-bar--key" }],
};

/** The signs in use, as [name of sign, words]. */
function legendOf(kind, data) {
  if (kind === "trend") {
    const tutor = data.points.some((point) => point.kind === "tutor");
    return [
      ["dot", tutor ? "Exam block" : "Block"],
      tutor && ["ring", "Tutor block"],
      data.average?.length && ["line", data.average_label ?? "Moving average"],
      data.band?.length && ["band", data.band_label ?? "Group: 20th to 80th percentile, median dashed"],
    ];
  }
  if (kind === "intervals") {
    return [["dot", "Share with its 95 % interval"], data.cut !== undefined && ["rule", `Cut ${percent(data.cut)}`]];
  }
  return data.rows.some((row) => row.tone === "key") ? [["key", "Key"]] : [];
}

function svg(name, attributes = {}) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function drawLegend(kind, data) {
  const list = document.createElement("ul");
  list.className = "chart__legend";
  for (const [sign, words] of legendOf(kind, data).filter(Boolean)) {
    const item = list.appendChild(document.createElement("li"));
    const picture = item.appendChild(svg("svg", { viewBox: "0 0 24 12", "aria-hidden": "true" }));
    picture.append(svg(...SIGNS[sign]));
    item.append(words);
  }
  return list;
}

/** Name the picture for screen readers, and leave out what the page's policy forbids: inline styles. */
function finish(picture, figure) {
  for (const style of picture.querySelectorAll("style")) style.remove();
  for (const styled of [picture, ...picture.querySelectorAll("[style]")]) styled.removeAttribute("style");
  for (const labelled of picture.querySelectorAll("[aria-label]")) labelled.removeAttribute("aria-label");
  const title = svg("title", { id: `${figure.id}-svg-title` });
  title.textContent = figure.querySelector(".chart__title").textContent;
  const description = svg("desc", { id: `${figure.id}-svg-desc` });
  description.textContent = `${figure.querySelector(".chart__desc").textContent} The same figures follow as a table.`;
  picture.prepend(title, description);
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-labelledby", title.id);
  picture.setAttribute("aria-describedby", description.id);
  return picture;
}

function draw(figure, data, width) {
  const place = figure.querySelector("[data-plot]");
  const kind = figure.dataset.chart;
  const picture = KINDS[kind](data, width);
  place.replaceChildren(document.adoptNode(finish(picture, figure)), drawLegend(kind, data));
}

function start(figure) {
  const data = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
  const place = figure.querySelector("[data-plot]");
  let drawn = 0;
  const fit = () => {
    const width = Math.floor(place.clientWidth);
    if (width < 100 || width === drawn) return; // hidden, or nothing new
    drawn = width;
    draw(figure, data, width);
  };
  fit();
  new ResizeObserver(fit).observe(place);
}

for (const figure of document.querySelectorAll("figure[data-chart]")) {
  if (figure.dataset.chart in KINDS) start(figure);
}
