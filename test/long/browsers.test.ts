// Training steps in browsers, with threads and without: the weights are Node's to the last bit. Looks for `chromium` and
// `firefox` (or `firefox-esr`) on the PATH; FOVEA_CHROMIUM and FOVEA_FIREFOX name others.

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { init } from "../../src/index.js";
import { root } from "../helpers/run-source.js";
import { trainingSteps } from "./steps.js";

const timeout = 180_000;

/** The first of the commands that runs, or nothing. */
function found(...commands: (string | undefined)[]): string | undefined {
  return commands.find((name) => name && spawnSync(name, ["--version"]).status === 0);
}

const browsers = {
  chromium: found(process.env["FOVEA_CHROMIUM"], "chromium", "google-chrome"),
  firefox: found(process.env["FOVEA_FIREFOX"], "firefox", "firefox-esr"),
};

const page = `<!doctype html><title>fovea</title><script type="module">
import { init, trainingSteps } from "./bundle.js";
const report = async () => {
  const { threads } = init({ binary: "simd", threads: 2 });
  return { threads, weights: [...(await trainingSteps())] };
};
report().catch((error) => ({ error: String(error.stack ?? error) }))
  .then((result) => fetch("/result", { method: "POST", body: JSON.stringify(result) }));
</script>`;

interface Result {
  threads: number;
  weights: number[];
  error?: string;
}

let bundle: string;
let server: Server;
let isolated = false;
let arrived: (result: Result) => void = () => undefined;

beforeAll(async () => {
  const contents =
    'export { init } from "./src/index.js"; export { trainingSteps } from "./test/long/steps.js";';
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root, loader: "ts" },
    bundle: true,
    format: "esm",
    platform: "browser",
    write: false,
  });
  bundle = outputFiles[0]!.text;
  server = createServer((request, response) => {
    if (request.method === "POST") {
      let body = "";
      request.on("data", (part) => (body += part));
      request.on("end", () => arrived(JSON.parse(body) as Result));
      return void response.end();
    }
    const script = request.url === "/bundle.js";
    response.writeHead(request.url === "/" || script ? 200 : 404, {
      "Content-Type": script ? "text/javascript" : "text/html",
      ...(isolated && {
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
      }),
    });
    response.end(script ? bundle : request.url === "/" ? page : "");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => server.close());

/** What the page reports in a browser with a profile of its own. */
async function visit(name: keyof typeof browsers): Promise<Result> {
  const profile = mkdtempSync(join(tmpdir(), "fovea-browser-"));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  writeFileSync(
    join(profile, "user.js"),
    'user_pref("datareporting.policy.dataSubmissionEnabled", false);\n',
  );
  const args = {
    chromium: ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${profile}`, url],
    firefox: ["--headless", "--no-remote", "--profile", profile, url],
  }[name];
  const result = new Promise<Result>((resolve) => (arrived = resolve));
  const child = spawn(browsers[name]!, args, { stdio: "ignore", detached: true });
  try {
    return await result;
  } finally {
    process.kill(-child.pid!); // the browser and the processes it started
    await new Promise((resolve) => child.once("exit", resolve));
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

const hash = (weights: ArrayLike<number>): string =>
  createHash("sha256").update(Float32Array.from(weights)).digest("hex");

describe.each(["chromium", "firefox"] as const)("%s", (name) => {
  it.skipIf(!browsers[name]).each([
    [true, 2],
    [false, 1],
  ])("isolated %s: trains on %i threads to Node's bits", { timeout }, async (isolate, threads) => {
    init({ binary: "simd", threads: 1 });
    const want = hash(await trainingSteps());
    isolated = isolate;
    const result = await visit(name);
    expect(result.error).toBeUndefined();
    expect(result.threads).toBe(threads);
    expect(hash(result.weights)).toBe(want);
  });
});
