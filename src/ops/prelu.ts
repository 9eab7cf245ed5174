// ReLU with learnt slopes.

import type { Once } from "../core/autograd.js";
import { defineOp } from "../core/op.js";
import { definePlan, operandsOf } from "../core/planned.js";
import { describe } from "../core/shape.js";
import { checkTensors, empty, zeros, type Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { orZero } from "../wasm/abi.js";
import { GRAIN } from "../wasm/parallel.js";
import { add } from "./elementwise.js";
import { blocksOf, rowsOf } from "./norm.js";
import { sum } from "./reduce.js";

/** dx, and dw for a slope per channel. */
const gradient = definePlan<{ dy: Tensor; x: Tensor; weight: Tensor; dw: Tensor }, object>(
  "preluBackward",
  (p, dx, { dy, x, weight, dw }) => {
    const { rows, channels } = rowsOf(x);
    const { blocks, blockRows, grain } = blocksOf(x);
    p.scratch(blocks * channels * 4, (partials) => {
      const from = { dy: dy.ptr, x: x.ptr, weight: weight.ptr, out: dx.ptr };
      const struct = p.struct("Norm", orZero("Norm", { ...from, rows, channels, blockRows, partials }));
      p.parallel("preluBackward", blocks, grain, struct);
      p.call("sum", partials, dw.ptr, 1, blocks, channels, 1);
    });
  },
);

/** Both gradients, computed once by the first rule that runs. */
function gradients(dy: Tensor, x: Tensor, weight: Tensor, once: Once): { dx: Tensor; dw: Tensor } {
  return once(() => {
    const channels = x.shape.at(-1)!;
    const wide = weight.size === channels ? weight : add(zeros([channels]), weight.detach());
    const [dx, dw] = [empty(x.shape, "f32", "prelu gradient"), empty([channels], "f32", "prelu gradient")];
    gradient.run(dx.compute(), x.shape, operandsOf({ dy, x, weight: wide, dw }), {});
    return { dx, dw: weight.size === channels ? dw : sum(dw, 0, true) };
  });
}

const preluOp = defineOp({
  name: "prelu",
  shape({ x, weight }: { x: Tensor; weight: Tensor }) {
    const channels = x.shape.at(-1);
    if (channels !== undefined && weight.shape.length === 1 && [1, channels].includes(weight.size)) {
      return x.shape;
    }
    throw new ShapeError(`prelu: expected x:[…,c] and weight:[c] or [1]; got ${describe({ x, weight })}`);
  },
  plan(p, y, { x, weight }) {
    const columns = x.shape.at(-1)!;
    const steps = { aRow: columns, aStep: 1, bRow: 0, bStep: weight.shape[0] === columns ? 1 : 0 };
    p.parallel(
      "prelu",
      x.size,
      GRAIN,
      x.ptr,
      weight.ptr,
      y.ptr,
      p.struct("Broadcast", { columns, ...steps }),
    );
  },
  saves: ["x", "weight"],
  vjp: {
    x: (dy, { x, weight, once }) => gradients(dy, x, weight, once).dx.detach(),
    weight: (dy, { x, weight, once }) => gradients(dy, x, weight, once).dw.detach(),
  },
});

/**
 * x:[…,c] where it is positive, otherwise x · weight, one for each channel, [c], or for all, [1]. He et al., Delving Deep into Rectifiers
 * (2015), arXiv 1502.01852. @throws ShapeError for another number of weights
 */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  checkTensors("prelu", { x, weight });
  return preluOp({ x, weight });
}
