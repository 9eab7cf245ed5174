// Concatenation.

import { defineOp } from "../core/op.js";
import { definePlan } from "../core/planned.js";
import { describe, sizeOf, type Shape } from "../core/shape.js";
import { checkTensors, type Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { wrongKind } from "../errors/options.js";
import { rowGrain } from "./fusion.js";

interface CatInputs {
  a: Tensor;
  b?: Tensor | undefined;
  c?: Tensor | undefined;
  d?: Tensor | undefined;
}

const NAMES = ["a", "b", "c", "d"] as const;

/** Elements of one piece: everything from the axis on, which is contiguous. */
const columnsOf = (shape: Shape, axis: number): number => sizeOf(shape.slice(axis));

/** Columns `start` … of each row of dy. */
const columnsFrom = definePlan<{ dy: Tensor }, { axis: number; start: number }>(
  "cat gradient",
  (p, dx, { dy }, { axis, start }) => {
    const columns = columnsOf(dx.shape, axis);
    const rows = sizeOf(dx.shape.slice(0, axis));
    const all = columnsOf(dy.shape, axis);
    p.parallel("copyColumns", rows, rowGrain(columns), dy.ptr + start * 4, dx.ptr, columns, all, columns);
  },
);

/** The gradient of one input: its columns of dy. */
function part(name: (typeof NAMES)[number]) {
  return (
    dy: Tensor,
    { shapes }: { shapes: Partial<Record<string, Shape>> },
    { axis }: { axis: number },
  ): Tensor => {
    const before = NAMES.slice(0, NAMES.indexOf(name));
    const start = before.reduce((n, other) => n + columnsOf(shapes[other]!, axis), 0);
    return columnsFrom(shapes[name]!, { dy }, { axis, start });
  };
}

const catOp = defineOp({
  name: "cat",
  optional: ["b", "c", "d"],
  shape(inputs: CatInputs, { axis }: { axis: number }) {
    const shapes = Object.values(inputs).flatMap((t) => (t ? [(t as Tensor).shape] : []));
    const first = shapes[0]!;
    const fits = shapes.every(
      (s) => s.length === first.length && s.every((n, i) => i === axis || n === first[i]),
    );
    if (!Number.isInteger(axis) || axis < 0 || axis >= first.length || !fits) {
      throw new ShapeError(
        `cat: shapes must be equal except for axis ${axis}; got ${describe({ ...inputs })}`,
      );
    }
    return first.map((n, i) => (i === axis ? shapes.reduce((sum, s) => sum + s[i]!, 0) : n));
  },
  plan(p, y, inputs, { axis }) {
    const rows = sizeOf(y.shape.slice(0, axis));
    const all = columnsOf(y.shape, axis);
    let to = y.ptr;
    for (const name of NAMES) {
      const x = inputs[name];
      if (!x) continue;
      const columns = columnsOf(x.shape, axis);
      p.parallel("copyColumns", rows, rowGrain(columns), x.ptr, to, columns, columns, all);
      to += columns * 4;
    }
  },
  saves: [],
  vjp: { a: part("a"), b: part("b"), c: part("c"), d: part("d") },
});

/**
 * The tensors one after the other along an axis; by default the last, the channels of images.
 * @throws ShapeError unless there is at least one, and all other sizes are equal
 */
export function cat(tensors: readonly Tensor[], axis = -1): Tensor {
  if (!Array.isArray(tensors)) throw wrongKind("cat", "tensors", tensors, "an array of tensors");
  const [a, b, c, d, ...rest] = tensors as readonly Tensor[];
  if (tensors.length === 0) throw new ShapeError("cat: expected at least one tensor; got none");
  checkTensors("cat", { a });
  if (typeof axis !== "number") throw wrongKind("cat", "axis", axis, "an integer");
  const joined = catOp({ a: a!, b, c, d }, { axis: axis < 0 ? axis + a!.shape.length : axis });
  return rest.length > 0 ? cat([joined, ...rest], axis) : joined;
}
