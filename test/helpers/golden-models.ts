// A model against what a script of test/golden computed in float64 with the same drawn weights and images.

import {
  add,
  createModel,
  crossEntropy,
  mul,
  noGrad,
  outputsOf,
  permute,
  tensor,
  tidy,
  type StateDict,
} from "../../src/index.js";
import { shapesOnly } from "../../src/core/op.js";
import { drawInto, drawnTensors, dropoutOff, entriesOf, seedOf } from "./drawn.js";

export interface LogitsGolden {
  size: number;
  /** Of two images and 7 classes. */
  logits: number[];
}

export interface GradientsGolden {
  size: number;
  /** Seed of the images. */
  images: number;
  logits: number[];
  loss: number;
  /** Its norm, and of its products with drawn numbers the sums of every fourth. */
  gradients: Record<string, number[]>;
}

/** Multiplies the statistics of each normalisation, in the order of their names, by a power of 2: calibrate() of zoo.py. */
export function calibrated(weights: StateDict, exponents: string): StateDict {
  const scaled = new Map(weights);
  const names = [...weights.keys()].filter((name) => name.endsWith(".running_var")).sort();
  const powers = exponents.split(" ").map(Number);
  const times = (name: string, factor: number): void => {
    const t = weights.get(name)!;
    scaled.set(name, { ...t, data: (t.data as Float32Array).map((v) => v * factor) });
  };
  names.forEach((name, i) => {
    times(name, 4 ** powers[i]!);
    times(name.replace(/var$/, "mean"), 2 ** powers[i]!);
  });
  return scaled;
}

/** Largest difference, in parts of the largest wanted. */
export function relativeError(got: ArrayLike<number>, want: readonly number[]): number {
  return Math.max(...want.map((v, i) => Math.abs(v - got[i]!))) / Math.max(...want.map(Math.abs));
}

/**
 * How far a gradient is from the wanted one. Drawn numbers r have mean square ⅓, so 3·(Σ e·r)² estimates Σ e²: four such
 * sums that share no element add up to an estimate for the whole.
 */
function gradientDistance(g: Float32Array, drawn: Float32Array, sums: readonly number[]): number {
  const own = [0, 0, 0, 0];
  for (let i = 0; i < g.length; i++) own[i % 4]! += g[i]! * drawn[i]!;
  return Math.sqrt(3 * own.reduce((sum, v, j) => sum + (v - sums[j]!) ** 2, 0));
}

const evaluationOptions = { numClasses: 7, initialise: false };

export interface Drawn {
  evaluated: StateDict;
  trained: StateDict;
  /** What gradients are multiplied by. */
  products: Map<string, Float32Array>;
}

/** The weights of a model in evaluation and in training. */
export function drawnFor(name: string, forTraining: object): Drawn {
  const entries = (options: object) => shapesOnly(() => entriesOf(createModel(name, options)));
  const trained = drawnTensors(entries({ initialise: false, numClasses: 10, ...forTraining }), true);
  const evaluated = drawnTensors(entries(evaluationOptions));
  const products = [...trained].map(([key, { data }]) => {
    return [key, drawInto(seedOf(key) + 1, new Float32Array(data.length))] as const;
  });
  return { trained, evaluated, products: new Map(products) };
}

/** How far a model's logits in evaluation are from the wanted ones. */
export function logitsError(name: string, weights: StateDict, { size, logits }: LogitsGolden): number {
  const model = createModel(name, evaluationOptions).eval();
  model.loadStateDict(weights);
  const x = tensor(drawInto(8, new Float32Array(2 * size * size * 3)), [2, size, size, 3]);
  const got = noGrad(() => tidy(() => model.forward(x).data()));
  model.dispose();
  x.dispose();
  return relativeError(got, logits);
}

export interface TrainingErrors {
  logits: number;
  loss: number;
  /** Names of the parameters, sorted. */
  names: string[];
  /** Largest first. */
  gradients: [error: number, name: string][];
}

/** How far a model's logits, loss and gradients in training are from the wanted ones. */
export function trainingErrors(
  name: string,
  drawn: Drawn,
  want: GradientsGolden,
  options: object,
): TrainingErrors {
  const model = createModel(name, { initialise: false, numClasses: 10, ...options });
  model.loadStateDict(drawn.trained);
  dropoutOff(model);
  const { size } = want;
  const [logits, loss] = tidy(() => {
    const x = tensor(drawInto(want.images, new Float32Array(4 * size * size * 3)), [4, size, size, 3]);
    const labels = tensor(Int32Array.of(0, 1, 2, 3));
    const outputs = outputsOf(model.forward(x));
    const error = relativeError(outputs[0]!.logits.data(), want.logits);
    const loss = outputs
      .map(({ weight, logits }) => mul(crossEntropy(logits, labels), weight))
      .reduce((a, b) => add(a, b));
    const value = loss.item();
    loss.backward();
    return [error, Math.abs(value / want.loss - 1)] as const;
  });
  // What a normalisation behind takes out again (a bias) has a gradient of 0, or of the little that is left of large
  // terms: below 1e-4 of the whole gradient it is compared in parts of that.
  const whole = Math.hypot(...Object.values(want.gradients).map(([norm]) => norm!));
  const gradients = model.namedParameters().map(([key, p]): [number, string] => {
    const g = tidy(() => (p.fileAxes ? noGrad(() => permute(p.grad!, p.fileAxes!)) : p.grad!).data());
    const [norm, ...sums] = (want.gradients[key] ?? []) as [number, ...number[]];
    const distance = gradientDistance(g as Float32Array, drawn.products.get(key)!, sums);
    return [distance / Math.max(norm, 1e-4 * whole), key];
  });
  const names = model.namedParameters().map(([key]) => key).sort(); // prettier-ignore
  model.dispose();
  return { logits, loss, names, gradients: gradients.sort((a, b) => b[0] - a[0]) };
}
