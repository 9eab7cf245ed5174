// The code of README and guides as programs and commands, and the little data that they run on.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createModel, manualSeed } from "../../src/index.js";
import { saveWeights } from "../../src/node.js";
import { idx, jpg, png, tar } from "./pictures.js";
import { root } from "./run-source.js";

export interface Document {
  /** Path from the root. */
  readonly path: string;
  /** Programs: a block that imports begins one, those without imports go on with it. */
  readonly programs: readonly string[];
  /** Files that blocks begin with the name of, in a comment. */
  readonly files: readonly (readonly [name: string, text: string])[];
  /** Commands in the order of the text. */
  readonly commands: readonly string[];
}

/** What programs for a page begin with: they are checked for types, not run. */
export const IN_A_PAGE = "// in a page\n";

export function readDocument(path: string): Document {
  const text = readFileSync(join(root, path), "utf8");
  const blocks = [...text.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(([, language, code]) => ({ language, code: code! })); // prettier-ignore
  const programs: string[] = [];
  const files: [string, string][] = [];
  for (const { language, code } of blocks) {
    if (language !== "ts" && language !== "js") continue;
    const name = /^\/\/ ([\w-]+\.mjs)\n/.exec(code)?.[1];
    if (name) files.push([name, code]);
    else if (/^import /m.test(code)) programs.push(code);
    else programs.push(`${programs.pop() ?? ""}\n${code}`);
  }
  const commands = blocks
    .filter(({ language }) => language === "sh")
    .flatMap(({ code }) => code.split("\n"))
    .map((line) => line.replace(/(^| +)#.*/, "").trim())
    .filter((line) => line !== "");
  return { path, programs, files, commands };
}

/** A program as it is run: data that is there, and an epoch where the text has more. */
export function smaller(program: string): string {
  return program
    .replaceAll('"path/to/mnist"', '"mnist"')
    .replace(/await fetchWeights\("[^"]+"\)/g, '"resnet18-f37072fd.pth"')
    .replace(/\bepochs(:| =) \d+/g, "epochs$1 1");
}

/** The arguments of a command as it is run, undefined for those that are npm's. */
export function argumentsOf(command: string): string[] | undefined {
  const line = /^(?:npx )?fovea (.*)$/.exec(command)?.[1];
  if (line === undefined) {
    if (/^(npm|npx tsx|export) /.test(command)) return undefined;
    throw new Error(`no test runs '${command}'`);
  }
  const args = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word!);
  const at = args.indexOf("--pretrained");
  if (at >= 0) args.splice(at, 1, "--weights", "resnet18-f37072fd.pth");
  const set = (flag: string, value: string): void => {
    const at = args.indexOf(flag);
    if (at >= 0) args[at + 1] = value;
    else args.push(flag, value);
  };
  const resumed = args.includes("--resume");
  if (args[0] === "train") set("--epochs", resumed ? "2" : "1");
  if (args[0] === "lr-find") set("--steps", "10");
  if (args[0] === "bench") for (const [flag, value] of [["--img-size", "32"], ["--batch-size", "1"]]) set(flag!, value!); // prettier-ignore
  if (args.includes("--batch-size") && args[0] === "train") set("--batch-size", "8");
  if ((args[0] === "train" && !resumed && args.includes("photos")) || args[0] === "lr-find") set("--img-size", "32"); // prettier-ignore
  return args;
}

/** What the texts speak of: photos, a photo, MNIST, CIFAR-10, shards, and weights under a name that torchvision publishes. */
export async function writeData(folder: string): Promise<void> {
  const write = (path: string, data: Uint8Array): void => {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), data);
  };
  for (let i = 0; i < 10; i++) {
    write(`photos/apples/${i}.jpg`, jpg(48, 40 + i));
    write(`photos/pears/${i}.png`, png(40 + i, 48, [60, 200 + i, 20]));
  }
  write("photo.jpg", jpg(64, 48));
  for (const [part, count] of [
    ["train", 128],
    ["t10k", 20],
  ] as const) {
    // prettier-ignore
    const images = idx([count, 28, 28], new Uint8Array(count * 784));
    const labels = idx([count], Array.from({ length: count }, (_, i) => i % 10)); // prettier-ignore
    for (const root of ["mnist", "home/datasets/mnist"]) {
      write(`${root}/${part}-images-idx3-ubyte`, images);
      write(`${root}/${part}-labels-idx1-ubyte`, labels);
    }
  }
  const cifar = Uint8Array.from({ length: 20 * 3073 }, (_, i) => (i % 3073 ? i % 251 : (i / 3073) % 10));
  for (const name of ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"])
    write(`home/datasets/cifar10/cifar-10-batches-bin/${name}.bin`, cifar); // prettier-ignore
  for (const shard of [0, 1]) {
    const sample = (i: number) => [[`${i}.png`, png(40, 40, [i * 60, 20, 30])], [`${i}.cls`, `${i % 2}`]] as const; // prettier-ignore
    write(`shard-${shard}.tar`, tar([...sample(2 * shard), ...sample(2 * shard + 1)]));
  }
  manualSeed(3);
  const model = createModel("resnet18");
  await saveWeights(join(folder, "resnet18-f37072fd.pth"), model.stateDict());
  model.dispose();
}
