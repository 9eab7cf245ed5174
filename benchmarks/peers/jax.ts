// jax-js on its WebAssembly backend. Its functions consume their arguments; `.ref` keeps one for later.

import { randomFloats, randomLabels, type ConvSpec, type ModelSpec, type Workload } from "../workload.js";
import { sizeOf, type Library, type Work } from "./library.js";
import { load, versionOf } from "./packages.js";
import { network, type Operations } from "./networks.js";

interface NdArray {
  readonly ref: NdArray;
  readonly shape: number[];
  add(other: NdArray | number): NdArray;
  sub(other: NdArray | number): NdArray;
  mul(other: NdArray | number): NdArray;
  div(other: NdArray | number): NdArray;
  neg(): NdArray;
  reshape(shape: number[]): NdArray;
  slice(...index: (number | [])[]): NdArray;
  transpose(axes?: number[]): NdArray;
  data(): Promise<Float32Array>;
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
    max(x: NdArray, axis?: number[]): NdArray;
    mean(x: NdArray, axes?: number[], options?: { keepdims: boolean }): NdArray;
    pad(x: NdArray, widths: [number, number][]): NdArray;
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
    reduceWindow(x: NdArray, fn: (window: NdArray) => NdArray, window: number[], strides: number[]): NdArray;
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

/** Compiled by jit, which fuses the padding into the convolution, or not, whichever is faster here. */
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

/** A network and its parameters. Forward may run within jit: it takes the parameters that it is given. */
interface Net {
  parameters: Tree;
  forward(parameters: Tree, x: NdArray): NdArray;
}

const PLANE = [0, 2, 3];
const keepdims = { keepdims: true };

/** Images are NCHW, the weights of convolutions OIHW. */
function newNetwork(
  { lax, nn, numpy }: Jax,
  model: string,
  classes: number,
  training: boolean,
): Net | string {
  const parameters: Tree = [];
  let current: Tree = [];
  const channels = (b: NdArray): NdArray => b.reshape([-1, 1, 1]);
  const ops: Operations<NdArray> = {
    parameter(shape, values) {
      const given = numpy.array(values).reshape([...shape]);
      const index = parameters.push(shape.length === 4 ? given.transpose([3, 2, 0, 1]) : given) - 1;
      return () => current[index]!;
    },
    keep: (x) => x.ref,
    conv: (x, w, stride, pad) => lax.convGeneralDilated(x, w, [stride, stride], padding(pad)),
    bias: (x, b) => x.add(channels(b)),
    norm(x, weight, bias) {
      if (!training) return x.mul(channels(weight)).add(channels(bias)); // running statistics multiplied into them
      const centred = x.ref.sub(numpy.mean(x, PLANE, keepdims));
      const variance = numpy.mean(centred.ref.mul(centred.ref), PLANE, keepdims);
      const scale = channels(weight).div(numpy.sqrt(variance.add(1e-5)));
      return centred.mul(scale).add(channels(bias));
    },
    linear: (x, w, b) => numpy.matmul(x, w.transpose()).add(b),
    relu: (x) => nn.relu(x),
    add: (x, y) => x.add(y),
    maxPool(x, kernel, stride, pad) {
      const [n, c, h, w] = x.shape as [number, number, number, number];
      if (kernel === stride) {
        // Windows do not overlap: a reshape and a maximum over two axes.
        return numpy.max(x.reshape([n, c, h / kernel, kernel, w / kernel, kernel]), [3, 5]);
      }
      const padded = numpy.pad(x, [[0, 0], [0, 0], ...padding(pad)]);
      const largest = (window: NdArray): NdArray => numpy.max(window);
      return lax.reduceWindow(padded, largest, [kernel, kernel], [stride, stride]);
    },
    subsample(x, more) {
      const [n, c, h, w] = x.shape as [number, number, number, number];
      const pixels = x.reshape([n, c, h / 2, 2, w / 2, 2]).slice([], [], [], 0, [], 0);
      return numpy.pad(pixels, [[0, 0], [more, more], ...padding(0)]);
    },
    globalPool: (x) => numpy.mean(x, [2, 3]),
    flatten: (x) => x.reshape([x.shape[0]!, -1]),
  };
  const forward = network(ops, model, classes);
  if (typeof forward === "string") return forward;
  return {
    parameters,
    forward(parameters, x) {
      current = parameters;
      return forward(x);
    },
  };
}

/** How a parameter and its state, as many arrays as the optimizer keeps of it, go on from a gradient. */
interface Optimizer {
  states: number;
  update(p: NdArray, state: Tree, grad: NdArray, corrections: Tree): { p: NdArray; state: Tree };
}

const optimizers = (jax: Jax): Record<ModelSpec["optimizer"], Optimizer> => ({
  /** Adam without bias correction would be less work, so it has it. */
  adam: {
    states: 2,
    update(p, [m, v], grad, [c1, c2]) {
      const newM = m!.mul(0.9).add(grad.ref.mul(0.1));
      const newV = v!.mul(0.999).add(grad.ref.mul(grad).mul(0.001));
      const denominator = jax.numpy.sqrt(newV.ref.div(c2!)).add(1e-8);
      return { p: p.sub(newM.ref.div(c1!).div(denominator).mul(1e-3)), state: [newM, newV] };
    },
  },
  sgd: {
    states: 1,
    update(p, [m], grad) {
      const newM = m!.mul(0.9).add(grad);
      return { p: p.sub(newM.ref.mul(0.01)), state: [newM] };
    },
  },
});

/** One jitted function for the whole step. */
function train(jax: Jax, { model, batch, inputSize, classes, optimizer }: ModelSpec): Work | string {
  const { numpy } = jax;
  const net = newNetwork(jax, model, classes, true);
  if (typeof net === "string") return net;
  const x = images(jax, batch, inputSize);
  const hot = new Float32Array(batch * classes);
  randomLabels(batch, classes, 2).forEach((label, i) => (hot[i * classes + label] = 1));
  const targets = numpy.array(hot).reshape([batch, classes]);
  const { states, update } = optimizers(jax)[optimizer];
  const loss = (p: Tree, x: NdArray, t: NdArray): NdArray =>
    numpy.mean(numpy.sum(jax.nn.logSoftmax(net.forward(p, x), 1).mul(t), 1)).neg();
  const step = jax.jit((p: Tree, state: Tree[], x: NdArray, t: NdArray, corrections: Tree) => {
    const [value, grads] = jax.valueAndGrad(loss)(
      p.map((a) => a.ref),
      x,
      t,
    );
    const updated = p.map((a, i) => update(a, state[i]!, grads[i]!, corrections.map((c) => c.ref))); // prettier-ignore
    for (const c of corrections) c.dispose();
    return [updated.map((u) => u.p), updated.map((u) => u.state), value] as const;
  });
  let p = net.parameters;
  let state = p.map((a) => Array.from({ length: states }, () => numpy.zeros(a.shape)));
  let t = 0;
  const scalar = (value: number): NdArray => numpy.array(Float32Array.of(value)).reshape([]);
  return {
    async run() {
      t++;
      const corrections = optimizer === "adam" ? [scalar(1 - 0.9 ** t), scalar(1 - 0.999 ** t)] : [];
      const out = await jax.blockUntilReady(step(p, state, x.ref, targets.ref, corrections));
      [p, state] = [out[0], out[1]];
      return (await out[2].data())[0]!;
    },
    dispose() {
      for (const a of [...p, ...state.flat(), x, targets, step]) a.dispose();
    },
  };
}

/** The same images as for the others, transposed from NHWC. */
function images({ numpy }: Jax, batch: number, inputSize: ModelSpec["inputSize"]): NdArray {
  const shape = [batch, ...inputSize];
  return numpy
    .array(randomFloats(sizeOf(shape), 1))
    .reshape(shape)
    .transpose([0, 3, 1, 2]);
}

function infer(jax: Jax, { model, batch, inputSize, classes }: ModelSpec): Work | string {
  const net = newNetwork(jax, model, classes, false);
  if (typeof net === "string") return net;
  const x = images(jax, batch, inputSize);
  const p = net.parameters;
  const fn = jax.jit((p: Tree, x: NdArray) => net.forward(p, x));
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
