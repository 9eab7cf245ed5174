// Weights for comparing runtimes: random, of a size at which signals neither vanish nor grow, statistics of batch normalisation
// as of the images. Faster than an initialisation that is meant for training.

import { BatchNorm2d, tensor, tidy, type Module, type Tensor } from "../../src/index.js";
import { noGrad } from "../../src/core/grad-mode.js";

/** Normal numbers, repeated from wherever a tensor begins. */
const POOL = 2 ** 20 + 7;
const pool = new Float32Array(POOL);
let state = 12345;
const uniform = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
for (let i = 0; i < POOL; i++) {
  pool[i] = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

function randoms(size: number, scale: number, shift = 0): Float32Array {
  const begin = Math.floor(uniform() * POOL);
  return Float32Array.from({ length: size }, (_, i) => shift + scale * pool[(begin + i) % POOL]!);
}

export const images = (shape: readonly number[]): Tensor =>
  tensor(
    randoms(
      shape.reduce((a, b) => a * b, 1),
      1,
    ),
    [...shape],
  );

/**
 * The last normalisation of a bottleneck's branch. Where all branches weigh as much as what they are added to, as in no trained
 * network, ResNet-101 makes 300 times as much of any change of its input, and of any rounding.
 */
const BRANCH = /\bbn3\.weight$/;

/** The weights of a dynamic activation, MicroNet's: where they are as large as others, rounding grows from block to block. */
const DYNAMIC = /\.fc\.2\.weight$/;

/** Fills every parameter and statistic. x: images that the network takes, several of them. */
export function fillSanely(model: Module, x: Tensor): void {
  for (const [name, p] of model.namedParameters()) {
    const fanIn = p.fileShape.slice(1).reduce((a, b) => a * b, 1);
    if (p.shape.length > 1)
      p.copyFrom(randoms(p.size, (DYNAMIC.test(name) ? 0.1 : 1) * Math.sqrt(2 / fanIn))); // prettier-ignore
    else p.copyFrom(randoms(p.size, 0.1, BRANCH.test(name) ? 0.2 : name.endsWith("weight") ? 1 : 0));
  }
  const norms = [...model.modules()].filter((m): m is BatchNorm2d => m instanceof BatchNorm2d);
  const momenta = norms.map(({ momentum }) => momentum);
  for (const [name, buffer] of model.namedBuffers()) {
    buffer.copyFrom(new Float32Array(buffer.size).fill(name.endsWith("running_var") ? 1 : 0));
  }
  const setMomentum = (norm: BatchNorm2d, momentum: number): unknown => Object.assign(norm, { momentum });
  norms.forEach((norm) => setMomentum(norm, 1)); // the images' own statistics, at once
  model.train();
  if (norms.length > 0) noGrad(() => tidy(() => void model.forward(x).compute()));
  model.eval();
  norms.forEach((norm, i) => setMomentum(norm, momenta[i]!));
}
