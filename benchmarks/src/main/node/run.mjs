// Runs llama.cpp as node-llama-cpp ships it: it picks the library that was built for this kind of
// processor. Reads the task from the file of the first argument and writes the result to the file
// of the second, as Driver does in the JVM.

import {readFile, writeFile} from "node:fs/promises";
import {fileURLToPath} from "node:url";
import {getLlama, LlamaLogLevel} from "node-llama-cpp";

const FIRST_TOKENS = 32;
const RUNS_MAX = 1000;

const [taskFile, resultFile] = process.argv.slice(2);
const task = JSON.parse(await readFile(taskFile, "utf8"));
const {work} = task;

/** Tokens that a sequence decodes after the one that its prompt yields. */
const tokens = work.tokens ?? 0;

const llama = await getLlama({
  gpu: false,
  build: "never",
  maxThreads: task.threads,
  logLevel: LlamaLogLevel.warn
});
const model = await llama.loadModel({modelPath: fileURLToPath(task.model.gguf), gpuLayers: 0});
const prompt = [model.tokens.bos, ...model.tokenize(task.prompt)];

function createContext(sequences, options) {
  return model.createContext({
    sequences,
    contextSize: prompt.length + tokens + 2,
    batchSize: sequences * prompt.length, // a prompt is evaluated at once
    threads: task.threads,
    experimentalKvCacheKeyType: "F32",
    experimentalKvCacheValueType: "F32",
    ...options
  });
}

/** Decodes from an empty cache; returns when it began, and each token with its moment. */
async function decode(sequence) {
  await sequence.clearHistory();
  const began = performance.now();
  const decoded = [];
  for await (const id of sequence.evaluate(prompt, {temperature: 0, yieldEogToken: true})) {
    decoded.push({id, milliseconds: performance.now()});
    if (decoded.length > tokens) break; // the prompt yielded the first
  }
  return {began, decoded};
}

async function inTurn(sequences) {
  const rows = [];
  for (const sequence of sequences) rows.push(await decode(sequence));
  return rows;
}

/** Tokens per second while every sequence is decoding, as TokenClock defines it. */
function sideBySideTokensPerSecond(rows) {
  const start = Math.max(...rows.map(({decoded}) => decoded[0].milliseconds));
  const end = Math.min(...rows.map(({decoded}) => decoded.at(-1).milliseconds));
  const counted = rows
    .flatMap(({decoded}) => decoded)
    .filter((token) => token.milliseconds > start && token.milliseconds <= end);
  return (counted.length * 1e3) / (end - start);
}

/** Tokens per second while any sequence is decoding, one after another, as TokenClock does. */
function inTurnTokensPerSecond(rows) {
  const busy = rows.map(({decoded}) => decoded.at(-1).milliseconds - decoded[0].milliseconds);
  return (rows.length * tokens * 1e3) / busy.reduce((sum, one) => sum + one);
}

/** From an empty cache to the first token. */
function promptTokensPerSecond([{began, decoded}]) {
  return (prompt.length * 1e3) / (decoded[0].milliseconds - began);
}

/** Opens what a kind of work needs; run does it once, tokensPerSecond counts it. */
async function open() {
  switch (work.kind) {
    case "decode": {
      const context = await createContext(work.batch);
      const sequences = Array.from({length: work.batch}, () => context.getSequence());
      return {
        run: () => Promise.all(sequences.map(decode)),
        tokensPerSecond: sideBySideTokensPerSecond
      };
    }
    case "lora-adapters": {
      const baseContext = await createContext(1);
      const base = await decode(baseContext.getSequence());
      await baseContext.dispose();
      const sequences = [];
      for (const {gguf} of task.model.adapters.slice(0, work.fineTunes)) {
        const adapters = [{filePath: fileURLToPath(gguf), scale: 1}];
        const context = await createContext(1, {lora: {adapters}});
        sequences.push(context.getSequence());
      }
      return {
        base,
        run: () => inTurn(sequences),
        tokensPerSecond: inTurnTokensPerSecond
      };
    }
    case "prefill": {
      const context = await createContext(1);
      const sequence = context.getSequence();
      return {run: () => inTurn([sequence]), tokensPerSecond: promptTokensPerSecond};
    }
    default:
      throw new Error(`no work of the kind ${work.kind} is known here`);
  }
}

const engine = await open();

/** Makes at least one run, and more until the time is up. */
async function runs(seconds) {
  const speeds = [];
  const until = performance.now() + seconds * 1e3;
  let rows;
  do {
    rows = await engine.run();
    speeds.push(engine.tokensPerSecond(rows));
  } while (performance.now() < until && speeds.length < RUNS_MAX);
  return {speeds, rows};
}

function beginning({decoded}) {
  return decoded.slice(0, FIRST_TOKENS).map((token) => token.id);
}

await runs(task.warmUpSeconds);
const {speeds, rows} = await runs(task.measureSeconds);
await writeFile(
  resultFile,
  JSON.stringify({
    tokensPerSecond: speeds,
    promptTokens: prompt,
    firstTokens: rows.map(beginning),
    baseTokens: engine.base ? beginning(engine.base) : []
  })
);
process.exit(0);
