// MPI reads and writes tensors while backward goes on and makes others: the heap grows where it is. Engines promise that for shared
// memory alone; this says so where one moves the other kind.

import koffi from "koffi";
import { expect, it } from "vitest";
import { empty } from "../../src/core/tensor.js";
import { init, runtime } from "../../src/wasm/runtime.js";

it.each([1, 2])("the heap stays at its address when it grows, on %i threads", (threads) => {
  init({ threads });
  const { memory } = runtime().heap;
  const address = (): bigint => koffi.address(new Uint8Array(memory.buffer)) as unknown as bigint;
  const [before, bytes] = [address(), memory.buffer.byteLength];
  const large = empty([2 ** 26]);
  large.compute();
  expect(memory.buffer.byteLength).toBeGreaterThan(bytes + 2 ** 27);
  expect(address()).toBe(before);
  large.dispose();
});
