// Activations of the networks for phones. relu, sigmoid and tanh are in elementwise.ts.

import { defineOp } from "../core/op.js";
import { empty, type Tensor } from "../core/tensor.js";
import { GRAIN, parallel } from "../wasm/parallel.js";

type Activation = "silu" | "hardsigmoid" | "hardswish" | "relu6";

/** y = f(x), whose gradient needs x. slow: how many times longer than a copy it takes. */
function defineActivation(
  name: Activation,
  gradient: `${Activation}Backward`,
  slow = 1,
): (inputs: { x: Tensor }) => Tensor {
  return defineOp({
    name,
    shape: ({ x }: { x: Tensor }) => x.shape,
    forward: (y, { x }) => parallel(name, x.size, GRAIN / slow, x.ptr, y.ptr),
    saves: ["x"],
    vjp: {
      x(dy, { x }) {
        const dx = empty(dy.shape, "f32", gradient);
        parallel(gradient, dy.size, GRAIN / slow, dy.ptr, x.ptr, dx.ptr);
        return dx;
      },
    },
  });
}

const siluOp = defineActivation("silu", "siluBackward", 8);
const hardsigmoidOp = defineActivation("hardsigmoid", "hardsigmoidBackward");
const hardswishOp = defineActivation("hardswish", "hardswishBackward");
const relu6Op = defineActivation("relu6", "relu6Backward");

/** x / (1 + e⁻ˣ), also called swish. Elfwing, Uchibe and Doya (2017), arXiv 1702.03118. */
export function silu(x: Tensor): Tensor {
  return siluOp({ x });
}
/** min(max(x + 3, 0), 6) / 6. Howard et al., Searching for MobileNetV3 (2019), arXiv 1905.02244. */
export function hardsigmoid(x: Tensor): Tensor {
  return hardsigmoidOp({ x });
}
/** x · hardsigmoid(x). Howard et al. (2019), arXiv 1905.02244. */
export function hardswish(x: Tensor): Tensor {
  return hardswishOp({ x });
}
/** min(max(x, 0), 6). */
export function relu6(x: Tensor): Tensor {
  return relu6Op({ x });
}
