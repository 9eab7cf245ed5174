// TensorFlow.js: its WebAssembly backend and its plain JavaScript one.

import { randomFloats, randomLabels, type ConvSpec, type ModelSpec, type Workload } from "../workload.js";
import { load, packageFile, sizeOf, versionOf, type Library, type Work } from "./library.js";

interface Tensor {
  dispose(): void;
  reshape(shape: number[]): Tensor;
  relu(): Tensor;
  add(other: Tensor): Tensor;
  dataSync(): Float32Array;
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
  oneHot(labels: Tensor, depth: number): Tensor;
  losses: { softmaxCrossEntropy(labels: Tensor, logits: Tensor): Tensor };
  train: { adam(lr: number): { minimize(fn: () => Tensor, cost: boolean): Tensor | null; dispose(): void } };
}

/** LeNet-5 as in src/models/lenet.ts, with fresh variables. */
function lenet(tf: TF, classes: number) {
  let seed = 10;
  const variable = (fan: number, ...shape: number[]): Tensor => {
    const values = randomFloats(sizeOf(shape), seed++);
    return tf.variable(
      tf.tensor(
        values.map((v) => v / Math.sqrt(fan)),
        shape,
      ),
    );
  };
  const conv1 = [variable(25, 5, 5, 1, 6), variable(25, 6)] as const;
  const conv2 = [variable(150, 5, 5, 6, 16), variable(150, 16)] as const;
  const sizes = [400, 120, 84, classes];
  const linear = [0, 1, 2].map((i) => {
    const [inner, outer] = [sizes[i]!, sizes[i + 1]!];
    return [variable(inner, inner, outer), variable(inner, outer)] as const;
  });
  const forward = (x: Tensor, batch: number): Tensor => {
    let y = tf.maxPool(tf.conv2d(x, conv1[0], 1, 2).add(conv1[1]).relu(), 2, 2, "valid");
    y = tf.maxPool(tf.conv2d(y, conv2[0], 1, "valid").add(conv2[1]).relu(), 2, 2, "valid");
    y = y.reshape([batch, 400]);
    linear.forEach(([w, b], i) => {
      y = tf.matMul(y, w).add(b);
      if (i < 2) y = y.relu();
    });
    return y;
  };
  return { forward, held: [...conv1, ...conv2, ...linear.flat()] };
}

function workOf(run: () => void, held: readonly { dispose(): void }[]): Work {
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
  if (spec.model !== "lenet5") return `${spec.model} is not written for it`;
  if (training && backend === "wasm") return "no filter gradient on the wasm backend, so no training of CNNs";
  const { batch, inputSize, classes } = spec;
  const shape = [batch, ...inputSize];
  const x = tf.tensor(randomFloats(sizeOf(shape), 1), shape);
  const net = lenet(tf, classes);
  if (!training) return workOf(() => tf.tidy(() => void net.forward(x, batch)), [x, ...net.held]);
  const labels = tf.oneHot(tf.tensor(randomLabels(batch, classes, 2), [batch], "int32"), classes);
  const optimizer = tf.train.adam(1e-3);
  const loss = (): Tensor => tf.losses.softmaxCrossEntropy(labels, net.forward(x, batch));
  return workOf(() => optimizer.minimize(loss, true)!.dispose(), [x, labels, optimizer, ...net.held]);
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
