// No operation writes past a block of the heap: every block gets a fence behind it, looked at when it is freed.

import { expect, test } from "vitest";
import { registeredOps } from "../../src/core/op.js";
import { runtime } from "../../src/wasm/runtime.js";
import { forOwnBinary, forEachOp } from "../helpers/binaries.js";
import { draw } from "../helpers/random.js";
import { applyOp, drawCase } from "../helpers/run-case.js";

const FENCE = 64;
const MARK = 0xa5;

/** Puts fences behind all blocks allocated from now on; returns what they find, and the way back. */
function fenceHeap(): { broken: string[]; restore: () => void } {
  const { heap } = runtime();
  const { alloc, free } = heap;
  const broken: string[] = [];
  const blocks = new Map<number, { bytes: number; label: string }>();
  heap.alloc = (bytes, what) => {
    const address = alloc.call(heap, bytes + FENCE, what);
    heap.u8(address + bytes, FENCE).fill(MARK);
    blocks.set(address, { bytes, label: what() });
    return address;
  };
  heap.free = (address) => {
    const block = blocks.get(address);
    if (block && heap.u8(address + block.bytes, FENCE).some((byte) => byte !== MARK))
      broken.push(block.label);
    blocks.delete(address);
    free.call(heap, address);
  };
  return { broken, restore: () => Object.assign(heap, { alloc, free }) };
}

forOwnBinary((binary) => {
  forEachOp(binary, (suite) => {
    test(`${suite.op} stays inside its blocks, forward and backward`, () => {
      const { broken, restore } = fenceHeap();
      try {
        for (const c of suite.cases) {
          const drawn = drawCase(suite, c);
          const { y } = applyOp(suite, c, drawn);
          const differentiable = registeredOps().get(suite.op)!.differentiable.length > 0;
          if (differentiable)
            applyOp(suite, c, drawn, Float32Array.from(draw("normal", c.name, y.data.length)));
          expect(broken, `${suite.op}, ${c.name}`).toEqual([]);
        }
      } finally {
        restore();
      }
    });
  });

  test("a fence notices a write behind its block", () => {
    const { broken, restore } = fenceHeap();
    const { heap } = runtime();
    const address = heap.alloc(40, () => "forty bytes");
    heap.u8(address + 40, 1)[0] = 1;
    heap.free(address);
    restore();
    expect(broken).toEqual(["forty bytes"]);
  });
});
