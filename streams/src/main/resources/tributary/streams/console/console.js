// The console: tabs, theme, key, and one reading of the node each second.

import * as api from "./api.js";
import { Admin } from "./admin.js";
import { colours } from "./draw.js";
import { drawNode, drawVariants } from "./live.js";
import { History, Sample, parse } from "./metrics.js";
import { Playground } from "./playground.js";

const $ = (id) => document.getElementById(id);
const EVERY_MILLIS = 1000;
const MODELS_EVERY = 5;
const VIEWS = ["playground", "variants", "node"];

const history = new History();
const playground = new Playground();
const admin = new Admin();
let models = [];
let palette = new Map();

function show(view) {
  for (const name of VIEWS) {
    const tab = $(`tab-${name}`);
    tab.setAttribute("aria-selected", String(name === view));
    tab.tabIndex = name === view ? 0 : -1;
    $(name).hidden = name !== view;
  }
  window.history.replaceState(null, "", `#${view}`);
  draw();
}

function draw() {
  if (!history.latest) return;
  if (!$("variants").hidden) drawVariants(models, history, palette);
  if (!$("node").hidden) drawNode(models, history, palette);
}

async function readModels() {
  const now = await api.models();
  if (JSON.stringify(now.map((m) => m.id)) === JSON.stringify(models.map((m) => m.id))) return;
  models = now;
  palette = colours(models.map((model) => model.id));
  playground.offer(models, palette);
}

function sayHealth(text, kind) {
  $("health").textContent = text;
  $("health").className = `pill ${kind}`;
}

async function tick(count) {
  try {
    const { ready, reason } = await api.readiness();
    if (count % MODELS_EVERY === 0) await readModels();
    if (!$("variants").hidden) await admin.read();
    history.add(new Sample(performance.now() / 1000, parse(await api.metrics())));
    sayHealth(reason, ready ? "ready" : "waiting");
    draw();
  } catch (failure) {
    const locked = failure instanceof api.Refused && (failure.status === 401 || failure.status === 403);
    sayHealth(locked ? "needs a key" : "no answer", "bad");
    const why = locked ? "These figures need a key with the scope admin: see Key above." : "The server does not answer; still trying.";
    for (const place of document.querySelectorAll("[data-waiting]")) place.textContent = why;
  } finally {
    setTimeout(() => tick(count + 1), EVERY_MILLIS);
  }
}

function theme(next) {
  document.documentElement.dataset.theme = next;
  localStorage.setItem("tributary.theme", next);
}

for (const name of VIEWS) {
  $(`tab-${name}`).addEventListener("click", () => show(name));
}
document.querySelector("nav").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const at = VIEWS.findIndex((name) => !$(name).hidden);
  const next = VIEWS[(at + step + VIEWS.length) % VIEWS.length];
  show(next);
  $(`tab-${next}`).focus();
});
$("theme").addEventListener("click", () => theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
$("key").addEventListener("click", () => {
  $("key-value").value = api.key();
  $("key-dialog").showModal();
});
$("key-cancel").addEventListener("click", () => $("key-dialog").close("cancel"));
$("key-dialog").addEventListener("close", () => {
  if ($("key-dialog").returnValue === "keep") api.keepKey($("key-value").value.trim());
});

theme(localStorage.getItem("tributary.theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
show(VIEWS.find((name) => `#${name}` === location.hash) ?? "playground");
tick(0);
