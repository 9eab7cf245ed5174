// What a page's worker does to be measured, as page.ts starts it: fovea, or ONNX Runtime from the files beside it.

import { init } from "../../src/index.js";
import { contender, type Contender } from "../contender.js";
import { convCases } from "../suites/conv.js";
import { gemmCases } from "../suites/gemm.js";
import { inferCases, trainCases } from "../suites/models.js";
import type { Library, Work } from "./library.js";
import { ortLibrary, type ORT } from "./ort.js";
import type { Answer, PeerRequest } from "./peer.js";

export type PageRequest = { start: string; threads: number; version: string } | PeerRequest;

function fovea(threads: number): Library {
  const { binary, threads: got } = init({ threads });
  if (got !== threads) throw new Error(`got ${got} threads; expected ${threads}`);
  const cases = [gemmCases, convCases, trainCases, inferCases].flat();
  return {
    version: `fovea, ${binary}, threads ${got}`,
    prepare(workload) {
      const wanted = JSON.stringify(workload);
      const found = cases.find((each) => JSON.stringify(each.workload) === wanted);
      return found ? found.prepare() : "not measured in pages";
    },
  };
}

async function ortHere(threads: number, version: string): Promise<Library> {
  const path = "/ort/ort.wasm.min.mjs";
  const api = (await import(path)) as ORT;
  api.env.wasm.wasmPaths = "/ort/";
  return ortLibrary(api, version, threads);
}

let library: Library;
let work: Work | undefined;
let timed: Contender;

async function respond(request: PageRequest): Promise<Answer> {
  if ("start" in request) {
    const { start, threads, version } = request;
    library = start.startsWith("ort") ? await ortHere(threads, version) : fovea(threads);
    return { version: library.version };
  }
  if ("prepare" in request) {
    const found = await library.prepare(request.prepare);
    if (typeof found === "string") return { skip: found };
    work = found;
    timed = contender("", () => found.run());
    return {};
  }
  if ("time" in request) return { ms: await timed.time(request.time) };
  await work?.dispose();
  work = undefined;
  return {};
}

addEventListener("message", ({ data }: MessageEvent<PageRequest>) => {
  respond(data).then(
    (answer) => postMessage(answer),
    (error: unknown) => postMessage({ error: String(error) }),
  );
});
