// Run by weights.test.ts in a process of its own: loads a file into a model three times and prints the seconds of the
// fastest, and by how many bytes the process's memory grew, at its peak.

import { createModel } from "../../src/index.js";
import { loadWeights } from "../../src/node/weights.js";
import { init } from "../../src/wasm/runtime.js";

init({ threads: 1 });
const [name, path] = process.argv.slice(2) as [string, string];
const model = createModel(name);
for (const p of model.parameters()) void p.compute(); // the system gives the model its memory when it is written
const peak = (): number => process.resourceUsage().maxRSS * 1024;
globalThis.gc?.();
const before = process.memoryUsage.rss();
let seconds = Infinity;
let grown = 0;
for (let i = 0; i < 3; i++) {
  const begin = performance.now();
  await loadWeights(model, path);
  seconds = Math.min(seconds, (performance.now() - begin) / 1000);
  grown ||= peak() - before;
  globalThis.gc?.();
}
console.log(JSON.stringify({ seconds, grown }));
