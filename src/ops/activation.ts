// Activations that the operation before them may apply as it writes (core/storage.ts). sigmoid and tanh are in elementwise.ts.

import { defineOp } from "../core/op.js";
import { definePlan, operandsOf } from "../core/planned.js";
import type { Activation, Storage } from "../core/storage.js";
import { empty, type Tensor } from "../core/tensor.js";
import { checkOptions, wrongKind } from "../errors/options.js";
import { GRAIN } from "../wasm/parallel.js";
import { activatedBefore } from "./fusion.js";
import { GELU } from "./option-names.js";

/**
 * y = f(x). from: the tensor that gives its slope. slow: its time as a multiple of a copy's. If x waits to be computed,
 * as after batch normalisation, it is never written: backward computes it again.
 */
function defineActivation(name: Activation, from: "x" | "y", slow = 1): (x: Tensor) => Tensor {
  const kernel = `${name}Backward` as const;
  const gradient = definePlan<{ dy: Tensor; of: Tensor }, object>(kernel, (p, dx, { dy, of }) =>
    p.parallel(kernel, dx.size, GRAIN / slow, dy.ptr, of.ptr, dx.ptr),
  );
  const op = defineOp({
    name,
    shape: ({ x }: { x: Tensor }) => x.shape,
    plan: (p, y, { x }) => p.parallel(name, x.size, GRAIN / slow, x.ptr, y.ptr),
    extras: (): { coefficients?: Storage } => ({}),
    absorbed(y, { x }) {
      const deferred = activatedBefore(y, x.storage, name);
      return deferred && (deferred.scaled ?? {});
    },
    saves: [from],
    vjp: {
      x(dy, saved) {
        const of = saved[from];
        const dx = empty(dy.shape, "f32", `${name} gradient`);
        const own = operandsOf({ dy, of });
        const { coefficients } = (from === "y" ? saved.aux : of.storage.deferred?.scaled) ?? {};
        dx.storage.defer({
          sources: [dy.storage, of.storage],
          absorbs: new Set(),
          sloped: { activation: name, dy: dy.storage, of: of.storage, coefficients },
          write: (address) => gradient.run(address, dx.shape, own, {}),
        });
        return dx;
      },
    },
  });
  return (x) => op({ x });
}

/** max(x, 0). */
export const relu = defineActivation("relu", "y");
/** x / (1 + e⁻ˣ), also called swish. Elfwing, Uchibe and Doya (2017), arXiv 1702.03118. */
export const silu = defineActivation("silu", "x", 8);
/** min(max(x + 3, 0), 6) / 6. Howard et al., Searching for MobileNetV3 (2019), arXiv 1905.02244. */
export const hardsigmoid = defineActivation("hardsigmoid", "x");
/** x · hardsigmoid(x). Howard et al. (2019), arXiv 1905.02244. */
export const hardswish = defineActivation("hardswish", "x");
/** min(max(x, 0), 6). */
export const relu6 = defineActivation("relu6", "x");

const [exactGelu, tanhGelu] = [defineActivation("gelu", "x", 8), defineActivation("geluTanh", "x", 8)];

/** Options of gelu(). */
export interface GeluOptions {
  /** "tanh" approximates the normal distribution by tanh, which differs by up to 0.0005. Default "none". */
  approximate?: "none" | "tanh";
}

/**
 * x·Φ(x) with the normal distribution Φ. Hendrycks and Gimpel, Gaussian Error Linear Units (2016), arXiv 1606.08415.
 * @throws DataError for another approximation
 */
export function gelu(x: Tensor, options: GeluOptions = {}): Tensor {
  checkOptions<GeluOptions>("gelu", options, GELU);
  const { approximate = "none" } = options;
  if (approximate === "tanh") return tanhGelu(x);
  if (approximate === "none") return exactGelu(x);
  throw wrongKind("gelu", "approximate", approximate, '"none" or "tanh"');
}
