// Operations on tensors and losses of numbers against PyTorch's, at ties, NaN, infinities and empty axes (tensors.py).

import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import * as fovea from "../../src/index.js";
import { tensor, tidy, type AnyTensor, type Tensor } from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";
import { forEachBinary } from "../helpers/binaries.js";

type Numbers = (number | string)[];
interface Row {
  name: string;
  inputs: unknown[];
  shapes: number[][];
  ints: number[];
  attrs: Attrs;
  results: { shape: number[]; data: Numbers }[];
  gradients?: (Numbers | null)[];
}

const { rows } = JSON.parse(readFileSync(new URL("tensors.json", import.meta.url), "utf8")) as {
  rows: Row[];
};
const SPECIAL: Record<string, number> = { nan: NaN, inf: Infinity, "-inf": -Infinity };
const numbers = (list: unknown[]): number[] =>
  (list.flat(Infinity) as Numbers).map((v) => (typeof v === "string" ? SPECIAL[v]! : v));

interface Attrs {
  axis: number;
  keepdim?: boolean;
  min?: number;
  max?: number;
  exponent: number;
  alpha?: number;
  sizes: number;
  args: number[];
}
const ops = fovea as unknown as Record<string, (...all: unknown[]) => Tensor>;
type Run = (x: Tensor[], attrs: Attrs) => AnyTensor | Tensor[];
const one =
  (name: string): Run =>
  ([x], { axis, keepdim }) =>
    ops[name]!(x, axis ?? undefined, keepdim);
const two =
  (name: string): Run =>
  ([x, y]) =>
    ops[name]!(x, y);
const loss =
  (name: string): Run =>
  ([x, target], attrs) =>
    ops[name]!(x, target, attrs);
const spread =
  (fn: typeof fovea.std): Run =>
  ([x], { axis, ...options }) =>
    fn(x!, axis ?? undefined, options);
const made =
  (name: string): Run =>
  (_, { args }) =>
    ops[name]!(...args);
const each = (names: string[], of: (name: string) => Run): Record<string, Run> =>
  Object.fromEntries(names.map((name) => [name, of(name)]));

const OPS: Record<string, Run> = {
  clamp: ([x], { min, max }) => fovea.clamp(x!, min ?? undefined, max ?? undefined),
  pow: ([x], { exponent }) => fovea.pow(x!, exponent),
  elu: ([x], { alpha }) => fovea.elu(x!, alpha),
  where: ([x, y]) => fovea.where(tensor([1, 0, 1, 0, -2]), x!, y!),
  gather: ([x, index], { axis }) => fovea.gather(x!, axis, index as AnyTensor as Tensor<"i32">),
  split: ([x], { sizes, axis }) => fovea.split(x!, sizes, axis),
  chunk: ([x], { sizes, axis }) => fovea.chunk(x!, sizes, axis),
  stack: (list, { axis }) => fovea.stack(list, axis),
  var: spread(fovea.variance),
  std: spread(fovea.std),
  ...each(["eq", "ne", "lt", "le", "gt", "ge"], two),
  ...each(["max", "min", "argmax", "argmin", "squeeze", "unsqueeze"], one),
  ...each(["mseLoss", "l1Loss", "huberLoss", "smoothL1Loss", "nllLoss", "klDivLoss"], loss),
  ...each(["arange", "linspace", "eye"], made),
};

/** Equal but for rounding; NaN, infinities and their signs are the same. */
function same(what: string, got: ArrayLike<number>, want: number[]): void {
  const close = (a: number, b: number): boolean =>
    Object.is(a, b) || a === b || Math.abs(a - b) <= 3e-6 * (1 + Math.abs(b));
  const bad = want.findIndex((v, i) => !close(got[i]!, v));
  expect(bad < 0 && got.length === want.length, `${what}: got ${[...Array.from(got)].join(" ")}; expected ${want.join(" ")}`).toBe(true); // prettier-ignore
}

forEachBinary((binary) => {
  beforeAll(() => void init({ binary }));

  describe("what PyTorch gives:", () => {
    it.each(rows.map((row, i) => [row.name, i, JSON.stringify(row.attrs), row] as const))(
      "%s, row %i %s",
      (name, _i, _attrs, row) =>
        tidy(() => {
          const leaves = row.inputs.map((v, i) => {
            const whole = row.ints.includes(i);
            const values = numbers([v]);
            return tensor(values, row.shapes[i]!, { dtype: whole ? "i32" : "f32", requiresGrad: !whole }) as Tensor; // prettier-ignore
          });
          const given = OPS[name]!(leaves, row.attrs);
          const results = Array.isArray(given) ? given : [given];
          expect(results.map(({ shape }) => shape)).toEqual(row.results.map(({ shape }) => shape));
          results.forEach((y, i) => same(`${name} ${i}`, y.data(), numbers(row.results[i]!.data)));
          if (!row.gradients) return;
          for (const y of results as Tensor[]) {
            y.mul(fovea.arange(1, y.size + 1).reshape(y.shape))
              .sum()
              .backward(undefined, { retainGraph: true });
          }
          row.gradients.forEach((want, i) => {
            if (want) same(`gradient ${i}`, leaves[i]!.grad!.data(), numbers(want));
          });
        }),
    );
  });

  it("random tensors have their means and deviations, and follow the seed", () => {
    tidy(() => {
      fovea.manualSeed(3);
      const [u, g] = [fovea.rand([50, 200]), fovea.randn([10_000])];
      expect(u.shape).toEqual([50, 200]);
      expect(u.mean().item()).toBeCloseTo(0.5, 1);
      expect(fovea.std(u).item()).toBeCloseTo(Math.sqrt(1 / 12), 2);
      expect([u.min().item() >= 0, u.max().item() < 1]).toEqual([true, true]);
      expect(Math.abs(g.mean().item())).toBeLessThan(0.03);
      expect(fovea.std(g).item()).toBeCloseTo(1, 1);
      fovea.manualSeed(3);
      expect(fovea.rand([50, 200]).data()).toEqual(u.data());
    });
  });

  it("a clone has memory of its own, and gradients pass through it", () => {
    tidy(() => {
      const x = tensor([[1, -0, NaN]], undefined, { requiresGrad: true });
      const y = x.clone();
      expect([...y.data()]).toEqual([1, -0, NaN]);
      y.sum().backward();
      expect([...x.grad!.data()]).toEqual([1, 1, 1]);
      x.copyFrom([4, 5, 6]);
      expect(y.data()[0]).toBe(1);
      const whole = tensor(Int32Array.of(1, 2));
      const copy: Tensor<"i32"> = whole.clone();
      whole.copyFrom([3, 4]);
      expect(copy.data()).toEqual(Int32Array.of(1, 2));
    });
  });

  it("class numbers compare with class numbers", () => {
    const logits = tensor([[1, 2, 0], [3, 1, 2], [0, 1, 4]]); // prettier-ignore
    const labels = tensor(Int32Array.of(1, 2, 2));
    expect([...logits.argmax(1).eq(labels).data()]).toEqual([1, 0, 1]);
    expect([...labels.ge(2).data()]).toEqual([0, 1, 1]);
  });
});
