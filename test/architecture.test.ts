// What may import what, how long a file may be, and what may not be written at all (CONTRIBUTING.md, "folders").

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { abi } from "../src/wasm/table.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const SKIP = new Set([
  "node_modules",
  "dist",
  "build",
  "runs",
  "generated",
  "binaries.ts",
  "table.ts",
  "jpeg-table.ts",
  "worker-text.ts",
]);

function filesOf(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (SKIP.has(entry.name)) return [];
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesOf(path) : /\.(ts|mjs)$/.test(path) ? [path] : [];
  });
}

const sources = new Map(
  ["src", "kernels", "test", "examples", "benchmarks"]
    .flatMap(filesOf)
    .map((path) => [path, readFileSync(join(root, path), "utf8")]),
);

/** Layers that run everywhere, and that any layer above them may import. */
const NEUTRAL = "errors core compile ops nn optim data io models onnx pretrained train wasm vendor".split(
  " ",
);

/** Layer of a file → layers it may import, besides its own. */
const LAYERS: Record<string, readonly string[]> = {
  vendor: [],
  version: [],
  errors: [],
  wasm: ["errors", "vendor"],
  core: ["errors", "wasm"],
  ops: ["errors", "core", "wasm"],
  "tensor-methods": ["core", "ops"],
  nn: ["errors", "core", "ops", "tensor-methods"],
  optim: ["errors", "core", "wasm"],
  data: ["errors", "core", "wasm", "vendor"],
  io: ["errors", "core"],
  models: ["errors", "core", "ops", "nn", "data"],
  compile: ["errors", "core", "ops", "nn", "wasm"],
  onnx: ["errors", "core", "ops", "nn", "data", "models", "vendor", "version"],
  train: ["errors", "core", "compile", "ops", "tensor-methods", "nn", "optim", "data", "io"],
  pretrained: ["errors", "core", "nn", "data", "io", "models"],
  node: [...NEUTRAL, "version"],
  mpi: ["errors", "core"],
  web: NEUTRAL,
  cli: [...NEUTRAL, "version", "node", "mpi"],
  entries: ["data", "tensor-methods", "train"],
  index: [
    "entries",
    "errors",
    "core",
    "compile",
    "ops",
    "tensor-methods",
    "nn",
    "optim",
    "data",
    "io",
    "models",
    "train",
    "wasm",
  ],
};

/** The same for families of kernels; files beside the folders are below all of them, index.ts above. */
const FAMILIES: Record<string, readonly string[]> = {
  tile: [],
  product: ["tile", "elementwise"],
  winograd: ["tile", "product", "elementwise"],
  depthwise: ["elementwise"],
  pool: [],
  elementwise: [],
  reduce: [],
  norm: ["elementwise"],
  image: [],
  jpeg: [],
  optimizer: [],
};

/** Packages that a layer may import. */
const PACKAGES: Record<string, RegExp> = {
  vendor: /^(fast-png|fflate|jpeg-js|jpeg-js\/lib\/decoder\.js|pbf)$/,
  node: /^(node:.*|d3-array|modern-tar)$/,
  mpi: /^node:.*$/, // and koffi, when it is called
  cli: /^(node:.*|commander|tinyglobby|yaml)$/,
};

function layerOf(path: string): string {
  return path
    .replace(/^src\//, "")
    .replace(/\.ts$/, "")
    .split("/")[0]!;
}

/** Family of a kernel, undefined for what lies beside the folders. */
function familyOf(path: string): string | undefined {
  return /^kernels\/([\w-]+)\//.exec(path)?.[1];
}

interface Import {
  target: string;
  typeOnly: boolean;
}

/** Files (or packages) that a source imports, relative ones as paths from the root. */
function importsOf(path: string, source: string): Import[] {
  const pattern =
    /^(?:import|export) (type )?(?:(?:\{[^}]*\}|\*(?: as \w+)?|\w+(?:, \{[^}]*\})?) from )?["']([^"']+)["'];/gm;
  return [...source.matchAll(pattern)].map(([, type, target]) => ({
    target: target!.startsWith(".")
      ? normalize(join(dirname(path), target!)).replace(/(\.js)?$/, target!.endsWith(".json") ? "" : ".ts")
      : target!,
    typeOnly: type !== undefined,
  }));
}

function layerOffences(path: string, source: string): string[] {
  if (path.startsWith("kernels/") && path.endsWith(".ts")) {
    const family = familyOf(path);
    const may = (target: string): boolean => {
      const other = familyOf(target);
      if (!target.startsWith("kernels/")) return false;
      if (path === "kernels/index.ts" || other === family) return true;
      return other === undefined || (family !== undefined && !!FAMILIES[family]?.includes(other));
    };
    return importsOf(path, source)
      .filter(({ target }) => !may(target))
      .map(({ target }) => `${path} imports ${target}`);
  }
  if (path.startsWith("examples/")) {
    return importsOf(path, source)
      .filter(({ target }) => !/^(fovea|fovea\/(node|web)|node:.*|examples\/.*|fflate|vite)$/.test(target))
      .map(({ target }) => `${path} imports ${target}`);
  }
  if (!path.startsWith("src/") || path.endsWith(".mjs")) return []; // .mjs: build scripts, in no bundle
  const layer = layerOf(path);
  return importsOf(path, source)
    .filter(({ target }) => {
      if (!target.startsWith("src/")) return !PACKAGES[layer]?.test(target);
      const other = layerOf(target);
      return other !== layer && !LAYERS[layer]?.includes(other);
    })
    .map(({ target }) => `${path} imports ${target}`);
}

