// Elements picked by indices along an axis.

import { defineOp, isShapesOnly } from "../core/op.js";
import { definePlan } from "../core/planned.js";
import { around, checkAxis, describe, sameShape, type Shape } from "../core/shape.js";
import { checkTensors, type Tensor } from "../core/tensor.js";
import { DataError, ShapeError } from "../errors.js";

interface GatherInputs {
  x: Tensor;
  index: Tensor<"i32">;
}
interface AxisAttrs {
  axis: number;
}

const othersThan = (axis: number, shape: Shape): Shape => shape.filter((_, i) => i !== axis);

const gatherBackward = definePlan<{ dy: Tensor; index: Tensor<"i32"> }, AxisAttrs>(
  "gather gradient",
  (p, dx, { dy, index }, { axis }) => {
    const [outer, n, inner] = around(dx.shape, axis);
    p.call("scatterAdd", dy.ptr, index.ptr, dx.ptr, outer, n, index.shape[axis]!, inner);
  },
);

const gatherOp = defineOp({
  name: "gather",
  dtypes: { index: "i32" },
  shape({ x, index }: GatherInputs, { axis }: AxisAttrs) {
    const a = checkAxis("gather", axis, x.shape);
    if (
      index.shape.length === x.shape.length &&
      sameShape(othersThan(a, index.shape), othersThan(a, x.shape))
    )
      return index.shape;
    throw new ShapeError(
      `gather: sizes of x and index must be equal except for axis ${axis}; got ${describe({ x, index })}`,
    );
  },
  plan(p, y, { x, index }, { axis }) {
    const [outer, n, inner] = around(x.shape, axis);
    p.call("gather", x.ptr, index.ptr, y.ptr, outer, n, y.shape[axis]!, inner);
  },
  saves: ["index"],
  vjp: { x: (dy, { shapes, index }, attrs) => gatherBackward(shapes.x, { dy, index }, attrs) },
});

/**
 * Elements of x along an axis by index: for axis 1 of x:[n,classes] and index:[n,m], y[i,j] = x[i, index[i,j]], like
 * torch.gather, except that the sizes of other axes must be equal. Gradients of an element that is picked twice add up.
 * @throws ShapeError unless the shapes fit; DataError for an index outside the axis
 */
export function gather(x: Tensor, axis: number, index: Tensor<"i32">): Tensor {
  checkTensors("gather", { x, index });
  const a = checkAxis("gather", axis, x.shape);
  const n = x.shape[a]!;
  if (index.dtype === "i32" && !isShapesOnly()) {
    const bad = index.view().findIndex((i) => i < 0 || i >= n);
    if (bad >= 0) {
      throw new DataError(
        `gather: no such index along axis ${axis}; got ${index.view()[bad]} at index ${bad}; expected 0…${n - 1}`,
      );
    }
  }
  return gatherOp({ x, index }, { axis: a });
}
