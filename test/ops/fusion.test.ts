// Operations that wait for the one that follows them: the same values and gradients as one by one, whatever is asked for
// in between.

import { describe, expect, it } from "vitest";
import {
  add,
  affine,
  batchNorm,
  conv2d,
  memoryStats,
  mul,
  noGrad,
  relu,
  tensor,
  tidy,
  type Tensor,
} from "../../src/index.js";
import { activations } from "../helpers/activations.js";
import { allclose } from "../helpers/allclose.js";
import { forEachBinary } from "../helpers/binaries.js";
import { valuesOf } from "../helpers/launches.js";
import { draw } from "../helpers/random.js";
import { sizeOf } from "../reference/values.js";

const SHAPE = [3, 5, 4, 7];
/** Their slopes take an expression. */
const CHEAP = ["relu", "relu6", "hardswish"];
const ACTIVATIONS = Object.entries(activations).filter(([name]) => name !== "sigmoid");

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
    it("gives the same whether or not intermediate results are read", () => {
      const want = block((t) => void t.data(), training);
      block(() => undefined, training).forEach((got, i) => allclose(`value ${i}`, got, want[i]!, 1e-5));
    });
  });

  it.each([0, 0.3, 300])(
    "convolutions between normalisations give the same, running mean %s away",
    (away) => {
      const run = (look: (t: Tensor) => void): Float32Array[] => {
        const shape = [2, 9, 7, 8];
        const x = leaf("x", shape);
        const weights = ["u", "v"].map((name) => leaf(name, [3, 3, 8, 8]));
        const mean = tensor(new Float32Array(8).fill(away));
        const variance = tensor(new Float32Array(8).fill(1));
        const y = tidy(() => {
          const seen = (t: Tensor): Tensor => (look(t), t);
          const unit = (t: Tensor, w: Tensor): Tensor =>
          batchNorm(seen(conv2d(t, w, undefined, { padding: 1 })), mean, variance, undefined, undefined, { training: true }); // prettier-ignore
          const y = relu(add(unit(relu(unit(x, weights[0]!)), weights[1]!), x));
          // x is used twice: the gradient of the convolution is added to that of the sum
          y.backward(tensor(Float32Array.from(draw("normal", "dy", sizeOf(shape))), shape));
          return y;
        });
        const leaves = [x, ...weights];
        const values = [y, mean, variance, ...leaves.map((t) => t.grad!)].map(
          (t) => t.data() as Float32Array,
        );
        for (const t of [y, mean, variance, ...leaves]) t.dispose();
        return values;
      };
      const want = run((t) => void t.data());
      run(() => undefined).forEach((got, i) => allclose(`value ${i}`, got, want[i]!, 2e-5));
    },
  );

  it("channels regrouped between a convolution and its normalisation are normalised in their new order", () => {
    const run = (look: boolean): Float32Array =>
      tidy(() => {
        const y = conv2d(leaf("x", [2, 6, 6, 4]), leaf("w", [3, 3, 4, 8]), undefined, { padding: 1 });
        if (look) y.data();
        const [mean, variance] = [tensor(new Float32Array(4)), tensor(new Float32Array(4))];
        return batchNorm(y.reshape([2, 6, 12, 4]), mean, variance, undefined, undefined, { training: true }).data() as Float32Array; // prettier-ignore
      });
    allclose("regrouped", run(false), run(true), 1e-5);
  });

  describe.each(ACTIVATIONS)("%s after a normalisation", (name, activation) => {
    const shape = [3, 11, 9, 13]; // several blocks of rows, a rest of channels
    /** y and all gradients; look sees what lies between; how many bytes stayed in use before backward. */
    const run = (training: boolean, residual: boolean, look: (t: Tensor) => void) => {
      const leaves = [leaf("x", shape), leaf("gamma", [13]), leaf("beta", [13]), leaf("other", shape)];
      const [x, gamma, beta, other] = leaves as [Tensor, Tensor, Tensor, Tensor];
      const [mean, variance] = [
        tensor(new Float32Array(13).fill(0.1)),
        tensor(new Float32Array(13).fill(1.2)),
      ];
      let held = 0;
      const y = tidy(() => {
        const before = memoryStats().bytesInUse;
        const norm = batchNorm(affine(x, 3), mean, variance, gamma, beta, { training });
        const z = residual ? add(norm, other) : norm;
        look(z);
        const y = activation(z);
        held = memoryStats().bytesInUse - before;
        y.backward(tensor(Float32Array.from(draw("normal", "dy", sizeOf(shape))), shape));
        return y;
      });
      const grads = (residual ? leaves : leaves.slice(0, 3)).map((t) => t.grad!);
      const values = [y, mean, variance, ...grads].map((t) => t.data() as Float32Array);
      for (const t of [y, mean, variance, ...leaves]) t.dispose();
      return { values, held };
    };
    it.each([
      [true, false],
      [false, false],
      [true, true],
    ])("has the same bits as on its own, training %s, with a sum %s", (training, residual) => {
      const want = run(training, residual, (t) => void t.data());
      const got = run(training, residual, () => undefined);
      expect(got.values).toEqual(want.values);
      expect(want.values[0]!.some((v) => v !== 0)).toBe(true);
      // What lies between is never written.
      expect(got.held).toBeLessThan(want.held - sizeOf(shape) * 4 + 1);
    });

    it("computes its slope in both of batch norm's passes where that is cheap, and writes it otherwise", () => {
      const written = valuesOf("normSums", "out", () => run(true, false, () => undefined));
      expect(written.map((out) => out !== 0)).toEqual([false, !CHEAP.includes(name)]);
    });

    it("reads a gradient that others read, too", () => {
      const twice = (look: (t: Tensor) => void): Float32Array[] => {
        const x = leaf("x", shape);
        tidy(() => {
          const z = batchNorm(x, undefined, undefined, undefined, undefined, { training: true });
          look(z);
          const y = add(activation(z), mul(z, z));
          y.backward(tensor(Float32Array.from(draw("normal", "dy", sizeOf(shape))), shape), {
            retainGraph: true,
          });
          y.backward(tensor(Float32Array.from(draw("normal", "second", sizeOf(shape))), shape));
        });
        const values = [x.grad!.data() as Float32Array];
        x.dispose();
        return values;
      };
      expect(twice(() => undefined)).toEqual(twice((t) => void t.data()));
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

  it("nothing is left behind, and unread results are never computed", () => {
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
