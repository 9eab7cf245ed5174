// jax-js on its WebAssembly backend. Its functions consume their arguments; `.ref` keeps one for later.

import { randomFloats, randomLabels, type ConvSpec, type ModelSpec, type Workload } from "../workload.js";
import { load, sizeOf, versionOf, type Library, type Work } from "./library.js";

interface NdArray {
  readonly ref: NdArray;
  add(other: NdArray | number): NdArray;
  sub(other: NdArray | number): NdArray;
  mul(other: NdArray | number): NdArray;
  div(other: NdArray | number): NdArray;
  neg(): NdArray;
  reshape(shape: number[]): NdArray;
  transpose(): NdArray;
  dispose(): void;
  blockUntilReady(): Promise<NdArray>;
}
type Tree = NdArray[];
interface Jax {
  init(device: "wasm"): Promise<string[]>;
  jit<F>(fn: F): F & { dispose(): void };
  valueAndGrad(
    fn: (p: Tree, x: NdArray, t: NdArray) => NdArray,
  ): (p: Tree, x: NdArray, t: NdArray) => [NdArray, Tree];
  blockUntilReady<T>(tree: T): Promise<T>;
  numpy: {
    array(values: Float32Array): NdArray;
    zeros(shape: number[]): NdArray;
    sqrt(x: NdArray): NdArray;
    max(x: NdArray, axis: number[]): NdArray;
    mean(x: NdArray): NdArray;
    sum(x: NdArray, axis: number): NdArray;
    matmul(a: NdArray, b: NdArray): NdArray;
  };
  lax: {
    convGeneralDilated(
      x: NdArray,
      w: NdArray,
      strides: number[],
      padding: [number, number][],
      options?: { featureGroupCount?: number },
    ): NdArray;
  };
  nn: { relu(x: NdArray): NdArray; logSoftmax(x: NdArray, axis: number): NdArray };
}

function random({ numpy }: Jax, seed: number, shape: number[], scale = 1): NdArray {
  return numpy.array(randomFloats(sizeOf(shape), seed).map((v) => v * scale)).reshape(shape);
}

const padding = (p: number): [number, number][] => [
  [p, p],
  [p, p],
];

function gemm(jax: Jax, n: number): Work {
  const a = random(jax, 1, [n, n]);
  const b = random(jax, 2, [n, n]);
  return {
    run: async () => (await jax.numpy.matmul(a.ref, b.ref).blockUntilReady()).dispose(),
    dispose: () => [a, b].forEach((t) => t.dispose()),
  };
}

/** Compiled by jit, which fuses the padding into the convolution, or not: whichever is faster here. */
async function conv(jax: Jax, spec: ConvSpec): Promise<Work> {
  const { batch, height, width, channels, outChannels, kernel, stride, groups } = spec;
  const x = random(jax, 1, [batch, channels, height, width]);
  const w = random(jax, 2, [outChannels, channels / groups, kernel, kernel]);
  const pads = padding(spec.padding);
  const eager = (x: NdArray, w: NdArray): NdArray =>
    jax.lax.convGeneralDilated(x, w, [stride, stride], pads, { featureGroupCount: groups });
  const compiled = jax.jit(eager);
  const runs = [eager, compiled].map(
    (fn) => async (): Promise<void> => (await fn(x.ref, w.ref).blockUntilReady()).dispose(),
  );
  const times: number[] = [];
  for (const run of runs) {
    await run();
    const begin = performance.now();
    await run();
    times.push(performance.now() - begin);
  }
  return {
    run: runs[times[0]! < times[1]! ? 0 : 1]!,
    dispose() {
      for (const t of [x, w, compiled]) t.dispose();
    },
  };
}

/** Shapes of LeNet-5's parameters, as in src/models/lenet.ts but channels first. */
const shapes = (classes: number): number[][] => [
  [6, 1, 5, 5], [6], [16, 6, 5, 5], [16], [120, 400], [120], [84, 120], [84], [classes, 84], [classes],
]; // prettier-ignore

