// ONNX Runtime: its WebAssembly build and its native one, both without training.

import { outputSize, randomFloats, type Workload } from "../workload.js";
import { convModel, matmulModel, networkModel } from "./onnx.js";
import { sizeOf, type Library } from "./library.js";

interface Session {
  run(feeds: Record<string, unknown>): Promise<Record<string, { dispose(): void }>>;
  release(): Promise<void>;
}
export interface ORT {
  env: { wasm: { numThreads: number; wasmPaths?: string }; logLevel: string };
  InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
  Tensor: new (type: "float32", data: Float32Array, dims: number[]) => unknown;
}

/** The model, its inputs, and its output's name. Weights are constants of the model, as in inference. */
function build(
  api: ORT,
  workload: Workload,
): { model: Uint8Array; feeds: Record<string, unknown>; output: string } | string {
  const random = (seed: number, ...dims: number[]): unknown =>
    new api.Tensor("float32", randomFloats(sizeOf(dims), seed), dims);
  if (workload.kind === "gemm") {
    const { n } = workload;
    return { model: matmulModel(n), feeds: { a: random(1, n, n), b: random(2, n, n) }, output: "y" };
  }
  if (workload.kind === "infer") {
    const { batch, inputSize } = workload;
    const [h, w, c] = inputSize;
    return { model: networkModel(workload), feeds: { input: random(1, batch, c, h, w) }, output: "logits" };
  }
  if (workload.kind === "train") return "no training";
  if (workload.kind !== "conv") return "not measured";
  const { op, batch, height, width, channels, outChannels, kernel, groups } = workload;
  if (op.includes("Backward")) return "no gradients";
  const weight = randomFloats((kernel * kernel * channels * outChannels) / groups, 2);
  const model = convModel(workload, weight, outputSize(height, workload), outputSize(width, workload));
  return { model, feeds: { x: random(1, batch, channels, height, width) }, output: "y" };
}

/** ONNX Runtime as its package was imported. */
export function ortLibrary(api: ORT, version: string, threads: number): Library {
  api.env.wasm.numThreads = threads;
  api.env.logLevel = "error";
  return {
    version,
    async prepare(workload) {
      const built = build(api, workload);
      if (typeof built === "string") return built;
      const options = { intraOpNumThreads: threads, interOpNumThreads: 1 };
      const session = await api.InferenceSession.create(built.model, options);
      return {
        run: async () => (await session.run(built.feeds))[built.output]!.dispose(),
        dispose: () => session.release(),
      };
    },
  };
}
