// Operations that wait for the one that follows them: the same values and gradients as one by one, whatever is asked for
// in between.

import { describe, expect, it } from "vitest";
import { add, batchNorm, memoryStats, noGrad, relu, tensor, tidy, type Tensor } from "../../src/index.js";
import { allclose } from "../helpers/allclose.js";
import { forEachBinary } from "../helpers/binaries.js";
import { draw } from "../helpers/random.js";
import { sizeOf } from "../reference/values.js";

const SHAPE = [3, 5, 4, 7];

const leaf = (name: string, shape = SHAPE): Tensor =>
  tensor(Float32Array.from(draw("normal", name, sizeOf(shape))), shape, { requiresGrad: true });

/** A residual block's end; `look` sees every tensor on the way. */
function block(look: (t: Tensor) => void, training: boolean): Float32Array[] {
  const leaves = [leaf("a"), leaf("b"), leaf("gamma", [7]), leaf("beta", [7]), leaf("gamma2", [7])];
  const [a, b, gamma, beta, gamma2] = leaves as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const mean = tensor(new Float32Array(7).fill(0.1));
  const variance = tensor(new Float32Array(7).fill(1.2));
  const y = tidy(() => {
    const norm = (x: Tensor, w: Tensor): Tensor => {
      const n = batchNorm(x, mean, variance, w, beta, { training });
      look(n);
      return n;
    };
    const first = relu(norm(a, gamma));
    look(first);
    const sum = add(norm(first, gamma2), norm(b, gamma));
    look(sum);
    const second = relu(sum);
    look(second);
    const y = relu(add(second, norm(relu(norm(second, gamma)), gamma2)));
    y.backward(tensor(Float32Array.from(draw("normal", "dy", sizeOf(SHAPE))), SHAPE));
    return y;
  });
  const values = [y, ...leaves.map((t) => t.grad!)].map((t) => t.data() as Float32Array);
  for (const t of [y, ...leaves, mean, variance]) t.dispose();
  return values;
}

forEachBinary(() => {
  describe.each([true, false])("a residual block, training %s,", (training) => {
    it("gives the same whether or not somebody looks at what lies between", () => {
      const want = block((t) => void t.data(), training);
      block(() => undefined, training).forEach((got, i) => allclose(`value ${i}`, got, want[i]!, 1e-5));
    });
  });

  it("a result that waits keeps its value when what it is made of changes", () => {
    tidy(() => {
      const [a, b] = [leaf("a"), leaf("b")];
      const run = (): Tensor => add(noGrad(() => batchNorm(a, undefined, undefined, undefined, undefined, { training: true })), b); // prettier-ignore
      const want = run().data();
      const waiting = run();
      b.copyFrom(new Float32Array(b.size));
      expect(waiting.data()).toEqual(want);
      const other = run();
      a.copyFrom(new Float32Array(a.size));
      expect(other.data().some((v) => v !== 0)).toBe(true);
    });
  });

  it("nothing stays behind, and what nobody reads is never computed", () => {
    const before = memoryStats().bytesInUse;
    block(() => undefined, true);
    expect(memoryStats().bytesInUse).toBe(before);
    tidy(() => {
      const a = leaf("a");
      const held = memoryStats().bytesInUse;
      const y = noGrad(() => batchNorm(a, undefined, undefined, undefined, undefined, { training: true }));
      expect(memoryStats().bytesInUse - held).toBeLessThan(a.bytes);
      expect(y.storage.deferred).toBeDefined();
      y.data();
      expect(y.storage.deferred).toBeUndefined();
    });
  });
});
