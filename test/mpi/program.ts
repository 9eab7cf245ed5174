// What each process of test/mpi/group.test.ts runs: training together, and in rank 0 alone, with what came of it as JSON.

import {
  BatchNorm2d,
  Conv2d,
  CrossEntropyLoss,
  createModel,
  DataLoader,
  evaluate,
  fit,
  Flatten,
  init,
  Linear,
  manualSeed,
  Mixup,
  ModelEma,
  ReLU,
  Sequential,
  SGD,
  ConfusionMatrix,
  tensor,
  tidy,
  type FitOptions,
  type Group,
  type Module,
} from "../../src/index.js";
import { initMpi } from "../../src/mpi/index.js";
import { synchronise } from "../../src/train/same.js";
import { network, quadrants } from "../helpers/quadrants.js";

const mpi = await initMpi();
init({ threads: 1 });
const { rank, size } = mpi;

const flat = (tensors: readonly { data(): Float32Array }[]): number[] =>
  tensors.flatMap((t) => [...t.data()]);

interface Setting {
  images: number;
  batchSize: number;
  group?: Group;
  accumulate?: number;
  mixed?: boolean;
  make?: () => Module;
}

/** All weights after two epochs. */
async function train({ images, batchSize, group, accumulate = 1, mixed = false, make = network }: Setting) {
  const model = make();
  const optimizer = new SGD(model.parameters(), { lr: 0.3, momentum: 0.9, weightDecay: 1e-3 });
  const ema = new ModelEma(model, { decay: 0.9 });
  const loader = (n: number, shuffle: boolean): DataLoader =>
    new DataLoader(quadrants(n, 1), {
      ...{ batchSize, shuffle, seed: 3 },
      ...(group && { group }),
      ...(mixed && shuffle && { batchTransform: new Mixup({ alpha: 0.4 }) }),
    });
  const options: FitOptions = {
    ...{ optimizer, ema, accumulate, epochs: 2, clip: { norm: 0.5 } },
    schedule: (step) => 0.3 / (1 + step),
    evalLoader: loader(37, false),
  };
  const history = await fit(model, loader(images, true), options);
  const { train_loss, train_top1, eval_loss, eval_top1, ema_loss, train_count } = history.at(-1)!;
  return {
    weights: flat(model.parameters()),
    ema: [...ema.stateDict().tensors.values()].flatMap(({ data }) =>
      Array.from(data as Float32Array, Number),
    ),
    rows: { train_loss, train_top1, eval_loss, eval_top1, ema_loss, train_count },
  };
}

/** A step's gradients of ResNet-20 with batch normalisation over all processes' images. */
function gradients(n: number, group: Group | undefined): number[] {
  const model = withBatchNorm();
  synchronise(model, group);
  const images = new Float32Array(n * 16 * 16 * 3).map((_, i) => Math.sin(i * i + 4)); // no ReLU of the network is so near to 0 that rounding moves it across
  const own = group ? n / size : n;
  const begin = group ? rank * own : 0;
  const part = images.slice(begin * 768, (begin + own) * 768);
  const labels = Int32Array.from({ length: n }, (_, i) => i % 10).slice(begin, begin + own);
  tidy(() => {
    const loss = new CrossEntropyLoss().forward(
      model.forward(tensor(part, [own, 16, 16, 3])),
      tensor(labels, [own]),
    );
    loss.mul(own / n).backward();
    if (group) for (const { grad } of model.parameters()) group.allReduce(grad!);
  });
  return [
    ...flat(model.parameters().map((p) => p.grad!)),
    ...flat(model.namedBuffers().map(([, b]) => b) as never),
  ];
}

function withBatchNorm(): Module {
  manualSeed(11);
  return createModel("resnet20_cifar", { numClasses: 10 }).train();
}

function smallWithBatchNorm(): Module {
  manualSeed(6);
  return new Sequential(
    new Conv2d(1, 6, 3, { padding: 1 }),
    new BatchNorm2d(6),
    new ReLU(),
    new Flatten(),
    new Linear(6 * 64, 4),
  );
}

async function confusion(group?: Group): Promise<unknown> {
  const model = network();
  const metric = new ConfusionMatrix();
  const loader = new DataLoader(quadrants(23, 4), {
    batchSize: group ? 4 : 4 * size,
    ...(group && { group }),
  });
  const { top1, top5, count, loss } = await evaluate(model, loader, { metrics: [metric] });
  return { top1, top5, count, loss, counts: metric.matrix };
}

const norm = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));

/** The length of the difference in parts of the length of b. */
function relative(a: readonly number[], b: readonly number[]): number {
  return norm(b.map((x, i) => x - a[i]!)) / norm(b);
}

const group = mpi;
const whole = 8 * size * 3;
const found = {
  size,
  // N processes are one process that accumulates the gradients of N batches: to the bit.
  exact: [
    await train({ images: whole, batchSize: 8, group, mixed: true }),
    rank === 0 ? await train({ images: whole, batchSize: 8, accumulate: size, mixed: true }) : undefined,
  ],
  accumulated: [
    await train({ images: whole, batchSize: 4, group, accumulate: 2 }),
    rank === 0 ? await train({ images: whole, batchSize: 4, accumulate: 2 * size }) : undefined,
  ],
  // The last batch of an epoch has fewer images, of which some processes may get none.
  uneven: [
    await train({ images: whole + 1, batchSize: 8, group }),
    rank === 0 ? await train({ images: whole + 1, batchSize: 8 * size }) : undefined,
  ],
  statistics: await train({ images: whole + 1, batchSize: 8, group, make: smallWithBatchNorm }),
  resnet: relative(gradients(12, group), rank === 0 ? gradients(12, undefined) : []),
  evaluated: [await confusion(group), rank === 0 ? await confusion() : undefined],
};
const texts = group.allGather(new TextEncoder().encode(JSON.stringify([found.exact[0], found.statistics])));
const same = texts.every((text) => Buffer.from(text).equals(Buffer.from(texts[0]!)));
if (rank === 0) console.log(JSON.stringify({ library: mpi.library, same, ...found }));
await mpi.finalize();
process.exit(0);
