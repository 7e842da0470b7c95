// What the node says of itself: the Prometheus text of GET /metrics, read once a second, and the
// last minutes of it.

const KEEP_SAMPLES = 300;

/** Prometheus text to a map from "name" to a list of {labels, value}. */
export function parse(text) {
  const series = new Map();
  for (const line of text.split("\n")) {
    if (line === "" || line[0] === "#") continue;
    const open = line.indexOf("{");
    const close = line.lastIndexOf("}");
    const name = open < 0 ? line.slice(0, line.indexOf(" ")) : line.slice(0, open);
    const value = Number(line.slice((open < 0 ? name.length : close) + 1).trim().split(" ")[0]);
    const labels = {};
    if (open >= 0) {
      for (const [, key, quoted] of line.slice(open + 1, close).matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
        labels[key] = quoted.replace(/\\(.)/g, (_, c) => (c === "n" ? "\n" : c));
      }
    }
    if (!series.has(name)) series.set(name, []);
    series.get(name).push({ labels, value });
  }
  return series;
}

/** One reading of the node, at a time in seconds. */
export class Sample {
  constructor(at, series) {
    this.at = at;
    this.series = series;
  }

  /** Sum over all series of that name, or over those of one model. */
  sum(name, model) {
    let sum = 0;
    for (const { labels, value } of this.series.get(name) ?? []) {
      if (model === undefined || labels.model_name === model) sum += value;
    }
    return sum;
  }
}

/** The last samples, oldest first. */
export class History {
  samples = [];

  add(sample) {
    this.samples.push(sample);
    if (this.samples.length > KEEP_SAMPLES) this.samples.shift();
  }

  get latest() {
    return this.samples.at(-1);
  }

  /** Growth per second of a counter between neighbouring samples of the last `seconds`. */
  rates(name, model, seconds) {
    const rates = [];
    const samples = this.#last(seconds);
    for (let i = 1; i < samples.length; i++) {
      const span = samples[i].at - samples[i - 1].at;
      rates.push(Math.max(0, samples[i].sum(name, model) - samples[i - 1].sum(name, model)) / span);
    }
    return rates;
  }

  gauge(name, model, seconds) {
    return this.#last(seconds).map((sample) => sample.sum(name, model));
  }

  /** Mean of what a histogram recorded in the last `seconds`; null when that was nothing. */
  mean(name, model, seconds) {
    const samples = this.#last(seconds);
    if (samples.length < 2) return null;
    const [first, last] = [samples[0], samples.at(-1)];
    const count = last.sum(`${name}_count`, model) - first.sum(`${name}_count`, model);
    return count <= 0 ? null : (last.sum(`${name}_sum`, model) - first.sum(`${name}_sum`, model)) / count;
  }

  #last(seconds) {
    const from = (this.latest?.at ?? 0) - seconds;
    return this.samples.filter((sample) => sample.at >= from);
  }
}
