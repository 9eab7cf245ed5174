// The contract's exit codes, of every command: 0 if all is well, 1 after a failure, 2 for a command line that cannot be meant so,
// 130 after Ctrl-C, a kill or a terminal that closes.

import { spawn } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { programOf } from "../../src/cli/program.js";
import { createModel, init } from "../../src/index.js";
import { configOf, saveModel } from "../../src/node.js";
import { png } from "../helpers/pictures.js";
import { command, foveaHere } from "./run.js";
import { isLong } from "../helpers/ring.js";

const top = mkdtempSync(join(tmpdir(), "fovea-exit-"));
const at = (path: string): string => join(top, path);
const root = fileURLToPath(new URL("../..", import.meta.url));
/** Of each class, in the folder that keeps a command busy. */
const MANY = 4000;

beforeAll(async () => {
  init({ threads: 1 });
  const model = createModel("lenet5", { numClasses: 2, inChannels: 3 });
  const preparation = { inputSize: [28, 28, 3], cropPct: 1, interpolation: "bilinear", mean: [0, 0, 0], std: [1, 1, 1] } as const; // prettier-ignore
  await saveModel(at("model"), model, configOf("lenet5", preparation, { classes: ["a", "b"] }));
  model.dispose();
  for (const [blue, name] of ["a", "b"].entries()) {
    mkdirSync(at(`photos/${name}`), { recursive: true });
    mkdirSync(at(`many/${name}`), { recursive: true });
    for (let i = 0; i < 6; i++)
      writeFileSync(at(`photos/${name}/${i}.png`), png(28, 28, [30 * i, 9, 200 * blue]));
    writeFileSync(at(`many/${name}/0.png`), png(400, 300, [9, 9, 200]));
    for (let i = 1; i < MANY; i++) linkSync(at(`many/${name}/0.png`), at(`many/${name}/${i}.png`));
  }
  mkdirSync(at("empty"));
  mkdirSync(at("broken/a"), { recursive: true });
  writeFileSync(at("broken/a/0.png"), "no picture");
  writeFileSync(at("features.csv"), "file,f0,f1\na.png,1,0\nb.png,0,1\n");
  writeFileSync(at("cut.csv"), "file,f0,f1\na.png,1\n");
  writeFileSync(at("undo.csv"), "no list");
});
afterAll(() => rmSync(top, { recursive: true }));

const looks = ["--model", at("model"), "--workers", "0", "--threads", "1"];
const trains = ["--model", "lenet5", "--threads", "1", "--workers", "0", "--batch-size", "2"];

interface Row {
  ok: string[];
  fails?: string[];
  wrong: string[];
  /** Takes long enough to be interrupted. */
  busy?: string[];
}

const ROWS: Record<string, Row> = {
  train: {
    ok: [at("photos"), ...trains, "--epochs", "1", "--out", at("run")],
    fails: [at("empty"), ...trains, "--out", at("none")],
    wrong: [at("photos"), "--epochs", "0"],
    busy: [at("many"), ...trains, "--out", at("busy")],
  },
  eval: {
    ok: [at("photos"), ...looks],
    fails: [at("broken"), ...looks],
    wrong: [at("photos"), ...looks, "--split", "test"],
    busy: [at("many"), ...looks],
  },
  predict: {
    ok: [at("photos"), ...looks],
    fails: [at("broken"), ...looks],
    wrong: [at("photos"), ...looks, "--json", "--csv"],
    busy: [at("many"), ...looks],
  },
  undo: { ok: [], fails: [at("undo.csv")], wrong: [] },
  features: {
    ok: [at("photos"), ...looks, "--out", at("out.csv")],
    fails: [at("broken"), ...looks, "--out", at("out.csv")],
    wrong: [at("photos"), ...looks, "--out", at("out.txt")],
    busy: [at("many"), ...looks, "--out", at("many.csv")],
  },
  similar: {
    ok: ["--in", at("features.csv")],
    fails: ["--in", at("cut.csv")],
    wrong: ["--in", at("features.csv"), "--topk", "0"],
    busy: ["--in", at("many"), ...looks],
  },
  export: {
    ok: [at("model"), "--out", at("exported")],
    fails: [at("empty"), "--out", at("exported")],
    wrong: [at("model")],
  },
  "lr-find": {
    ok: [at("photos"), ...trains, "--steps", "10"],
    fails: [at("empty"), ...trains],
    wrong: [at("photos"), ...trains, "--steps", "1"],
    busy: [at("many"), ...trains, "--steps", "100000"],
  },
  models: { ok: ["lenet"], wrong: ["nosuchmodel"] },
  bench: {
    ok: ["lenet5", "--threads", "1"],
    fails: ["lenet5", "--weights", at("cut.csv")],
    wrong: ["lenet5", "--batch-size", "0"],
    busy: ["resnet18", "--threads", "1", "--batch-size", "1,2,3,4,5"],
  },
  check: { ok: [at("photos")], fails: [at("broken")], wrong: [], busy: [at("many")] },
  "augment-sheet": {
    ok: [at("photos/a/0.png"), "--out", at("sheet.png")],
    fails: [at("broken/a/0.png"), "--out", at("sheet.png")],
    wrong: [],
  },
};

