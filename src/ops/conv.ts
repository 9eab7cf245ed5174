// 2-D convolution of NHWC images. Weights live as [kernelHeight][kernelWidth][inChannels / groups][outChannels],
// which is how the weight gradient writes them and the packer reads them; files hold PyTorch's OIHW (nn/conv2d.ts).

import { isGradEnabled, isRecorded } from "../core/autograd.js";
import { defineOp } from "../core/op.js";
import { describe, type Shape } from "../core/shape.js";
import { empty, type Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { checkOptions } from "../errors/options.js";
import { runtime } from "../wasm/runtime.js";
import {
  depthwiseBackwardData,
  depthwiseBackwardWeight,
  depthwiseForward,
  isDepthwise,
} from "./conv-depthwise.js";
import type { Conv } from "./conv-frame.js";
import { convBackwardData, convBackwardWeight, convForward } from "./conv-gemm.js";
import {
  winogradApplies,
  winogradBackwardWeight,
  WinogradDataGradient,
  WinogradOutput,
  winogradForward,
} from "./conv-winograd.js";
import { CONV2D } from "./option-names.js";
import { stemApplies, stemBackwardWeight, stemForward } from "./conv-winograd-stem.js";
import {
  MIN_WEIGHT_CHANNELS,
  stride2Applies,
  stride2BackwardData,
  stride2BackwardWeight,
  stride2Forward,
} from "./conv-winograd-stride2.js";
import { describeWindow, pair, windowOutput, type Pair, type WindowAttrs } from "./window.js";

interface Conv2dInputs {
  x: Tensor;
  weight: Tensor;
  bias?: Tensor | undefined;
}

interface Conv2dAttrs extends WindowAttrs {
  groups: number;
}

/** The sizes of a convolution by name. */
function convOf(x: Shape, weight: Shape, attrs: Conv2dAttrs, out: readonly [number, number]): Conv {
  const [n, h, w, c] = x as [number, number, number, number];
  const [kh, kw, cg, o] = weight as [number, number, number, number];
  const [strideHeight, strideWidth] = pair(attrs.stride);
  const [paddingTop, paddingLeft] = pair(attrs.padding);
  const [dilationHeight, dilationWidth] = pair(attrs.dilation);
  return {
    images: n,
    height: h,
    width: w,
    channels: c,
    kernelHeight: kh,
    kernelWidth: kw,
    groupChannels: cg,
    outChannels: o,
    groupOutChannels: o / attrs.groups,
    groups: attrs.groups,
    outHeight: out[0],
    outWidth: out[1],
    strideHeight,
    strideWidth,
    paddingTop,
    paddingLeft,
    dilationHeight,
    dilationWidth,
  };
}

function outputOf(x: Shape, weight: Shape, attrs: Conv2dAttrs): [number, number] {
  return windowOutput("conv2d", { x, weight }, [x[1]!, x[2]!], [weight[0]!, weight[1]!], attrs);
}

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
          `${describeWindow(attrs)} groups ${groups}; ` +
          `expected x:[n,h,w,c] weight:[kh,kw,c/groups,o] bias:[o]`,
      );
    }
    return [x.shape[0]!, ...outputOf(x.shape, weight.shape, attrs), o!];
  },
  forward(y, { x, weight, bias }, attrs) {
    const conv = convOf(x.shape, weight.shape, attrs, [y.shape[1]!, y.shape[2]!]);
    if (isDepthwise(conv)) {
      depthwiseForward(conv, x.ptr, weight.ptr, bias?.ptr ?? 0, y.ptr);
    } else if (winogradApplies(conv, !isGradEnabled())) {
      if (isRecorded(weight))
        y.storage.defer(new WinogradOutput(conv, x.storage, weight.storage, bias?.storage));
      else winogradForward(conv, x.ptr, weight, bias?.ptr ?? 0, y.ptr);
    } else if (stride2Applies(conv)) {
      stride2Forward(conv, x.ptr, weight, bias?.ptr ?? 0, y.ptr);
    } else if (stemApplies(conv)) {
      stemForward(conv, x.ptr, weight, bias?.ptr ?? 0, y.ptr);
    } else {
      convForward(conv, x.ptr, weight, bias?.ptr ?? 0, y.ptr);
    }
  },
  saves: ["x", "weight"],
  vjp: {
    x(dy, { weight, shapes }, attrs) {
      const dx = empty(shapes.x, "f32", "conv2dBackwardData");
      const conv = convOf(shapes.x, shapes.weight, attrs, [dy.shape[1]!, dy.shape[2]!]);
      if (isDepthwise(conv)) {
        depthwiseBackwardData(conv, dy.ptr, weight.ptr, dx.ptr);
      } else if (winogradApplies(conv)) {
        dx.storage.defer(new WinogradDataGradient(conv, dy.storage, weight.storage));
      } else if (stride2Applies(conv)) {
        stride2BackwardData(conv, dy.ptr, weight.ptr, dx.ptr);
      } else {
        convBackwardData(conv, dy.ptr, weight.ptr, dx.ptr);
      }
      return dx;
    },
    weight(dy, { x, shapes }, attrs) {
      const dw = empty(shapes.weight, "f32", "conv2dBackwardWeight");
      const conv = convOf(shapes.x, shapes.weight, attrs, [dy.shape[1]!, dy.shape[2]!]);
      if (isDepthwise(conv)) {
        depthwiseBackwardWeight(conv, x.ptr, dy.ptr, dw.ptr);
      } else if (winogradApplies(conv, true)) {
        winogradBackwardWeight(conv, x.ptr, dy.ptr, dw.ptr);
      } else if (stride2Applies(conv, MIN_WEIGHT_CHANNELS)) {
        stride2BackwardWeight(conv, x.ptr, dy.ptr, dw.ptr);
      } else if (stemApplies(conv)) {
        stemBackwardWeight(conv, x.ptr, dy.ptr, dw.ptr);
      } else {
        convBackwardWeight(conv, x.ptr, dy.ptr, dw.ptr);
      }
      return dw;
    },
    bias(dy) {
      const o = dy.shape[3]!;
      const db = empty([o], "f32", "conv2d gradient");
      runtime().kernels.sum(dy.ptr, db.ptr, 1, dy.size / o, o, 1);
      return db;
    },
  },
});

export interface Conv2dOptions {
  stride?: Pair;
  padding?: Pair;
  dilation?: Pair;
  groups?: number;
}

/**
 * y[n, i, j, o] = bias[o] + Σ_{p,q,c} x[n, i·stride + p·dilation − padding, j·stride + q·dilation − padding, c] · weight[p, q, c, o]
 * over the channels c of o's group. x:[n,h,w,c] weight:[kh,kw,c/groups,o] bias:[o] → [n,oh,ow,o].
 * @throws ShapeError unless the shapes fit
 */
export function conv2d(x: Tensor, weight: Tensor, bias?: Tensor, options: Conv2dOptions = {}): Tensor {
  checkOptions<Conv2dOptions>("conv2d", options, CONV2D);
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  return conv2dOp({ x, weight, bias }, { stride, padding, dilation, groups });
}
