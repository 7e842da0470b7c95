// Drives the console in a real Chromium and prints one line of JSON for each check.
//
//   node console.mjs ADDRESS DELTA [PICTURES]
//
// ADDRESS   of a fresh server of the demo with a store for registered variants
// DELTA     file of the demo's arithmetic variant, as the server sees it
// PICTURES  folder for screenshots; without it none are taken

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [address, delta, pictures] = process.argv.slice(2);
const PATIENCE = 60_000;
const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 900 };
const SUM = "941 - 766 =";

const profile = mkdtempSync(join(tmpdir(), "console-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  viewport: DESK,
  colorScheme: "light",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
context.setDefaultTimeout(PATIENCE);
const page = context.pages()[0];
const complaints = [];
page.on("pageerror", (failure) => complaints.push(failure.message));
page.on("console", (message) => {
  // The browser itself reports every refusal; those are looked at below.
  if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) complaints.push(message.text());
});

const check = (name, ok, found = null) => console.log(JSON.stringify({ name, ok: Boolean(ok), found }));
const view = (name) => page.getByRole("tab", { name }).click();
const state = (variant) => page.locator(`tr[data-variant="${variant}"] .pill`);
const answer = (variant) => page.locator(`article[data-variant="${variant}"]`);

async function untilText(locator, text) {
  await locator.filter({ hasText: text }).waitFor();
  return (await locator.innerText()).trim();
}

async function choose(...variants) {
  for (const box of await page.locator("#choices input").all()) {
    await box.setChecked(variants.includes(await box.inputValue()));
  }
}

async function ask(prompt, tokens) {
  await page.getByLabel("Prompt").fill(prompt);
  await page.getByLabel("Tokens at most").fill(String(tokens));
  await page.getByLabel("Prompt").press("Control+Enter");
}

async function answered(variant) {
  await page.locator(`article[data-variant="${variant}"]:not(.streaming)`).waitFor();
  return (await answer(variant).locator("pre").innerText()).trim();
}

async function picture(name, size = DESK, scheme = "light") {
  if (!pictures) return;
  await page.setViewportSize(size);
  if ((await page.evaluate(() => document.documentElement.dataset.theme)) !== scheme) await page.click("#theme");
  await page.mouse.move(0, 0);
  await page.evaluate(() => document.activeElement?.blur());
  await page.screenshot({ path: join(pictures, `${name}.png`), animations: "disabled" });
  await page.setViewportSize(DESK);
}

/** Whether the page is no wider than its window. */
const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);

async function startsCold() {
  await page.goto(address);
  await untilText(page.locator("#health"), "ready");
  await view("Variants");
  check("a tenant that nobody asked for is cold", await untilText(state("arithmetic"), "cold"));
  check("the base is told apart", await untilText(state("base"), "base"));
}

async function streams() {
  await view("Playground");
  await choose("arithmetic", "java_code", "wikisql");
  await page.evaluate(() => {
    window.growth = 0;
    new MutationObserver(() => window.growth++).observe(document.getElementById("answers"), { childList: true, subtree: true, characterData: true });
  });
  await ask(SUM, 48);
  const sum = await answered("arithmetic");
  check("an answer comes from the tenant that was asked", sum === `${SUM} 175`, sum);
  await answered("java_code");
  await answered("wikisql");
  const growth = await page.evaluate(() => window.growth);
  check("answers come piece by piece", growth > 10, growth);
  const foot = await answer("arithmetic").locator("footer").innerText();
  check("an answer says how fast it was", / tokens · first [0-9.]+ m?s/.test(foot), foot);
  await picture("playground");
  await picture("playground-phone", PHONE);
}

async function becomesHot() {
  await view("Variants");
  check("a tenant that was asked is hot", await untilText(state("arithmetic"), "hot"));
  check("one that was not stays cold", (await state("sgd_chat").innerText()) === "cold");
}

