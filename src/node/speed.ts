// Measures a model's speed on this machine, for `fovea bench`.

import { compile } from "../compile/index.js";
import { noGrad } from "../core/grad-mode.js";
import { Random } from "../core/random.js";
import { keep, tidy } from "../core/scope.js";
import { empty, tensor, type Tensor } from "../core/tensor.js";
import { CrossEntropyLoss, outputsOf, type Module } from "../nn/index.js";
import { SGD } from "../optim/index.js";
import { add, mul } from "../ops/index.js";

/** Milliseconds of warm-up, in which the engine replaces baseline code by optimised code. */
const WARM_UP_MS = 300;
/** Works timed together take turns of this many milliseconds, so that other load on the machine affects both. */
const TURN_MS = 100;
/** Milliseconds of counted runs. */
const BUDGET_MS = 2000;
/** With fewer runs, the 95th percentile would be the longest or the one before. */
const RUNS_FOR_P95 = 20;
/** Most milliseconds without letting other events be served, such as Ctrl-C. */
const BREATH_MS = 50;

/** Inference by the compiled model, by the model's own forward(), and a training step. */
export type Work = "compiled" | "eager" | "train";

/** Times of one kind of work at one batch size, in milliseconds. */
export interface Speed {
  work: Work;
  batchSize: number;
  /** For the compiled model: time of compile(). */
  compileMs?: number;
  /** The first run, which does not count among the others. */
  firstMs: number;
  medianMs: number;
  /** 95 % of the runs are faster than this; null if there are fewer than 20. */
  p95Ms: number | null;
  minMs: number;
  /** Images per second: batch size / median. */
  imagesPerSecond: number;
  /** Number of timed runs. */
  runs: number;
  /** For the compiled model: bytes of its weights and of its memory for values. */
  compiledBytes?: number;
  /** Bytes of the whole process at the end, including memory kept from earlier, larger work. */
  residentBytes: number;
}

/** The q-quantile of ascending numbers, with linear interpolation. */
export function quantile(sorted: readonly number[], q: number): number {
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at));
}

/** Statistics of one kind of work's runs. */
export function speedOf(work: Work, batchSize: number, firstMs: number, times: readonly number[]): Speed {
  const sorted = [...times].sort((a, b) => a - b);
  const medianMs = quantile(sorted, 0.5);
  const p95Ms = sorted.length < RUNS_FOR_P95 ? null : quantile(sorted, 0.95);
  const imagesPerSecond = (batchSize / medianMs) * 1000;
  const residentBytes = process.memoryUsage.rss();
  return {
    work,
    batchSize,
    firstMs,
    medianMs,
    p95Ms,
    minMs: sorted[0]!,
    imagesPerSecond,
    runs: sorted.length,
    residentBytes,
  };
}

interface Timed {
  firstMs: number;
  times: number[];
}

/** Times works in turns; each run is timed separately. Long ones run at least twice: once to warm up, once to count. */
async function timeInTurns(works: readonly (() => void)[], budgetMs: number): Promise<Timed[]> {
  let breath = performance.now();
  const time = async (run: () => void): Promise<number> => {
    const begin = performance.now();
    run();
    const end = performance.now();
    if (end - breath > BREATH_MS) {
      await new Promise((resume) => setImmediate(resume));
      breath = performance.now();
    }
    return end - begin;
  };
  const timed: Timed[] = [];
  for (const run of works) {
    const firstMs = await time(run);
    for (let spent = firstMs; spent < Math.min(WARM_UP_MS, budgetMs);) spent += await time(run);
    timed.push({ firstMs, times: [] });
  }
  for (let left = budgetMs * works.length; left > 0;) {
    for (const [i, run] of works.entries()) {
      let turn = 0;
      do {
        const ms = await time(run);
        timed[i]!.times.push(ms);
        turn += ms;
      } while (turn < TURN_MS);
      left -= turn;
    }
  }
  return timed;
}

/** A batch of one image of random numbers, repeated: its contents make no difference. */
export function noise(batchSize: number, size: readonly number[], random: Random): Tensor {
  const pixels = size.reduce((a, b) => a * b);
  const image = Float32Array.from({ length: pixels }, () => random.normal());
  const images = empty([batchSize, ...size], "f32", "measureSpeed");
  const all = images.view();
  for (let i = 0; i < batchSize; i++) all.set(image, i * pixels);
  return images;
}

/** A step of plain gradient descent on images and random labels, too small to change anything. */
function trainingStep(model: Module, optimizer: SGD, images: Tensor, random: Random): () => void {
  const loss = new CrossEntropyLoss();
  const classes = tidy(() => noGrad(() => model.forward(images).shape[1]!));
  const labels = Int32Array.from({ length: images.shape[0]! }, () => random.integer(classes));
  return () => {
    model.train();
    tidy(() => {
      const losses = outputsOf(model.forward(images)).map(({ logits, weight }) =>
        mul(loss.forward(logits, tensor(labels)), weight),
      );
      losses.reduce((a, b) => add(a, b)).backward();
    });
    optimizer.step();
    optimizer.zeroGrad();
    model.eval();
  };
}

export interface SpeedOptions {
  /** Whether to time the model's own forward() in turns with the compiled model. Default false. */
  eager?: boolean;
  /** Whether to time a training step afterwards. Default false. */
  train?: boolean;
  /** Milliseconds for each kind of work. Default 2000. */
  budgetMs?: number;
}

/**
 * Times a model in evaluation mode with `batchSize` random images of a size [height, width, channels].
 * @throws ShapeError for images that the model refuses; DataError for a model that cannot be compiled; WasmError without memory
 */
export async function measureSpeed(
  model: Module,
  batchSize: number,
  size: readonly [number, number, number],
  { eager = false, train = false, budgetMs = BUDGET_MS }: SpeedOptions = {},
): Promise<Speed[]> {
  const random = new Random(0);
  const begin = performance.now();
  const compiled = compile(model, [batchSize, ...size]);
  const compileMs = performance.now() - begin;
  const images = keep(noise(batchSize, size, random));
  try {
    const runs: [Work, () => void][] = [["compiled", () => void compiled.run(images).compute()]];
    if (eager)
      runs.push(["eager", () => void noGrad(() => tidy(() => void model.forward(images).compute()))]);
    const time = async (works: typeof runs): Promise<Speed[]> => {
      const timed = await timeInTurns(works.map(([, run]) => () => tidy(run)), budgetMs); // prettier-ignore
      return timed.map(({ firstMs, times }, i) => speedOf(works[i]![0], batchSize, firstMs, times));
    };
    const [first, ...others] = await time(runs);
    const speeds = [{ ...first!, compileMs, compiledBytes: compiled.bytes }, ...others];
    if (!train) return speeds;
    compiled.dispose();
    using optimizer = new SGD(model.parameters(), { lr: 1e-9, momentum: 0.9 });
    return [...speeds, ...(await time([["train", trainingStep(model, optimizer, images, random)]]))];
  } finally {
    compiled.dispose();
    images.dispose();
  }
}
