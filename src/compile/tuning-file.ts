// The file in which Node keeps the fastest ways: tuning.json in the folder of downloads. It saves time and is never needed: a file
// that cannot be read or written counts as missing, and its entries are numbers of ways.

import { builtin, homeFolder, attempt } from "../wasm/host.js";
import { runtime } from "../wasm/runtime.js";
import { fingerprint } from "../wasm/table.js";

interface NodeFs {
  statSync(path: string): { size: number };
  readFileSync(path: string, encoding: "utf8"): string;
  existsSync(path: string): boolean;
  mkdirSync(path: string): unknown;
  writeFileSync(path: string, text: string, options: { flag: "wx" }): void;
  renameSync(from: string, to: string): void;
  rmSync(path: string, options: { force: true }): void;
}

interface NodeOs {
  cpus(): { model: string }[];
  arch(): string;
  homedir(): string;
}

interface NodePath {
  join(...parts: string[]): string;
  dirname(path: string): string;
}

/** We neither read nor write more than this. Entries of the machine used least recently are dropped first. */
const MOST_BYTES = 1 << 20;
/** Most machines, and most choices of one: the latest stay. A network has about twenty. */
const MOST_MACHINES = 16;
const MOST_CHOICES = 1000;
const MOST_WAYS = 64;

type Choices = ReadonlyMap<string, number>;

interface Place {
  fs: NodeFs;
  paths: NodePath;
  /** Path of the file. */
  path: string;
  /** The conditions under which times are comparable: processor, threads, binary, engine, kernels. */
  machine: string;
}

/** undefined outside Node. */
function place(): Place | undefined {
  const [fs, os] = [builtin<NodeFs>("node:fs"), builtin<NodeOs>("node:os")];
  const paths = builtin<NodePath>("node:path");
  const engine = globalThis.process?.versions?.["v8"];
  if (!fs || !os || !paths || !engine || "Deno" in globalThis) return undefined; // Deno would ask the user for permission
  return attempt(() => {
    const { threads, binary, simd256 } = runtime();
    const vectors = simd256 ? "simd256" : binary;
    const cpu = `${os.cpus()[0]?.model.trim()} ${os.arch()}`;
    const path = paths.join(homeFolder(os.homedir, paths.join), "tuning.json");
    const machine = [cpu, `threads ${threads}`, vectors, `v8 ${engine}`, `kernels ${fingerprint}`];
    return { fs, paths, path, machine: machine.join(", ") };
  }, undefined);
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isWay = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < MOST_WAYS;

/** The file's entries for each machine, the latest one last; empty if it is not such a file. */
function read({ fs, path }: Place): Map<string, Choices> {
  const machines = attempt(() => {
    if (fs.statSync(path).size > MOST_BYTES) return {};
    return (JSON.parse(fs.readFileSync(path, "utf8")) as { machines?: unknown } | null)?.machines;
  }, {});
  if (!isObject(machines)) return new Map();
  const choices = (ways: unknown): Choices =>
    new Map(isObject(ways) ? Object.entries(ways).filter((entry) => isWay(entry[1])) : []);
  return new Map(Object.entries(machines).map(([machine, ways]) => [machine, choices(ways)]));
}

/** Earlier results of this machine, with this many threads and the same kernels. */
export function readChoices(): Map<string, number> {
  const here = place();
  return new Map(here && read(here).get(here.machine));
}

/** Makes folders one after the other: with `recursive`, Node may never return on a file system that makes no folders. */
function makeFolder(path: string, fs: NodeFs, paths: NodePath): void {
  if (fs.existsSync(path)) return;
  const above = paths.dirname(path);
  if (above !== path) makeFolder(above, fs, paths);
  fs.mkdirSync(path);
}

/** Keeps results, in addition to those that other processes have kept in the meantime. */
export function writeChoices(found: Choices): void {
  const here = place();
  if (!here) return;
  const { fs, paths, path, machine } = here;
  const all = read(here);
  const own = new Map([...(all.get(machine) ?? []), ...found]);
  all.delete(machine);
  const others = [...all].slice(-(MOST_MACHINES - 1));
  const kept: [string, Choices][] = [...others, [machine, new Map([...own].slice(-MOST_CHOICES))]];
  const textOf = (): string => {
    const machines = Object.fromEntries(kept.map(([name, ways]) => [name, Object.fromEntries(ways)]));
    return `${JSON.stringify({ machines }, null, 1)}\n`;
  };
  let text = textOf();
  while (text.length > MOST_BYTES && kept.length > 0) {
    kept.shift();
    text = textOf();
  }
  const aside = `${path}.${globalThis.crypto.randomUUID()}.fovea-tmp`;
  attempt(() => {
    makeFolder(paths.dirname(path), fs, paths);
    fs.writeFileSync(aside, text, { flag: "wx" });
    fs.renameSync(aside, path);
  }, undefined);
  attempt(() => fs.rmSync(aside, { force: true }), undefined);
}
