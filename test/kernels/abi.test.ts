// The typed table of the kernels against both binaries and against the sources they are compiled from.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { abi } from "../../src/wasm/abi.js";
import { binaryBytes } from "../../src/wasm/runtime.js";
import { structs, structWords } from "../../src/wasm/structs.js";
import { forEachBinary } from "../helpers/binaries.js";

const folder = new URL("../../kernels/", import.meta.url);
const sources = readdirSync(folder)
  .filter((name) => name.endsWith(".ts"))
  .map((name) => readFileSync(new URL(name, folder), "utf8"))
  .join("\n");

/** Parameter names of an exported kernel. */
function parametersOf(name: string): string[] | undefined {
  const list = new RegExp(`^export function ${name}\\(([^)]*)\\)`, "m").exec(sources)?.[1];
  return list?.split(",").flatMap((p) => p.trim().split(":")[0]!.trim() || []);
}

/** Section ids of a WebAssembly binary, custom sections left out. */
function sectionsOf(bytes: Uint8Array): number[] {
  const ids: number[] = [];
  let at = 8;
  while (at < bytes.length) {
    const id = bytes[at++]!;
    let size = 0;
    for (let shift = 0, more = true; more; shift += 7) {
      const byte = bytes[at++]!;
      size |= (byte & 127) << shift;
      more = byte > 127;
    }
    if (id !== 0) ids.push(id);
    at += size;
  }
  return ids;
}

describe("the table of kernels", () => {
  it.each(Object.entries(abi))("names %s's parameters as its source does", (name, parameters) => {
    expect(parametersOf(name)).toEqual([...parameters]);
  });
});

forEachBinary((binary) => {
  const module = new WebAssembly.Module(binaryBytes(binary));
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });

  it("exports the table's kernels and nothing else, with as many parameters", () => {
    expect(Object.keys(exports).sort()).toEqual(Object.keys(abi).sort());
    for (const [name, parameters] of Object.entries(abi)) {
      expect((exports[name] as () => void).length, name).toBe(parameters.length);
    }
  });

  it("imports the memory alone, and holds no state: neither globals (6) nor data (11) nor a start function (8)", () => {
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: "env", name: "memory", kind: "memory" }]);
    const ids = sectionsOf(binaryBytes(binary));
    expect(ids).toContain(10);
    for (const id of [6, 8, 11]) expect(ids).not.toContain(id);
  });
});

describe("structs", () => {
  it.each(Object.entries(structs))("%s has the fields of its class, in order", (name, fields) => {
    const body = new RegExp(`export class ${name} \\{([^}]*)\\}`).exec(sources)![1]!;
    expect([...body.matchAll(/^\s*(\w+): (?:i32|usize) = 0;/gm)].map((m) => m[1])).toEqual([...fields]);
  });

  it("are written field by field, as 32-bit words", () => {
    const fields = Object.fromEntries(structs.Window.map((field, i) => [field, i * 10]));
    expect(structWords("Window", fields as never)).toEqual(structs.Window.map((_, i) => i * 10));
  });
});
