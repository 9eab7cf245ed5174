// Enlarges images. Windows that divide an image evenly, and outnumber its pixels, hold one pixel each, so the kernel of
// average pooling repeats pixels; the gradient is a sum over windows.

import { defineOp } from "../core/op.js";
import { definePlan } from "../core/planned.js";
import { describe } from "../core/shape.js";
import { checkTensors, type Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";
import { checkOptions, wrongKind } from "../errors/options.js";
import { INTERPOLATE } from "./option-names.js";
import { ADAPTIVE, grainOf, rowsOf } from "./pool.js";
import { copyOf, pair, showPair, windowOf, type Pair } from "./window.js";

interface Scale {
  scaleFactor: Pair;
}

/** Makes the kernel return sums, not means. */
const SUM = 2;

const gradient = definePlan<{ dy: Tensor }, Scale>(
  "interpolateBackward",
  (p, dx, { dy }, { scaleFactor }) => {
    const attrs = { ...ADAPTIVE, kernelSize: scaleFactor, stride: scaleFactor };
    const window = p.struct("Window", windowOf(dy.shape, dx.shape, pair(scaleFactor), attrs));
    p.parallel("avgPool2d", rowsOf(dx), grainOf(dx, attrs), window, dy.ptr, dx.ptr, SUM);
  },
);

const interpolateOp = defineOp({
  name: "interpolate",
  shape({ x }: { x: Tensor }, { scaleFactor }: Scale) {
    const scale = pair(scaleFactor);
    const [n, h, w, c] = x.shape as [number, number, number, number];
    if (x.shape.length === 4 && scale.every((s) => Number.isInteger(s) && s >= 1)) {
      return [n, h * scale[0], w * scale[1], c];
    }
    throw new ShapeError(
      "interpolate: expected x:[n,h,w,c] and scaleFactor, an integer ≥ 1 or two, [height, width]; " +
        `got ${describe({ x })} scaleFactor ${showPair(scaleFactor)}`,
    );
  },
  plan(p, y, { x }) {
    const window = p.struct("Window", windowOf(x.shape, y.shape, [0, 0], ADAPTIVE));
    p.parallel("avgPool2d", rowsOf(y), grainOf(y, { kernelSize: 1 }), window, x.ptr, y.ptr, SUM);
  },
  saves: [],
  vjp: { x: (dy, { shapes }, attrs) => gradient(shapes.x, { dy }, attrs) },
});

/** Options of interpolate(). */
export interface InterpolateOptions {
  /** Factor of the height and width; whole numbers. */
  scaleFactor: Pair;
  /** Source of a new pixel: the nearest one, the default. */
  mode?: "nearest";
}

/**
 * Enlarges images by whole factors, repeating each pixel: x:[n,h,w,c] → [n, h·scale, w·scale, c].
 * @throws ShapeError unless the factors are integers ≥ 1. DataError for another mode
 */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  checkOptions<InterpolateOptions>("interpolate", options, INTERPOLATE);
  checkTensors("interpolate", { x });
  const { scaleFactor, mode = "nearest" } = options;
  if (mode !== "nearest") throw wrongKind("interpolate", "mode", mode, '"nearest"');
  return interpolateOp({ x }, { scaleFactor: copyOf(scaleFactor) });
}