async function registersAndDrains() {
  await page.getByLabel("Name", { exact: true }).fill("sums");
  await page.getByLabel(/^Delta file/).fill("/nowhere/at/all.safetensors");
  await page.getByRole("button", { name: "Register or upgrade" }).click();
  check("a file that is not there is named", await untilText(page.locator("#register-problem"), "no delta file all.safetensors"));
  await page.getByLabel(/^Delta file/).fill(delta);
  await page.getByRole("button", { name: "Register or upgrade" }).click();
  const row = page.locator('tr[data-registered="sums"]');
  check("a variant is registered", await untilText(row.locator(".pill"), "served"));
  await page.locator("#register-problem").waitFor({ state: "hidden" });
  check("the problem goes away", true);
  await state("sums").waitFor();
  await picture("variants-dark", DESK, "dark");
  await picture("variants-phone", PHONE);

  await view("Playground");
  await page.locator('#choices input[value="sums"]').waitFor();
  await choose("sums");
  await ask(SUM, 8);
  const sum = await answered("sums");
  check("the registered variant answers", sum === `${SUM} 175`, sum);

  await view("Variants");
  await row.getByRole("button", { name: "Drain" }).click();
  check("a variant is drained", await untilText(row.locator(".pill"), "drained"));
  const refused = await page.request.post(`${address}/v1/completions`, { data: { model: "sums", prompt: SUM } });
  check("a drained variant takes no requests", refused.status() === 404, refused.status());
  await view("Playground");
  await page.locator('#choices input[value="sums"]').waitFor({ state: "detached" });
  check("a drained variant is offered no more", true);
}

async function worksByKeyboard() {
  await page.getByRole("tab", { name: "Playground" }).focus();
  await page.keyboard.press("ArrowRight");
  check("the arrow keys change the view", await page.locator("#variants").isVisible());
  await page.keyboard.press("ArrowRight");
  check("and the focus goes with them", await page.evaluate(() => document.activeElement.id === "tab-node"));
  const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  check("the focus can be seen", ring !== "none", ring);
  await page.keyboard.press("ArrowRight");
  await choose();
  await page.getByLabel("Prompt").press("Control+Enter");
  check("nothing chosen is said", await untilText(page.locator("#ask-problem"), "at least one"));
  await choose("arithmetic");
}

async function showsTheNode() {
  await ask(SUM, 8);
  await answered("arithmetic");
  await view("Node");
  const models = (await (await fetch(`${address}/v1/models`)).json()).data.length;
  const hot = await untilText(page.locator("#figures .figure", { hasText: "variants hot" }), `of ${models}`);
  check("the node counts its hot variants", !hot.startsWith("0"), hot);
  await view("Playground");
  await choose("arithmetic", "java_code", "wikisql", "banking77");
  await ask("Once upon a time", 400);
  await view("Node");
  await page.locator("#batch-legend", { hasText: "java_code" }).waitFor();
  check("the batch shows who is in it", true);
  await picture("node");
  await picture("node-dark", DESK, "dark");
  await view("Playground");
  await page.getByRole("button", { name: "Stop" }).click();
  check("an answer can be stopped", await untilText(answer("java_code").locator("footer"), /stopped|length|stop/));
}

/** Also what is wide has room: a field that is not there would fit, too. */
async function registersOnAPhone() {
  await page.setViewportSize(PHONE);
  await view("Variants");
  check("a phone can name a delta file", await page.getByLabel(/^Delta file/).isVisible());
  page.once("dialog", (dialog) => dialog.accept());
  await page.locator('tr[data-registered="sums"]').getByRole("button", { name: "Remove" }).click();
  check("a variant is removed", await untilText(page.locator("#registered-rows"), "None yet"));
}

async function saysWhatIsWrong() {
  await page.setViewportSize(DESK);
  await page.route("**/metrics", (route) => route.fulfill({ status: 401, contentType: "application/json", body: "{}" }));
  await page.reload();
  check("a missing key is said", await untilText(page.locator("#health"), "needs a key"));
  await view("Variants");
  check("and where to give it", await untilText(page.locator("#variant-rows"), "scope admin"));
  await page.getByRole("button", { name: "Key" }).click();
  await page.getByLabel("Key", { exact: true }).fill("a-key");
  await page.keyboard.press("Enter");
  // The dialog tells that it was closed in a task of its own.
  await page.waitForFunction(() => Object.values(sessionStorage).includes("a-key"));
  check("a key stays in its tab", await page.evaluate(() => !Object.values(localStorage).includes("a-key")));
}

async function fitsAPhone() {
  await page.setViewportSize(PHONE);
  for (const name of ["Playground", "Variants", "Node"]) {
    await view(name);
    check(`${name} fits a phone`, await fits());
  }
}

try {
  await startsCold();
  await streams();
  await becomesHot();
  await registersAndDrains();
  await worksByKeyboard();
  await showsTheNode();
  await fitsAPhone();
  await registersOnAPhone();
  await saysWhatIsWrong();
  check("the page had nothing to complain about", complaints.length === 0, complaints);
} catch (failure) {
  check("the script ran to its end", false, String(failure.stack));
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
