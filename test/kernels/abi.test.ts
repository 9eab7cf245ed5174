// The table of the kernels, which is read from their sources, against both binaries.

import { describe, expect, it } from "vitest";
import { binaryBytes } from "../../src/wasm/binary-bytes.js";
import { structWords } from "../../src/wasm/abi.js";
import { abi, structs } from "../../src/wasm/table.js";
import { forEachBinary } from "../helpers/binaries.js";

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
  it("are written field by field, as 32-bit words", () => {
    const names = Object.keys(structs.Window);
    const fields = Object.fromEntries(names.map((field, i) => [field, i * 10]));
    expect(structWords("Window", fields as never)).toEqual(names.map((_, i) => i * 10));
  });
});
