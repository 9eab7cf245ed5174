// How tensors are printed: as PyTorch prints them, with their shapes.

import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { shapesOnly } from "../../src/core/op.js";
import { ones, Parameter, relu, tensor, zeros, type DType } from "../../src/index.js";

interface Row {
  data: (number | string)[];
  shape: number[];
  dtype: DType;
  text: string;
}

const golden = JSON.parse(readFileSync(new URL("../golden/printing.json", import.meta.url), "utf8")) as Row[];
const NUMBERS: Record<string, number> = { nan: NaN, inf: Infinity, "-inf": -Infinity };

/** Without what only one of the two says: dtypes by their names, and sizes. */
const values = (text: string): string =>
  text.replace(/,\s+(shape=|size=|dtype=).*\)$/s, ")").replace(/^tensor\(\[+\]+\)$/, "tensor([])");

describe("a tensor's text", () => {
  it.each(
    golden.map(
      (row) => [`${row.dtype} ${row.shape.join("×")}, ${row.data.slice(0, 3).join(" ")} …`, row] as const,
    ),
  )("is PyTorch's: %s", (_, { data, shape, dtype, text }) => {
    const x = tensor(
      data.map((v) => (typeof v === "string" ? NUMBERS[v]! : v)),
      shape,
      { dtype },
    );
    expect(values(String(x))).toBe(values(text));
  });

  it("says the shape, the dtype and whether it is trained", () => {
    expect(String(tensor([[1, 2], [3, 4.5]]))).toBe("tensor([[1.0000, 2.0000],\n        [3.0000, 4.5000]], shape=[2,2])"); // prettier-ignore
    expect(`${tensor(Int32Array.of(1, 20))}`).toBe("tensor([ 1, 20], shape=[2], dtype=i32)");
    expect(tensor([2.5], [], { requiresGrad: true }).toString()).toBe("tensor(2.5000, requiresGrad)");
    expect(String(zeros([2, 0]))).toBe("tensor([], shape=[2,0])");
    expect(String(new Parameter(ones([1])))).toBe("tensor([1.], shape=[1], requiresGrad)");
    const long = String(tensor(Array.from({ length: 13 }, (_, i) => i / 8), undefined, { requiresGrad: true })); // prettier-ignore
    expect(long.split("\n").at(-1)).toMatch(/^ {8}1\.1250.*1\.5000\], shape=\[13\], requiresGrad\)$/);
  });

  it("never fails", () => {
    const x = ones([3]);
    x.dispose();
    expect(String(x)).toBe("tensor(shape=[3], disposed)");
    expect(shapesOnly(() => String(relu(ones([3]))))).toBe("tensor(shape=[3], no values)");
  });

  it("is what console.log shows of it, but not of a large one inside of something", () => {
    const x = tensor([1, 2]);
    expect(inspect(x)).toBe(String(x));
    expect(inspect(zeros([40, 40]))).toBe(String(zeros([40, 40])));
    expect(inspect({ x })).toBe("{ x: tensor([1., 2.], shape=[2]) }");
    expect(inspect([zeros([4, 4])])).toBe("[ Tensor(f32 [4,4]) ]");
  });
});
