// Maps module names of Paddle's networks to torchvision's and timm's: those of PaddleClas, and of paddle.vision where they
// differ. https://github.com/PaddlePaddle/PaddleClas/tree/v2.6.0/ppcls/arch/backbone

import type { StateTensor } from "../core/state.js";
import { CONVOLUTIONAL } from "./paddle-convs.js";
import { INCEPTIONS } from "./paddle-inceptions.js";
import { MOBILES } from "./paddle-mobiles.js";
import { plain, renamed, type PaddleSeries } from "./paddle-rules.js";

/** How a file's tensors map to a model's names. */
export interface PaddleNetwork {
  /** The model's modules for those of the file. */
  readonly modules: ReadonlyMap<string, string>;
  /** Whether the model needs nothing of a module. */
  left(path: string): boolean;
  /** A tensor under its name in the model. */
  tensor(name: string, tensor: StateTensor): StateTensor;
}

const SERIES = [...CONVOLUTIONAL, ...INCEPTIONS, ...MOBILES];

const pathsOf = (names: readonly string[]): string[] => [
  ...new Set(names.map((name) => name.slice(0, name.lastIndexOf(".")))),
];

function seriesOf(paths: readonly string[]): PaddleSeries | undefined {
  const all = paths.map(plain);
  return SERIES.find(({ file }) => all.some((path) => file.test(path)));
}

/** Whether a file has names that only PaddleClas's networks have. */
export function isPaddleClas(names: readonly string[]): boolean {
  const series = seriesOf(pathsOf(names));
  return series !== undefined && !series.vision;
}

/** The mapping of a Paddle file for a model; undefined unless the names match. `names`: the file's, `own`: the model's. */
export function paddleNetwork(names: readonly string[], own: readonly string[]): PaddleNetwork | undefined {
  const paths = pathsOf(names);
  const series = seriesOf(paths);
  const modules = series && renamed(series, paths, pathsOf(own));
  if (!modules?.size) return undefined;
  const { left, axes: [weights, axes] = [] } = series!;
  return {
    modules,
    left: (path) => left !== undefined && left.test(path),
    tensor: (name, tensor) => {
      if (!weights?.test(name) || !name.endsWith(".weight")) return tensor;
      const [to, from] = tensor.shape as [number, number];
      return { ...tensor, shape: axes === 4 ? [to, from, 1, 1] : [to, from] };
    },
  };
}
