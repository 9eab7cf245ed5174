// Pooling of NHWC images.

import { defineOp } from "../core/op.js";
import { definePlan, type Place } from "../core/planned.js";
import { describe, type Shape } from "../core/shape.js";
import { checkTensors, empty, type Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { checkOptions } from "../errors/options.js";
import { GRAIN } from "../wasm/parallel.js";
import { AVG_POOL, MAX_POOL } from "./option-names.js";
import {
  copyOf,
  describeWindow,
  paddingOf,
  pair,
  showPair,
  sidesOf,
  windowOf,
  windowOutput,
  type Padding2dOption,
  type Pair,
  type WindowAttrs,
} from "./window.js";

interface PoolInputs {
  x: Tensor;
}

interface PoolAttrs extends WindowAttrs {
  kernelSize: Pair;
}

function poolShape(name: string, { x }: PoolInputs, attrs: PoolAttrs): Shape {
  const kernel = pair(attrs.kernelSize);
  if (Number.isNaN(kernel[0])) {
    throw new ShapeError(
      `${name}: kernelSize must be a number or [height, width]; got ${showPair(attrs.kernelSize)}`,
    );
  }
  const [height, width] = sidesOf(attrs.padding).map((sides) => Math.max(...sides)) as [number, number];
  if (x.shape.length !== 4) throw new ShapeError(`${name}: expected x:[n,h,w,c]; got ${describe({ x })}`);
  if (height * 2 > kernel[0] || width * 2 > kernel[1]) {
    throw new ShapeError(
      `${name}: padding must be at most half the kernel [${kernel.join(",")}]; ` +
        `got ${describe({ x })} ${describeWindow(attrs)}`,
    );
  }
  const [n, h, w, c] = x.shape as [number, number, number, number];
  return [n, ...windowOutput(name, { x }, [h, w], kernel, attrs), c];
}

/** Rows of a stack of images: the units of pooling kernels. */
export function rowsOf({ shape }: Place): number {
  return shape[0]! * shape[1]!;
}

/** Rows worth another thread; each value is computed from a whole window. */
export function grainOf({ shape }: Place, attrs?: { kernelSize: Pair }): number {
  const [kh, kw] = pair(attrs?.kernelSize ?? 2);
  return Math.ceil(GRAIN / Math.max(1, shape[2]! * shape[3]! * kh * kw));
}

const maxBackward = definePlan<{ dy: Tensor; taps: Tensor<"u8"> }, PoolAttrs>(
  "maxPool2dBackward",
  (p, dx, { dy, taps }, attrs) => {
    const window = windowOf(dx.shape, dy.shape, pair(attrs.kernelSize), attrs);
    const bands = window.images * Math.ceil(window.height / window.strideHeight);
    const struct = p.struct("Window", window);
    p.parallel("maxPool2dBackward", bands, grainOf(dx), struct, dy.ptr, taps.ptr, dx.ptr);
  },
);

const avgBackward = definePlan<{ dy: Tensor }, PoolAttrs & { countIncludePad: boolean }>(
  "avgPool2dBackward",
  (p, dx, { dy }, attrs) => {
    const window = p.struct("Window", windowOf(dx.shape, dy.shape, pair(attrs.kernelSize), attrs));
    const pad = attrs.countIncludePad ? 1 : 0;
    p.parallel("avgPool2dBackward", rowsOf(dx), grainOf(dx), window, dy.ptr, dx.ptr, pad);
  },
);

const maxPool2dOp = defineOp({
  name: "maxPool2d",
  shape(inputs: PoolInputs, attrs: PoolAttrs) {
    const shape = poolShape("maxPool2d", inputs, attrs);
    const [kh, kw] = pair(attrs.kernelSize);
    if (kh * kw > 256) {
      throw new ShapeError(`maxPool2d: at most 256 cells in a window; got kernelSize [${kh},${kw}]`);
    }
    return shape;
  },
  // Backward needs the position of each maximum; without a backward pass it is not recorded.
  extras: (_, shape, recorded): { taps?: Tensor<"u8"> } =>
    recorded ? { taps: empty(shape, "u8", "maxPool2d") } : {},
  plan(p, y, { x, taps }, attrs) {
    const window = p.struct("Window", windowOf(x.shape, y.shape, pair(attrs.kernelSize), attrs));
    p.parallel("maxPool2d", rowsOf(y), grainOf(y, attrs), window, x.ptr, y.ptr, taps?.ptr ?? 0);
  },
  saves: [],
  vjp: {
    x: (dy, { shapes, aux }, attrs) => maxBackward(shapes.x, { dy, taps: aux.taps! }, attrs),
  },
});

const avgPool2dOp = defineOp({
  name: "avgPool2d",
  shape: (inputs: PoolInputs, attrs: PoolAttrs & { countIncludePad: boolean }) =>
    poolShape("avgPool2d", inputs, attrs),
  plan(p, y, { x }, attrs) {
    const window = p.struct("Window", windowOf(x.shape, y.shape, pair(attrs.kernelSize), attrs));
    const pad = attrs.countIncludePad ? 1 : 0;
    p.parallel("avgPool2d", rowsOf(y), grainOf(y, attrs), window, x.ptr, y.ptr, pad);
  },
  saves: [],
  vjp: { x: (dy, { shapes }, attrs) => avgBackward(shapes.x, { dy }, attrs) },
});

/** kernelHeight 0 means that windows divide the image evenly. */
export const ADAPTIVE = { kernelSize: 0, stride: 1, padding: 0, dilation: 1, countIncludePad: false };

const adaptiveAvgPool2dOp = defineOp({
  name: "adaptiveAvgPool2d",
  shape({ x }: PoolInputs, { outputSize }: { outputSize: Pair }) {
    const size = pair(outputSize);
    if (
      x.shape.length !== 4 ||
      !size.every((n) => Number.isInteger(n) && n >= 1) ||
      x.shape[1]! * x.shape[2]! === 0
    ) {
      throw new ShapeError(
        `adaptiveAvgPool2d: expected x:[n,h,w,c] with h, w ≥ 1 and sizes ≥ 1; ` +
          `got ${describe({ x })} outputSize ${showPair(Number.isNaN(size[0]) ? outputSize : size)}`,
      );
    }
    return [x.shape[0]!, size[0], size[1], x.shape[3]!];
  },
  plan(p, y, { x }) {
    const window = p.struct("Window", windowOf(x.shape, y.shape, [0, 0], ADAPTIVE));
    p.parallel("avgPool2d", rowsOf(y), 1, window, x.ptr, y.ptr, 0);
  },
  saves: [],
  vjp: { x: (dy, { shapes }) => avgBackward(shapes.x, { dy }, ADAPTIVE) },
});

function windowCopy(
  { shape }: Tensor,
  { kernelSize, stride, padding, dilation }: Omit<PoolAttrs, "padding"> & { padding: Padding2dOption },
): PoolAttrs {
  return {
    kernelSize: copyOf(kernelSize),
    stride: copyOf(stride),
    padding: paddingOf(padding, shape.slice(1, 3), kernelSize, { stride, dilation }),
    dilation: copyOf(dilation),
  };
}

/** Options of all poolings. */
export interface PoolOptions {
  /** Default: kernelSize. */
  stride?: Pair;
  /** Rows and columns around the image: of −∞ for maxPool2d(), of zeros for avgPool2d(). Default 0. */
  padding?: Padding2dOption;
  /** Whether a remainder at the end gets its own window, which reaches beyond it. Default false. */
  ceilMode?: boolean;
}

/** Options of maxPool2d(). */
export interface MaxPoolOptions extends PoolOptions {
  /** Distance between the elements of a window. Default 1. */
  dilation?: Pair;
}

/** Options of avgPool2d(). */
export interface AvgPoolOptions extends PoolOptions {
  /** Whether a window at the border divides by its padded cells too. Default true, as in PyTorch. */
  countIncludePad?: boolean;
}

/**
 * Largest value of each window: x:[n,h,w,c] → [n,oh,ow,c]. Padding never wins, NaN always does; the gradient goes to
 * the first of equals. @throws ShapeError unless the window fits, padding is at most half of it, and it has ≤ 256 cells
 */
export function maxPool2d(x: Tensor, kernelSize: Pair, options: MaxPoolOptions = {}): Tensor {
  checkOptions<MaxPoolOptions>("maxPool2d", options, MAX_POOL);
  checkTensors("maxPool2d", { x });
  const { stride = kernelSize, padding = 0, dilation = 1, ceilMode = false } = options;
  return maxPool2dOp({ x }, { ...windowCopy(x, { kernelSize, stride, padding, dilation }), ceilMode });
}

/** Mean of each window: x:[n,h,w,c] → [n,oh,ow,c]. @throws ShapeError unless the window fits and padding is at most half of it */
export function avgPool2d(x: Tensor, kernelSize: Pair, options: AvgPoolOptions = {}): Tensor {
  checkOptions<AvgPoolOptions>("avgPool2d", options, AVG_POOL);
  checkTensors("avgPool2d", { x });
  const { stride = kernelSize, padding = 0, countIncludePad = true, ceilMode = false } = options;
  const window = windowCopy(x, { kernelSize, stride, padding, dilation: 1 });
  return avgPool2dOp({ x }, { ...window, countIncludePad, ceilMode });
}

/** Means over windows that divide the image into outputSize: x:[n,h,w,c] → [n,oh,ow,c]. Size 1 is global average pooling. */
export function adaptiveAvgPool2d(x: Tensor, outputSize: Pair): Tensor {
  return adaptiveAvgPool2dOp({ x }, { outputSize: copyOf(outputSize) });
}