function lenet({ lax, nn, numpy }: Jax, parameters: Tree, x: NdArray, batch: number): NdArray {
  const [w1, b1, w2, b2, ...linear] = parameters as [NdArray, NdArray, NdArray, NdArray, ...NdArray[]];
  // Windows do not overlap: a reshape and a maximum over two axes.
  const pool = (y: NdArray, c: number, size: number): NdArray =>
    numpy.max(y.reshape([batch, c, size / 2, 2, size / 2, 2]), [3, 5]);
  let y = lax.convGeneralDilated(x, w1, [1, 1], padding(2)).add(b1.reshape([6, 1, 1]));
  y = pool(nn.relu(y), 6, 28);
  y = lax.convGeneralDilated(y, w2, [1, 1], padding(0)).add(b2.reshape([16, 1, 1]));
  y = pool(nn.relu(y), 16, 10).reshape([batch, 400]);
  for (let i = 0; i < linear.length; i += 2) {
    y = numpy.matmul(y, linear[i]!.transpose()).add(linear[i + 1]!);
    if (i < 4) y = nn.relu(y);
  }
  return y;
}

function newParameters(jax: Jax, classes: number): Tree {
  return shapes(classes).map((shape, i) => {
    const fan = sizeOf(shapes(classes)[i - (i % 2)]!.slice(1));
    return random(jax, 10 + i, shape, 1 / Math.sqrt(fan));
  });
}

/** One jitted function for the whole step; Adam without bias correction would be less work, so it has it. */
function train(jax: Jax, { batch, classes }: ModelSpec): Work {
  const { numpy } = jax;
  const x = random(jax, 1, [batch, 1, 28, 28]);
  const hot = new Float32Array(batch * classes);
  randomLabels(batch, classes, 2).forEach((label, i) => (hot[i * classes + label] = 1));
  const targets = numpy.array(hot).reshape([batch, classes]);
  const loss = (p: Tree, x: NdArray, t: NdArray): NdArray =>
    numpy.mean(numpy.sum(jax.nn.logSoftmax(lenet(jax, p, x, batch), 1).mul(t), 1)).neg();
  const step = jax.jit((p: Tree, m: Tree, v: Tree, x: NdArray, t: NdArray, c1: NdArray, c2: NdArray) => {
    const [value, grads] = jax.valueAndGrad(loss)(
      p.map((a) => a.ref),
      x,
      t,
    );
    const newM = m.map((a, i) => a.mul(0.9).add(grads[i]!.ref.mul(0.1)));
    const newV = v.map((a, i) => a.mul(0.999).add(grads[i]!.ref.mul(grads[i]!).mul(0.001)));
    const newP = p.map((a, i) => {
      const denominator = numpy.sqrt(newV[i]!.ref.div(c2.ref)).add(1e-8);
      return a.sub(newM[i]!.ref.div(c1.ref).div(denominator).mul(1e-3));
    });
    c1.dispose();
    c2.dispose();
    return [newP, newM, newV, value] as const;
  });
  let p = newParameters(jax, classes);
  let m = shapes(classes).map((shape) => numpy.zeros(shape));
  let v = shapes(classes).map((shape) => numpy.zeros(shape));
  let t = 0;
  const scalar = (value: number): NdArray => numpy.array(Float32Array.of(value)).reshape([]);
  return {
    async run() {
      t++;
      const corrections = [scalar(1 - 0.9 ** t), scalar(1 - 0.999 ** t)] as const;
      const out = await jax.blockUntilReady(step(p, m, v, x.ref, targets.ref, ...corrections));
      out[3].dispose();
      [p, m, v] = [...out] as [Tree, Tree, Tree, NdArray];
    },
    dispose() {
      for (const a of [...p, ...m, ...v, x, targets, step]) a.dispose();
    },
  };
}

function infer(jax: Jax, { batch, classes }: ModelSpec): Work {
  const x = random(jax, 1, [batch, 1, 28, 28]);
  const p = newParameters(jax, classes);
  const fn = jax.jit((p: Tree, x: NdArray) => lenet(jax, p, x, batch));
  const refs = (): Tree => p.map((a) => a.ref);
  return {
    run: async () => (await fn(refs(), x.ref).blockUntilReady()).dispose(),
    dispose() {
      for (const a of [...p, x, fn]) a.dispose();
    },
  };
}

function work(jax: Jax, workload: Workload): Work | string | Promise<Work> {
  switch (workload.kind) {
    case "gemm":
      return gemm(jax, workload.n);
    case "conv":
      return workload.op.includes("Backward") ? "gradients are measured in training" : conv(jax, workload);
    case "train":
    case "infer":
      if (workload.model !== "lenet5") return `${workload.model} is not written for it`;
      return workload.kind === "train" ? train(jax, workload) : infer(jax, workload);
    case "own":
      return "not measured";
  }
}

export async function jaxJs(): Promise<Library> {
  const jax = await load<Jax>("@jax-js/jax");
  await jax.init("wasm");
  return { version: await versionOf("@jax-js/jax"), prepare: (workload) => work(jax, workload) };
}
