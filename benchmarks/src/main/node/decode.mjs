// Decodes with llama.cpp as node-llama-cpp ships it: it picks the library that was built for this
// kind of processor. Reads the task from the file of the first argument and writes the result to
// the file of the second, as DecodeDriver does in the JVM.

import {readFile, writeFile} from "node:fs/promises";
import {fileURLToPath} from "node:url";
import {getLlama, LlamaLogLevel} from "node-llama-cpp";

const FIRST_TOKENS = 32;
const RUNS_MAX = 1000;

const [taskFile, resultFile] = process.argv.slice(2);
const task = JSON.parse(await readFile(taskFile, "utf8"));

const llama = await getLlama({
  gpu: false,
  build: "never",
  maxThreads: task.threads,
  logLevel: LlamaLogLevel.warn
});
const model = await llama.loadModel({modelPath: fileURLToPath(task.model.gguf), gpuLayers: 0});
const prompt = [model.tokens.bos, ...model.tokenize(task.prompt)];
const context = await model.createContext({
  sequences: task.batch,
  contextSize: prompt.length + task.tokens + 2,
  threads: task.threads,
  experimentalKvCacheKeyType: "F32",
  experimentalKvCacheValueType: "F32"
});
const sequences = Array.from({length: task.batch}, () => context.getSequence());

/** Decodes one sequence greedily; returns each token with the moment it appeared. */
async function decode(sequence) {
  await sequence.clearHistory();
  const decoded = [];
  const tokens = sequence.evaluate(prompt, {temperature: 0, yieldEogToken: true});
  for await (const id of tokens) {
    decoded.push({id, milliseconds: performance.now()});
    if (decoded.length > task.tokens) break; // the prompt yielded the first
  }
  return decoded;
}

/** Tokens per second while every sequence is decoding, as DecodeClock defines it. */
function tokensPerSecond(batch) {
  const start = Math.max(...batch.map((row) => row[0].milliseconds));
  const end = Math.min(...batch.map((row) => row.at(-1).milliseconds));
  const counted = batch.flat().filter((t) => t.milliseconds > start && t.milliseconds <= end);
  return (counted.length * 1e3) / (end - start);
}

/** Makes at least one run, and more until the time is up. */
async function runs(seconds) {
  const speeds = [];
  const until = performance.now() + seconds * 1e3;
  let first;
  do {
    const batch = await Promise.all(sequences.map(decode));
    first = batch[0].map((token) => token.id);
    speeds.push(tokensPerSecond(batch));
  } while (performance.now() < until && speeds.length < RUNS_MAX);
  return {speeds, first};
}

await runs(task.warmUpSeconds);
const {speeds, first} = await runs(task.measureSeconds);
await writeFile(
  resultFile,
  JSON.stringify({
    tokensPerSecond: speeds,
    promptTokens: prompt,
    firstTokens: first.slice(0, FIRST_TOKENS)
  })
);
process.exit(0);
