// What the environments run.

/** For TypeScript: a name of each subpath that needs no Node. */
export const TYPED_PROGRAM = `
import { DataLoader, fit, init, tensor, type InitOptions, type Tensor } from "fovea";
import { Normalize } from "fovea/data";
import { createModel, resnet18 } from "fovea/models";
import { lenet5, type LeNet5 } from "fovea/models/lenet";
import { exportOnnx } from "fovea/onnx";
import { evaluate } from "fovea/train";

export const x: Tensor = tensor([1, 2]).relu();
export const model: LeNet5 = lenet5({ numClasses: 10 });
export const options: InitOptions = { threads: 1 };
export const all = [init, fit, DataLoader, resnet18, createModel, Normalize, evaluate, exportOnnx];
`;

/** For TypeScript with the library "dom": a trainer of a page. */
export const TYPED_PAGE = `
import { createTrainer, type FitReport, type PageFitOptions, type PageTrainer } from "fovea/web";

export const options: PageFitOptions = { epochs: 2, workers: 1, onProgress: ({ kind }) => void kind };
export async function learn(picture: File | ImageBitmap, signal: AbortSignal): Promise<FitReport> {
  const trainer: PageTrainer = await createTrainer({ model: "lenet5", classes: ["a", "b"] });
  await trainer.add(picture, "a");
  return trainer.fit({ ...options, signal });
}
`;

/** What a run must give: LeNet's logits for fixed weights and images, and the loss before and after a step. */
export interface Result {
  readonly binary: string;
  readonly threads: number;
  readonly logits: readonly number[];
  readonly losses: readonly number[];
  /** The browser or compiler that took part, and its version. */
  readonly engine?: string;
}

/** A module: run() starts the kernels, gives a result. Its weights are those of a seed. */
export const PROGRAM = `
import { crossEntropy, init, initFrom, manualSeed, noGrad, SGD, tensor } from "fovea";
import { lenet5 } from "fovea/models/lenet";

export async function run(options, kernels) {
  const { binary, threads } = kernels ? await initFrom(kernels, options) : init(options);
  manualSeed(7);
  const model = lenet5({ numClasses: 10 });
  const images = tensor(Float32Array.from({ length: 2 * 28 * 28 }, (_, i) => Math.sin(i)), [2, 28, 28, 1]);
  const labels = tensor(new Int32Array([3, 5]), [2]);
  const logits = noGrad(() => Array.from(model.forward(images).data()));
  const optimizer = new SGD(model.parameters(), { lr: 0.1 });
  const loss = () => crossEntropy(model.forward(images), labels);
  const before = loss();
  before.backward();
  optimizer.step();
  return { binary, threads, logits, losses: [before.item(), loss().item()] };
}
`;

/** For a terminal: prints the result as JSON. */
export const MAIN = `import { run } from "./program.mjs";\nconsole.log(JSON.stringify(await run({ threads: 2 })));\n`;

/** A module: learns() trains a little network in a worker of fovea/web, which comes from the package, or from what makes one. */
export const WEB_PROGRAM = `
import { createTrainer } from "fovea/web";

export async function learns(worker) {
  const trainer = await createTrainer({ model: "lenet5", classes: ["dark", "light"], ...(worker && { worker }) });
  const images = Uint8Array.from({ length: 8 * 784 }, (_, i) => (Math.floor(i / 784) % 2 ? 230 : 20));
  await trainer.addDataset({ images, labels: [0, 1, 0, 1, 0, 1, 0, 1], shape: [28, 28, 1] });
  const { history } = await trainer.fit({ epochs: 2, validation: 0 });
  trainer.dispose();
  if (!(history[1].train_loss < history[0].train_loss)) throw new Error("fovea/web: the loss does not fall: " + JSON.stringify(history));
}
`;

/**
 * For a page: leaves the result, or what went wrong, where the test looks. foveaWorker makes fovea/web's worker where the bundler leaves
 * its address alone.
 */
export const PAGE = `import { run } from "./program.mjs";
import { learns } from "./web-program.mjs";
const tried = async () => {
  const result = await run();
  await learns(window.foveaWorker);
  return result;
};
tried().then((result) => (window.result = result), (error) => (window.result = { error: String(error) }));
`;

/** The file of such a worker, to be bundled, and the script that names it. */
export const OWN_WORKER = `import "fovea/web/worker";\n`;
export const NAMES_WORKER = `<script>foveaWorker = () => new Worker("fovea-worker.js", { type: "module" });</script>`;

/** Whether a result is the expected one, to the roundings of the other binary; what is wrong if not. */
export function compare(got: Result, expected: Result): string | undefined {
  if ("error" in got) return String(got.error);
  for (const key of ["logits", "losses"] as const) {
    const [a, b] = [got[key], expected[key]];
    const off = Math.max(...b.map((value, i) => Math.abs(value - (a?.[i] ?? NaN))));
    if (!(off <= 1e-4)) return `${key} differ by ${off}: got ${String(a)}; expected ${String(b)}`;
  }
  return got.losses[1]! < got.losses[0]! ? undefined : `the loss does not fall: ${String(got.losses)}`;
}
