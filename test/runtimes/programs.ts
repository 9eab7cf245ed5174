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

/** What a run must give: LeNet's logits for fixed weights and images, and the loss before and after a step. */
export interface Result {
  readonly binary: string;
  readonly threads: number;
  readonly logits: readonly number[];
  readonly losses: readonly number[];
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

/** For a page: leaves the result, or what went wrong, where the test looks. */
export const PAGE = `import { run } from "./program.mjs";
run().then((result) => (window.result = result), (error) => (window.result = { error: String(error) }));
`;

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
