// TensorFlow.js: its WebAssembly backend and its plain JavaScript one.

import { randomFloats, randomLabels, type ConvSpec, type ModelSpec, type Workload } from "../workload.js";
import { sizeOf, type Library, type Work } from "./library.js";
import { load, packageFile, versionOf } from "./packages.js";
import { network, type Operations } from "./networks.js";

interface Tensor {
  readonly shape: number[];
  dispose(): void;
  reshape(shape: number[]): Tensor;
  relu(): Tensor;
  add(other: Tensor): Tensor;
  mul(other: Tensor): Tensor;
  dataSync(): Float32Array;
}
interface Optimizer {
  minimize(fn: () => Tensor, cost: boolean): Tensor | null;
  dispose(): void;
}
type Pad = number | "valid";
interface TF {
  enableProdMode(): void;
  setBackend(name: string): Promise<boolean>;
  tensor(values: Float32Array | Int32Array, shape: number[], dtype?: string): Tensor;
  variable(initial: Tensor): Tensor;
  tidy<T>(fn: () => T): T;
  matMul(a: Tensor, b: Tensor): Tensor;
  conv2d(x: Tensor, w: Tensor, strides: number, pad: Pad): Tensor;
  depthwiseConv2d(x: Tensor, w: Tensor, strides: number, pad: Pad): Tensor;
  conv2dTranspose(dy: Tensor, w: Tensor, shape: number[], strides: number, pad: Pad): Tensor;
  maxPool(x: Tensor, size: number, strides: number, pad: Pad): Tensor;
  avgPool(x: Tensor, size: number, strides: number, pad: Pad): Tensor;
  pad(x: Tensor, paddings: [number, number][]): Tensor;
  transpose(x: Tensor, axes?: number[]): Tensor;
  mean(x: Tensor, axes: number[]): Tensor;
  moments(x: Tensor, axes: number[]): { mean: Tensor; variance: Tensor };
  batchNorm(x: Tensor, mean: Tensor, variance: Tensor, offset: Tensor, scale: Tensor, eps: number): Tensor;
  oneHot(labels: Tensor, depth: number): Tensor;
  losses: { softmaxCrossEntropy(labels: Tensor, logits: Tensor): Tensor };
  train: { adam(lr: number): Optimizer; momentum(lr: number, momentum: number): Optimizer };
}

/** Images are NHWC, the weights of linear layers [in, out]; variables are added to `held`. */
function operations(tf: TF, training: boolean, held: Tensor[]): Operations<Tensor> {
  return {
    parameter(shape, values) {
      const given = tf.tensor(values, [...shape]);
      const variable = tf.variable(shape.length === 2 ? tf.transpose(given) : given);
      held.push(variable);
      return () => variable;
    },
    keep: (x) => x,
    conv: tf.conv2d,
    bias: (x, b) => x.add(b),
    norm(x, weight, bias) {
      if (!training) return x.mul(weight).add(bias); // the running statistics multiplied into the parameters
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      return tf.batchNorm(x, mean, variance, bias, weight, 1e-5);
    },
    linear: (x, w, b) => tf.matMul(x, w).add(b),
    relu: (x) => x.relu(),
    add: (x, y) => x.add(y),
    maxPool: tf.maxPool,
    // Means of windows of one pixel: stridedSlice has no gradient.
    subsample: (x, more) => tf.pad(tf.avgPool(x, 1, 2, 0), [[0, 0], [0, 0], [0, 0], [more, more]]), // prettier-ignore
    globalPool: (x) => tf.mean(x, [1, 2]),
    flatten: (x) => tf.transpose(x, [0, 3, 1, 2]).reshape([x.shape[0]!, -1]),
  };
}

function workOf(run: () => unknown, held: readonly { dispose(): void }[]): Work {
  return { run, dispose: () => held.forEach((t) => t.dispose()) };
}

function gemm(tf: TF, backend: string, n: number): Work | string {
  if (backend === "cpu" && n > 256) return "matrices beyond 256 take too long";
  const a = tf.tensor(randomFloats(n * n, 1), [n, n]);
  const b = tf.tensor(randomFloats(n * n, 2), [n, n]);
  return workOf(() => tf.matMul(a, b).dispose(), [a, b]);
}

function conv(tf: TF, backend: string, spec: ConvSpec): Work | string {
  if (backend === "cpu") return "convolutions are measured on tfjs-wasm alone";
  const { op, batch, height, width, channels, outChannels, kernel, stride, padding } = spec;
  if (op.endsWith("BackwardWeight")) return "no filter gradient on the wasm backend";
  if (op === "depthwiseBackwardData") return "no depthwise gradient on the wasm backend";
  const random = (seed: number, ...shape: number[]): Tensor =>
    tf.tensor(randomFloats(sizeOf(shape), seed), shape);
  const x = random(1, batch, height, width, channels);
  if (op === "depthwise") {
    const w = random(2, kernel, kernel, channels, 1);
    return workOf(() => tf.depthwiseConv2d(x, w, stride, padding).dispose(), [x, w]);
  }
  const w = random(2, kernel, kernel, channels, outChannels);
  if (op === "conv2d") return workOf(() => tf.conv2d(x, w, stride, padding).dispose(), [x, w]);
  const dy = tf.conv2d(x, w, stride, padding);
  const shape = [batch, height, width, channels];
  return workOf(() => tf.conv2dTranspose(dy, w, shape, stride, padding).dispose(), [x, w, dy]);
}

function model(tf: TF, backend: string, spec: ModelSpec, training: boolean): Work | string {
  if (training && backend === "wasm") return "no filter gradient on the wasm backend, so no training of CNNs";
  const { batch, inputSize, classes } = spec;
  const held: Tensor[] = [];
  const forward = network(operations(tf, training, held), spec.model, classes);
  if (typeof forward === "string") return forward;
  const shape = [batch, ...inputSize];
  const x = tf.tensor(randomFloats(sizeOf(shape), 1), shape);
  if (!training) return workOf(() => tf.tidy(() => void forward(x).dataSync()), [x, ...held]);
  const labels = tf.oneHot(tf.tensor(randomLabels(batch, classes, 2), [batch], "int32"), classes);
  const optimizer = spec.optimizer === "adam" ? tf.train.adam(1e-3) : tf.train.momentum(0.01, 0.9);
  const loss = (): Tensor => tf.losses.softmaxCrossEntropy(labels, forward(x));
  const step = (): number => tf.tidy(() => optimizer.minimize(loss, true)!.dataSync()[0]!);
  return workOf(step, [x, labels, optimizer, ...held]);
}

function work(tf: TF, backend: string, workload: Workload): Work | string {
  switch (workload.kind) {
    case "gemm":
      return gemm(tf, backend, workload.n);
    case "conv":
      return conv(tf, backend, workload);
    case "train":
    case "infer":
      return model(tf, backend, workload, workload.kind === "train");
    case "own":
      return "not measured";
  }
}

/** In production mode: TensorFlow.js checks fewer arguments. */
export async function tfjs(backend: "wasm" | "cpu"): Promise<Library> {
  const tf = await load<TF>("@tensorflow/tfjs");
  tf.enableProdMode();
  const name = "@tensorflow/tfjs-backend-wasm";
  const wasm = await load<{ setWasmPaths(folder: string): void }>(name);
  wasm.setWasmPaths(packageFile(name, "dist/"));
  if (!(await tf.setBackend(backend))) throw new Error(`the ${backend} backend does not start`);
  const version = await versionOf("@tensorflow/tfjs");
  return { version, prepare: (workload) => work(tf, backend, workload) };
}
