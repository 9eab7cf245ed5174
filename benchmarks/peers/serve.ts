// One JavaScript library in its own process, started by remote.ts: libraries change globals, and each other's choices. Uses
// the protocol of torch_bench.py. Arguments: implementation, threads.

import { createInterface } from "node:readline";
import { contender } from "../contender.js";
import type { Workload } from "../workload.js";
import { jaxJs } from "./jax.js";
import type { Library, Work } from "./library.js";
import { ortLibrary, type ORT } from "./ort.js";
import { load, versionOf } from "./packages.js";
import { tfjs } from "./tfjs.js";

const ort = async (name: string, threads: number): Promise<Library> =>
  ortLibrary(await load<ORT>(name), await versionOf(name), threads);

const libraries: Record<string, (threads: number) => Promise<Library>> = {
  "tfjs-wasm": () => tfjs("wasm"),
  "tfjs-cpu": () => tfjs("cpu"),
  "ort-web": (threads) => ort("onnxruntime-web", threads),
  "ort-native": (threads) => ort("onnxruntime-node", threads),
  "jax-js": () => jaxJs(),
};

interface Request {
  prepare?: Workload;
  time?: number;
}

const [impl = "", threads] = process.argv.slice(2);
console.log = console.info = console.error; // stdout is for answers
const answer = (value: object): void => void process.stdout.write(JSON.stringify(value) + "\n");

let work: Work | undefined;
let time: (calls: number) => number | Promise<number>;

async function respond(library: Library, { prepare, time: calls }: Request): Promise<object> {
  if (prepare) {
    const found = await library.prepare(prepare);
    if (typeof found === "string") return { skip: found };
    work = found;
    ({ time } = contender(impl, () => found.run()));
    return {};
  }
  if (calls !== undefined) return { ms: await time(calls) };
  await work?.dispose();
  work = undefined;
  return {};
}

async function attempt(make: () => Promise<object>): Promise<void> {
  try {
    answer(await make());
  } catch (error) {
    answer({ error: (error as Error).message.split("\n")[0] });
  }
}

let library: Library;
await attempt(async () => {
  library = await libraries[impl]!(Number(threads));
  return { version: library.version };
});
for await (const line of createInterface({ input: process.stdin })) {
  await attempt(() => respond(library, JSON.parse(line) as Request));
}
process.exit(0); // the library may have left something running
