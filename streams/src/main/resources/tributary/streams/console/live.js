// The live views: a table of variants, and the node.

import { chart, element, milliseconds, short, sparkline } from "./draw.js";

const $ = (id) => document.getElementById(id);
const MINUTE = 60;
const TOKENS = "vllm:generation_tokens_total";

/** hot, loading or cold; the base is always hot. */
function state(sample, model) {
  if (model.parent === null) return "hot";
  if (sample.sum("tributary_delta_resident", model.id) > 0) return "hot";
  return sample.sum("vllm:num_requests_waiting", model.id) > 0 ? "loading" : "cold";
}

export function drawVariants(models, history, colours) {
  const sample = history.latest;
  const number = (text) => element("td", { class: "num" }, text);
  $("variant-rows").replaceChildren(...models.map((model) => {
    const id = model.id;
    const standing = state(sample, model);
    const dot = element("span", { class: "dot" });
    dot.style.background = colours.get(id);
    return element("tr", { "data-variant": id },
      element("th", { scope: "row" }, dot, " ", id),
      element("td", {}, element("span", { class: `pill ${standing}` }, model.parent === null ? "base" : standing)),
      number(short(sample.sum("vllm:num_requests_running", id))),
      number(short(sample.sum("vllm:num_requests_waiting", id))),
      element("td", {}, sparkline(history.rates(TOKENS, id, MINUTE), colours.get(id))),
      number(milliseconds(history.mean("vllm:time_to_first_token_seconds", id, MINUTE))),
      number(milliseconds(history.mean("vllm:inter_token_latency_seconds", id, MINUTE))),
      number(short(sample.sum(TOKENS, id))),
      number(short(sample.sum("tributary_requests_total", id))),
      number(short(sample.sum("tributary_delta_refused_total", id))));
  }));
}

export function drawNode(models, history, colours) {
  const sample = history.latest;
  const tokens = history.rates(TOKENS, undefined, 5 * MINUTE);
  const steps = history.rates("tributary_device_steps_total", undefined, 5);
  const hot = models.filter((model) => state(sample, model) === "hot").length;
  const figure = (value, name) => element("div", { class: "figure" }, element("b", {}, value), element("span", {}, name));
  $("figures").replaceChildren(
    figure(short(tokens.at(-1) ?? 0), "tokens a second"),
    figure(short(steps.at(-1) ?? 0), "steps a second"),
    figure(short(sample.sum("tributary_sequences_running")), "sequences running"),
    figure(short(sample.sum("tributary_sequences_waiting")), "sequences waiting"),
    figure(short(sample.sum("tributary_sequences_parked")), "readers too slow"),
    figure(`${hot} of ${models.length}`, "variants hot"),
    figure(milliseconds(history.mean("vllm:time_to_first_token_seconds", undefined, MINUTE)), "to the first token"));
  $("node-tokens").replaceChildren(...chart(tokens, "#1677c8", "tokens/s"));
  const kv = history.gauge("vllm:kv_cache_usage_perc", undefined, 5 * MINUTE).map((share) => share * 100);
  $("node-kv").replaceChildren(...chart(kv, "#8a63d2", "%", 100));
  drawBatch(models, sample, colours);
}

function drawBatch(models, sample, colours) {
  const parts = models
    .map((model) => ({ id: model.id, rows: sample.sum("vllm:num_requests_running", model.id) }))
    .filter((part) => part.rows > 0);
  $("batch").replaceChildren(...parts.map((part) => {
    const bar = element("span", { title: `${part.id}: ${part.rows}` });
    bar.style.flex = String(part.rows);
    bar.style.background = colours.get(part.id);
    return bar;
  }));
  $("batch-legend").replaceChildren(...(parts.length
    ? parts.map((part) => {
        const dot = element("span", { class: "dot" });
        dot.style.background = colours.get(part.id);
        return element("li", {}, dot, `${part.id} ${part.rows}`);
      })
    : [element("li", {}, "nobody right now")]));
}
