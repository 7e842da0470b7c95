// Small pictures: elements, sparklines, line charts.

const SVG = "http://www.w3.org/2000/svg";
const COLOURS = ["#1677c8", "#22a39b", "#e0913a", "#8a63d2", "#d2557f", "#6f9a2f", "#4f6bd8", "#b0703a", "#2f8f5b", "#7a8896"];

/** An element with attributes and children; text is never taken for markup. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** The same colour for the same variant everywhere. */
export function colours(names) {
  return new Map([...names].sort().map((name, i) => [name, COLOURS[i % COLOURS.length]]));
}

function shape(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function path(values, width, height, most) {
  const step = width / Math.max(1, values.length - 1);
  return values
    .map((value, i) => `${i ? "L" : "M"}${(i * step).toFixed(1)} ${(height - (value / most) * height).toFixed(1)}`)
    .join("");
}

export function sparkline(values, colour) {
  const svg = shape("svg", { viewBox: "0 0 120 26", class: "spark", role: "img", preserveAspectRatio: "none" });
  const most = Math.max(1e-9, ...values);
  svg.setAttribute("aria-label", `latest ${short(values.at(-1) ?? 0)}, most ${short(Math.max(0, ...values))}`);
  if (values.length > 1) {
    svg.append(shape("path", { d: path(values, 120, 24, most), fill: "none", stroke: colour, "stroke-width": 1.6 }));
  }
  return svg;
}

/** A line chart with its largest value as the top grid line. `unit` follows the numbers. */
export function chart(values, colour, unit, top = 0) {
  const [width, height] = [1000, 150];
  const svg = shape("svg", { viewBox: `0 -4 ${width} ${height + 8}`, role: "img", preserveAspectRatio: "none" });
  const most = Math.max(top, 1e-9, ...values);
  svg.setAttribute("aria-label", `latest ${short(values.at(-1) ?? 0)} ${unit}, most ${short(Math.max(0, ...values))} ${unit}`);
  for (const share of [0, 0.5, 1]) {
    const y = height - share * height;
    svg.append(shape("line", { x1: 0, x2: width, y1: y, y2: y, class: "grid", "vector-effect": "non-scaling-stroke" }));
  }
  if (values.length > 1) {
    const line = path(values, width, height, most);
    svg.append(
      shape("path", { d: `${line}L${width} ${height}L0 ${height}Z`, fill: colour, opacity: 0.12 }),
      shape("path", { d: line, fill: "none", stroke: colour, "stroke-width": 2, "vector-effect": "non-scaling-stroke" }));
  }
  const said = element("div", { class: "legend" });
  said.append(`now ${short(values.at(-1) ?? 0)} ${unit}`, ` · top line ${short(most)} ${unit}`);
  return [svg, said];
}

/** At most three digits that matter. */
export function short(value) {
  if (value >= 1e6) return `${(value / 1e6).toFixed(value >= 1e7 ? 0 : 1)}M`;
  if (value >= 1e4) return `${(value / 1e3).toFixed(value >= 1e5 ? 0 : 1)}k`;
  if (value >= 100 || Number.isInteger(value)) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : 2);
}

export function milliseconds(seconds) {
  if (seconds === null) return "–";
  return seconds >= 1 ? `${seconds.toFixed(2)} s` : `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms`;
}