/** A cycle of imports through the file, if there is one. Type-only imports count unless they stay in one folder. */
function cycleFrom(start: string, files: ReadonlyMap<string, string>): string[] | undefined {
  const visit = (path: string, trail: string[]): string[] | undefined => {
    for (const { target, typeOnly } of importsOf(path, files.get(path) ?? "")) {
      if (!files.has(target) || (typeOnly && dirname(target) === dirname(path))) continue;
      if (target === start) return [...trail, target];
      if (seen.has(target)) continue;
      seen.add(target);
      const found = visit(target, [...trail, target]);
      if (found) return found;
    }
    return undefined;
  };
  const seen = new Set<string>();
  return visit(start, [start]);
}

const SELF = "test/architecture.test.ts";
const MOST_LINES = 400;

function textOffences(path: string, source: string): string[] {
  const found: string[] = [];
  const lines = source.split("\n").length - 1;
  if (lines > MOST_LINES) found.push(`${path} has ${lines} lines`);
  if (path === SELF) return found;
  for (const word of ["@ts-ignore", "@ts-expect-error", "as any", "TODO", "FIXME"]) {
    if (source.includes(word)) found.push(`${path} has ${word}`);
  }
  if (path.startsWith("src/")) {
    const layer = layerOf(path);
    const pointers =
      ["ops", "optim", "wasm"].includes(layer) || /core\/(tensor|autograd|op|planned)\.ts$/.test(path);
    if (!pointers && /\.ptr\b/.test(source)) found.push(`${path} handles raw pointers`);
    if (path !== "src/wasm/heap.ts" && /Array\(\s*[\w.]*memory\.buffer/.test(source)) {
      found.push(`${path} makes a view of the memory`);
    }
    // Messages show values by show(), short() and reason() of src/errors.ts, which keep them short and printable.
    if (/(got|says|is in) \$\{JSON\.stringify\(|\(error as Error\)\.message/.test(source)) {
      found.push(`${path} puts raw text into a message`);
    }
    if (source.includes("new RangeError(")) found.push(`${path} throws an error that is not fovea's`);
  }
  return found;
}

/** The kernels that templates make, which are not committed. */
function generatedKernels(): [path: string, source: string][] {
  return Object.keys(FAMILIES).flatMap((family) => {
    const folder = join(root, "kernels", family, "generated");
    if (!existsSync(folder)) return [];
    return readdirSync(folder).map((name): [string, string] => [
      `kernels/${family}/generated/${name}`,
      readFileSync(join(folder, name), "utf8"),
    ]);
  });
}

const MOST_PARAMETERS = 8;

/** Functions that take more than that; a struct of kernels/arguments.ts takes one. */
function longSignatures(path: string, source: string): string[] {
  return [...source.matchAll(/\bfunction (\w+)(?:<[^>]*>)?\(([^)]*)\)/g)].flatMap(([, name, list]) => {
    const count = list!.split(",").filter((parameter) => parameter.trim()).length;
    return count > MOST_PARAMETERS ? `${path}: ${name} takes ${count} parameters` : [];
  });
}

const MOST_SHARED = 19;

/** The most lines, one after the other, that two sources have in common, but for blank ones, comments, imports and fields of structs. */
function sharedLines(a: string, b: string): number {
  const [ours, theirs] = [a, b].map((source) =>
    source.split("\n").map((line) => line.trim()).filter((line) => !/^($|\/\/|\/\*|\*|import |\w+: \w+ = 0;$)/.test(line)),
  ) as [string[], string[]]; // prettier-ignore
  let longest = 0;
  let runs = new Map<number, number>();
  for (const line of ours) {
    const next = new Map<number, number>();
    for (let j = theirs.indexOf(line); j >= 0; j = theirs.indexOf(line, j + 1)) {
      next.set(j, (runs.get(j - 1) ?? 0) + 1);
      longest = Math.max(longest, next.get(j)!);
    }
    runs = next;
  }
  return longest;
}

/** Of kernels and templates together. */
const MOST_KERNEL_LINES = 8230;

describe("the source tree", () => {
  const all = [...sources];

  it("imports downwards only", () => {
    expect(all.flatMap(([path, source]) => layerOffences(path, source))).toEqual([]);
  });

  it("has no import cycles", () => {
    const paths = [...sources.keys()].filter((path) => /^(src|kernels)\//.test(path));
    expect(paths.flatMap((path) => cycleFrom(path, sources) ?? [])).toEqual([]);
  });

  it("keeps files short, compilers heeded, pointers and views where they belong", () => {
    expect(all.flatMap(([path, source]) => textOffences(path, source))).toEqual([]);
  });

  it("uses every kernel of the table", () => {
    const library = all.filter(([path]) => /^(src|benchmarks)\//.test(path));
    const text = library.map(([, source]) => source).join("\n");
    // Some files call a gradient's kernel `${name}Backward`.
    const templates = library
      .map(([, source]) => source)
      .filter((source) => /`\$\{\w+\}Backward`/.test(source));
    const says = (source: string, name: string): boolean =>
      new RegExp(`\\.${name}\\(|"${name}"`).test(source);
    const unused = Object.keys(abi).filter(
      (name) =>
        !says(text, name) &&
        !(
          name.endsWith("Backward") && templates.some((source) => says(source, name.replace(/Backward$/, "")))
        ),
    );
    expect(unused).toEqual([]);
  });
});

describe("the kernels", () => {
  const committed = [...sources].filter(([path]) => /^kernels\/.*(\.ts|\.template\.mjs)$/.test(path));
  const generated = generatedKernels();

  it("take eight parameters at most, those that templates make too", () => {
    expect(generated.length).toBeGreaterThan(0);
    expect([...committed, ...generated].flatMap(([path, source]) => longSignatures(path, source))).toEqual(
      [],
    );
  });

  it("do not repeat each other", () => {
    const pairs = committed.flatMap(([a, source], i) =>
      committed.slice(i + 1).flatMap(([b, other]) => {
        const shared = sharedLines(source, other);
        return shared > MOST_SHARED ? `${a} and ${b} share ${shared} lines` : [];
      }),
    );
    expect(pairs).toEqual([]);
  });

  it("are not many", () => {
    const lines = committed.reduce((sum, [, source]) => sum + source.split("\n").length - 1, 0);
    expect(lines).toBeLessThanOrEqual(MOST_KERNEL_LINES);
  });
});

describe("the rules of this test", () => {
  it.each([
    ["src/core/x.ts", 'import { relu } from "../ops/index.js";'],
    ["src/nn/x.ts", 'import { SGD } from "../optim/index.js";'],
    ["src/nn/x.ts", 'import { readFile } from "node:fs";'],
    ["src/train/x.ts", 'import type { LeNet5 } from "../models/index.js";'],
    ["kernels/x.ts", 'import { abi } from "../src/wasm/abi";'],
    ["kernels/x.ts", 'import { gemm } from "./product/gemm";'],
    ["kernels/tile/x.ts", 'import { gemm } from "../product/gemm";'],
    ["examples/x.ts", 'import { Heap } from "../src/wasm/heap.js";'],
  ])("find a wrong import in %s", (path, source) => {
    expect(layerOffences(path, source)).toHaveLength(1);
  });

  it("find a cycle, and let types of one folder pass", () => {
    const files = (clause: string) =>
      new Map([
        ["src/core/a.ts", 'import { b } from "./b.js";'],
        ["src/core/b.ts", `${clause} { a } from "./a.js";`],
      ]);
    expect(cycleFrom("src/core/a.ts", files("import"))).toEqual([
      "src/core/a.ts",
      "src/core/b.ts",
      "src/core/a.ts",
    ]);
    expect(cycleFrom("src/core/a.ts", files("import type"))).toBeUndefined();
  });

  it.each([
    ["src/nn/x.ts", "\n".repeat(401)],
    ["src/nn/x.ts", "// @ts-ignore"],
    ["src/nn/x.ts", "const p = x.ptr;"],
    ["src/core/x.ts", "new Float32Array(heap.memory.buffer, 0, 4)"],
  ])("find what may not be written", (path, source) => {
    expect(textOffences(path, source)).toHaveLength(1);
  });

  it.each(["export function f", "function f", "@inline\nfunction f<T>"])(
    "find nine parameters: %s",
    (head) => {
      const source = (n: number) => `${head}(\n${"  p: i32,\n".repeat(n)}): void {}`;
      expect(longSignatures("kernels/x.ts", source(8))).toEqual([]);
      expect(longSignatures("kernels/x.ts", source(9))).toEqual(["kernels/x.ts: f takes 9 parameters"]);
    },
  );

  it("count the lines that two kernels share", () => {
    const body = Array.from({ length: 20 }, (_, i) => `store<f32>(y + ${i}, 0);`);
    const indented = body.map((line) => `    ${line}`);
    expect(sharedLines(body.join("\n"), ["first();", ...indented].join("\n\n"))).toBe(20);
    expect(sharedLines(body.join("\n"), [...body.slice(0, 9), "other();", ...body.slice(9)].join("\n"))).toBe(
      11,
    );
    expect(sharedLines("a: i32 = 0;\n".repeat(30), "a: i32 = 0;\n".repeat(30))).toBe(0);
  });
});