it("every command has a row", () => {
  expect(Object.keys(ROWS).sort()).toEqual(programOf().commands.map((one) => one.name()).sort()); // prettier-ignore
});

/** Copies photos and returns the list with which that is taken back. */
async function listOfCopies(): Promise<string> {
  await foveaHere("predict", at("photos"), ...looks, "--copy", at("sorted"), "--yes");
  return join(
    at("sorted"),
    readdirSync(at("sorted")).find((file) => file.startsWith("undo-"))!,
  );
}

describe.each(Object.entries(ROWS))("fovea %s", (name, { ok, fails, wrong }) => {
  it("exits with 0 where all is well", async () => {
    const args = name === "undo" ? [await listOfCopies()] : ok;
    const { status, stderr } = await foveaHere(name, ...args);
    expect([status, stderr]).toEqual([0, expect.not.stringContaining("    at ")]);
  });

  it.runIf(fails)(`exits with 1: ${fails?.join(" ")}`, async () => {
    const { status, stdout, stderr } = await foveaHere(name, ...fails!);
    expect([status, stderr]).toEqual([1, expect.not.stringContaining("    at ")]);
    expect(stdout + stderr).not.toBe("");
  });

  it(`exits with 2: ${wrong.join(" ")}`, async () => {
    const { status, stdout, stderr } = await foveaHere(name, ...wrong);
    expect([status, stdout, stderr]).toEqual([2, "", expect.stringMatching(/^fovea: .+\n$/)]);
  });
});

/** Seconds that a process has computed, several times what it takes to start; where there is no /proc, two in five on the clock. */
function secondsOf(pid: number, started: number): number {
  try {
    const [user, system] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ").slice(11);
    return (Number(user) + Number(system)) / 100;
  } catch {
    return (performance.now() - started) / 2500;
  }
}

/** The exit code of a process that gets the signal once it is at work: some say nothing for ten seconds. */
async function interrupted(signal: NodeJS.Signals, args: string[]): Promise<unknown> {
  const child = spawn(process.execPath, command(...args), { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const started = performance.now();
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (text: Buffer) => (said += String(text)));
  const timer = setInterval(() => {
    if (!said && secondsOf(child.pid!, started) < 2) return;
    clearInterval(timer);
    setTimeout(() => child.kill(signal), 300);
  }, 20);
  const code = await new Promise((resolve) => child.on("close", (status, by) => resolve(status ?? by)));
  clearInterval(timer);
  return code;
}

const rows = Object.entries(ROWS).flatMap(([name, { busy }]) => (busy ? [[name, busy] as const] : []));

const OFTEN = ["train", "predict"];
it.each(rows.filter(([name]) => isLong || OFTEN.includes(name)))(
  "fovea %s exits with 130 after Ctrl-C",
  async (name, args) => {
    expect(await interrupted("SIGINT", [name, ...args])).toBe(130);
  },
);

it.each(["SIGTERM", "SIGHUP"] as const)("fovea train saves a checkpoint after %s", async (signal) => {
  const out = at(signal);
  const args = ["train", at("many"), ...trains, "--out", out];
  expect(await interrupted(signal, args)).toBe(130);
  expect(existsSync(join(out, "checkpoint/training.safetensors"))).toBe(true);
});
