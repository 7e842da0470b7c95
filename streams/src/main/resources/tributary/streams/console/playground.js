// One prompt, several variants side by side.

import * as api from "./api.js";
import { element, milliseconds } from "./draw.js";

const SIDE_BY_SIDE_MAX = 6;
const $ = (id) => document.getElementById(id);

export class Playground {
  #running = null;
  #colours = new Map();

  constructor() {
    $("ask").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#run();
    });
    $("prompt").addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("ask").requestSubmit();
    });
    $("stop").addEventListener("click", () => this.#running?.abort());
  }

  /** Offers these models; what was chosen before stays chosen. */
  offer(models, colours) {
    this.#colours = colours;
    const before = new Set(this.#chosen());
    if (!before.size && models.length) {
      before.add((models.find((model) => model.parent) ?? models[0]).id);
    }
    $("choices").replaceChildren(
      ...models.map((model) =>
        element("label", {},
          element("input", { type: "checkbox", name: "variant", value: model.id, checked: before.has(model.id) }),
          this.#dot(model.id),
          model.id)));
  }

  #chosen() {
    return [...document.querySelectorAll("#choices input:checked")].map((input) => input.value);
  }

  #dot(model) {
    const dot = element("span", { class: "dot" });
    dot.style.background = this.#colours.get(model);
    return dot;
  }

  async #run() {
    const models = this.#chosen();
    const prompt = $("prompt").value;
    const problem =
      models.length === 0 ? "Choose at least one variant."
      : models.length > SIDE_BY_SIDE_MAX ? `Choose at most ${SIDE_BY_SIDE_MAX} variants.`
      : prompt === "" ? "Write a prompt first."
      : null;
    $("ask-problem").hidden = problem === null;
    $("ask-problem").textContent = problem ?? "";
    if (problem) return;
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    $("stop").disabled = false;
    const settings = {
      temperature: Number($("temperature").value),
      max_tokens: Number($("tokens").value),
    };
    const chat = $("mode").value === "chat";
    const columns = models.map((model) => this.#column(model, chat ? "" : prompt));
    $("answers").replaceChildren(...columns.map((column) => column.card));
    await Promise.all(columns.map((column) => this.#answer(column, chat, prompt, settings, running.signal)));
    if (this.#running === running) $("stop").disabled = true;
  }

  #column(model, asked) {
    const text = element("pre", {}, element("span", { class: "asked" }, asked));
    const foot = element("footer", {}, "waiting for the first token");
    const card = element("article", { class: "card answer streaming", "data-variant": model },
      element("h3", {}, this.#dot(model), model), text, foot);
    return { model, card, text, foot };
  }

  async #answer({ model, card, text, foot }, chat, prompt, settings, signal) {
    const [path, question] = chat
      ? ["/v1/chat/completions", { messages: [{ role: "user", content: prompt }] }]
      : ["/v1/completions", { prompt }];
    const began = performance.now();
    let first = null;
    let usage = null;
    let finish = null;
    const elapsed = () => (performance.now() - began) / 1000;
    try {
      for await (const piece of api.stream(path, { model, ...question, ...settings }, signal)) {
        if (piece.text && first === null) first = elapsed();
        text.append(piece.text);
        usage = piece.usage ?? usage;
        finish = piece.finish ?? finish;
        if (first !== null) foot.textContent = `first token ${milliseconds(first)}`;
      }
      const tokens = usage?.completion_tokens ?? 0;
      const rate = tokens > 1 && first !== null ? ` · ${((tokens - 1) / Math.max(1e-3, elapsed() - first)).toFixed(0)} tokens/s` : "";
      foot.textContent = `${finish ?? "ended"} · ${tokens} tokens · first ${milliseconds(first)}${rate}`;
    } catch (failure) {
      const stopped = signal.aborted;
      foot.replaceChildren(stopped ? "stopped" : element("span", { class: "problem" }, failure.message));
    } finally {
      card.classList.remove("streaming");
    }
  }
}
