// 2-D convolution of NHWC images. Weights are [kernelHeight][kernelWidth][inChannels / groups][outChannels] in memory, the
// order in which the weight gradient writes them and the packer reads them; files hold PyTorch's OIHW (nn/conv2d.ts).

import { defineOp } from "../../core/op.js";
import { definePlan } from "../../core/planned.js";
import { describe, type Shape } from "../../core/shape.js";
import { checkTensors, type Tensor } from "../../core/tensor.js";
import { ShapeError } from "../../errors.js";
import { checkOptions, kindOf } from "../../errors/options.js";
import { CONV2D } from "../option-names.js";
import { finishOf } from "../fusion.js";
import { sumOfRows } from "../sum-of-rows.js";
import { copyOf, describeWindow, paddingOf, windowOutput } from "../window.js";
import { convOf, type Conv2dAttrs, type Conv2dOptions } from "./sizes.js";
import { algorithmFor, checkAlgorithm } from "./table.js";

export type { Conv2dOptions };

interface Conv2dInputs {
  x: Tensor;
  weight: Tensor;
  bias?: Tensor | undefined;
}

function outputOf(x: Shape, weight: Shape, attrs: Conv2dAttrs): [number, number] {
  return windowOutput("conv2d", { x, weight }, [x[1]!, x[2]!], [weight[0]!, weight[1]!], attrs);
}

const dataGradient = definePlan<{ dy: Tensor; weight: Tensor }, Conv2dAttrs>(
  "conv2dBackwardData",
  (p, dx, { dy, weight }, attrs, { sum }) => {
    const conv = convOf(dx.shape, weight.shape, attrs, dy.shape);
    const row = algorithmFor("data", conv, false, attrs.algorithm);
    row.data(p, conv, { dy: dy.ptr, weight: weight.ptr, dx: dx.ptr, adds: sum });
  },
);

const weightGradient = definePlan<{ dy: Tensor; x: Tensor }, Conv2dAttrs>(
  "conv2dBackwardWeight",
  (p, dw, { dy, x }, attrs) => {
    const conv = convOf(x.shape, dw.shape, attrs, dy.shape);
    const row = algorithmFor("weight", conv, false, attrs.algorithm);
    row.weight(p, conv, { x: x.ptr, dy: dy.ptr, dw: dw.ptr });
  },
);

const conv2dOp = defineOp({
  name: "conv2d",
  optional: ["bias"],
  shape({ x, weight, bias }: Conv2dInputs, attrs: Conv2dAttrs): Shape {
    const { groups } = attrs;
    const c = x.shape[3];
    const [, , cg, o] = weight.shape;
    const fits =
      x.shape.length === 4 &&
      weight.shape.length === 4 &&
      Number.isInteger(groups) &&
      groups >= 1 &&
      c === cg! * groups &&
      o! % groups === 0 &&
      (bias === undefined || (bias.shape.length === 1 && bias.shape[0] === o));
    if (!fits) {
      throw new ShapeError(
        `conv2d: weight or bias does not fit the input; got ${describe({ x, weight, bias })} ` +
          `${describeWindow(attrs)} groups ${kindOf(groups)}; ` +
          `expected x:[n,h,w,c] weight:[kh,kw,c/groups,o] bias:[o]`,
      );
    }
    const y = [x.shape[0]!, ...outputOf(x.shape, weight.shape, attrs), o!];
    if (attrs.algorithm !== undefined)
      checkAlgorithm(attrs.algorithm, convOf(x.shape, weight.shape, attrs, y));
    return y;
  },
  plan(p, y, { x, weight, bias }, attrs, also) {
    const conv = convOf(x.shape, weight.shape, attrs, y.shape);
    const inference = p.keeps(weight.ptr);
    const row = algorithmFor("forward", conv, inference, attrs.algorithm);
    if (inference) for (const what of row.absorbs ?? []) p.absorbs(what);
    const { moments, yStep = conv.outChannels } = also;
    const operands = { x: x.ptr, weight: weight.ptr, bias: bias?.ptr ?? 0, y: y.ptr, yStep };
    row.forward(p, conv, { ...operands, moments, ...finishOf(also) });
  },
  saves: ["x", "weight"],
  vjp: {
    x: (dy, { weight, shapes }, attrs) => dataGradient(shapes.x, { dy, weight }, attrs),
    weight: (dy, { x, shapes }, attrs) => weightGradient.later(shapes.weight, { dy, x }, attrs),
    bias: (dy) => sumOfRows([dy.shape[3]!], { dy }, {}),
  },
});

/**
 * y[n, i, j, o] = bias[o] + Σ_{p,q,c} x[n, i·stride + p·dilation − padding, j·stride + q·dilation − padding, c] · weight[p, q, c, o]
 * over the channels c of o's group. x:[n,h,w,c] weight:[kh,kw,c/groups,o] bias:[o] → [n,oh,ow,o].
 * @throws ShapeError unless the shapes fit, and the named algorithm, if any, is known and can compute such a convolution
 */
export function conv2d(x: Tensor, weight: Tensor, bias?: Tensor, options: Conv2dOptions = {}): Tensor {
  checkOptions<Conv2dOptions>("conv2d", options, CONV2D);
  const { stride = 1, padding = 0, dilation = 1, groups = 1, algorithm } = options;
  checkTensors("conv2d", { x, weight });
  const [, h = 0, w = 0] = x.shape;
  const [kh = 1, kw = 1] = weight.shape;
  const sides = paddingOf(padding, [h, w], [kh, kw], { stride, dilation });
  const window = { stride: copyOf(stride), padding: sides, dilation: copyOf(dilation) };
  return conv2dOp({ x, weight, bias }, { ...window, groups, algorithm });
}
