// Batch normalisation in evaluation is a scale and a shift of each channel. After a convolution or a linear layer without other
// readers they go into its weights; elsewhere they stay a separate step.

import { noGrad } from "../core/grad-mode.js";
import { tidy } from "../core/scope.js";
import type { Shape } from "../core/shape.js";
import { tensor, type Tensor } from "../core/tensor.js";
import { mul } from "../ops/index.js";
import { reshape } from "../ops/movement.js";
import { readersOf, type Step, type Steps } from "./steps.js";

/** The axis of its weight that belongs to the output's channels. */
const WEIGHT_AXIS: Readonly<Record<string, "first" | "last">> = { conv2d: "last", linear: "first" };

type Makers = ReadonlyMap<string, () => Tensor>;

/** Reads a constant's elements. */
function valuesOf(makers: Makers, name: string | undefined): Float32Array | undefined {
  const t = name === undefined ? undefined : makers.get(name)!();
  const values = t?.data();
  t?.dispose();
  return values;
}

/** Scale and shift of each channel, for a batch normalisation after a layer with this bias, if any. */
function coefficientsOf(
  norm: Step,
  makers: Makers,
  biasName?: string,
): { scale: Float64Array; shift: Float64Array } {
  const { runningMean, runningVar, weight, bias } = norm.inputs;
  const [mean, variance] = [valuesOf(makers, runningMean)!, valuesOf(makers, runningVar)!];
  const [gamma, beta] = [valuesOf(makers, weight), valuesOf(makers, bias)];
  const own = valuesOf(makers, biasName);
  const eps = norm.attrs["eps"] as number;
  const scale = Float64Array.from(variance, (v, c) => (gamma?.[c] ?? 1) / Math.sqrt(v + eps));
  const shift = scale.map((s, c) => (beta?.[c] ?? 0) + ((own?.[c] ?? 0) - mean[c]!) * s);
  return { scale, shift };
}

/** weight · scale, along the axis of its output channels. */
function scaled(weight: Tensor, scale: Float64Array, axis: "first" | "last"): Tensor {
  return noGrad(() =>
    tidy(() => {
      const factors = tensor(Float32Array.from(scale), [scale.length]);
      const own = axis === "last" ? factors : reshape(factors, [scale.length, 1]);
      try {
        return mul(weight, own);
      } finally {
        weight.dispose();
      }
    }),
  );
}

/** The steps without batch normalisation. */
export function foldBatchNorm(steps: Steps): Steps {
  const readers = readersOf(steps);
  const constants = new Map(steps.constants);
  const shapes = new Map(steps.constantShapes);
  const add = (name: string, shape: Shape, make: () => Tensor): string => {
    constants.set(name, make);
    shapes.set(name, shape);
    return name;
  };
  const done = new Map<string, Step>();
  for (const node of steps.nodes) {
    if (node.op !== "batchNorm") {
      done.set(node.name, node);
      continue;
    }
    const channels = node.shape.at(-1)!;
    const { x } = node.inputs;
    const layer = done.get(x!);
    const axis = layer && readers.get(layer.name) === 1 ? WEIGHT_AXIS[layer.op] : undefined;
    if (layer && axis) {
      const { weight, bias } = layer.inputs;
      const folded = {
        weight: add(`${weight} of ${node.name}`, shapes.get(weight!)!, () =>
          scaled(steps.constants.get(weight!)!(), coefficientsOf(node, steps.constants, bias).scale, axis),
        ),
        bias: add(`bias of ${node.name}`, [channels], () => {
          const { shift } = coefficientsOf(node, steps.constants, bias);
          return tensor(Float32Array.from(shift), [channels]);
        }),
      };
      done.delete(layer.name);
      // In the order that its operation declares: x, weight, bias.
      done.set(node.name, { ...layer, name: node.name, inputs: { x: layer.inputs["x"]!, ...folded } });
    } else {
      const coefficients = add(`coefficients of ${node.name}`, [2, channels], () => {
        const { scale, shift } = coefficientsOf(node, steps.constants);
        return tensor(Float32Array.from([...scale, ...shift]), [2, channels]);
      });
      done.set(node.name, { ...node, op: "scaleShift", inputs: { x: x!, coefficients }, attrs: {} });
    }
  }
  return { ...steps, nodes: [...done.values()], constants, constantShapes: shapes };
}
