// Registering, upgrading, pinning and draining variants; shown to keys that may.

import * as api from "./api.js";
import { element } from "./draw.js";

const $ = (id) => document.getElementById(id);

export class Admin {
  #shown = "";

  constructor() {
    $("register").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#do(async () => {
        await api.change("PUT", $("register-name").value, "", { delta: $("register-delta").value });
        $("register").reset();
      });
    });
  }

  /** Shows what is registered now; hides itself from those who may not know. */
  async read() {
    try {
      this.#show(await api.registered());
      $("registered").hidden = false;
    } catch {
      $("registered").hidden = true;
    }
  }

  #show(models) {
    const now = JSON.stringify(models);
    if (now === this.#shown) return;
    this.#shown = now;
    const none = element("tr", {}, element("td", { class: "empty", colspan: 7 }, "None yet: name a delta file above."));
    $("registered-rows").replaceChildren(...(models.length ? models.map((model) => this.#row(model)) : [none]));
  }

  #row(model) {
    const button = (label, call, disabled = false) =>
      element("button", { class: "quiet", type: "button", disabled, onclick: () => this.#do(call) }, label);
    const drained = model.stage === "drained";
    return element("tr", { "data-registered": model.name },
      element("th", { scope: "row" }, model.name),
      element("td", {}, element("span", { class: `pill ${model.stage === "served" ? "ready" : "cold"}` }, model.stage)),
      element("td", { "data-name": "Version" }, model.version.slice(0, 12)),
      element("td", { "data-name": "Least precision", class: "num" }, String(model.precision_floor)),
      element("td", { "data-name": "Replicas", class: "num" }, String(model.replicas)),
      element("td", { "data-name": "Pinned" }, model.pinned ? "yes" : "no"),
      element("td", {}, element("div", { class: "actions" },
        button(model.pinned ? "Unpin" : "Pin", () => api.change("PATCH", model.name, "", { pinned: !model.pinned })),
        button("Roll back", () => api.change("POST", model.name, "/rollback", {}), model.versions.length < 2),
        button("Drain", () => api.change("POST", model.name, "/drain", {}), drained),
        button("Remove", () => this.#remove(model.name)))));
  }

  /** Asked twice, since it cannot be taken back. */
  async #remove(name) {
    if (confirm(`Remove ${name} and all its versions?`)) await api.change("DELETE", name, "", {});
  }

  async #do(call) {
    try {
      await call();
      $("register-problem").hidden = true;
    } catch (failure) {
      $("register-problem").hidden = false;
      $("register-problem").textContent = failure.message;
    }
    await this.read();
  }
}
