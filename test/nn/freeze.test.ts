// Frozen layers stay as they are, their batch norms' statistics included.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  BatchNorm2d,
  Conv2d,
  createModel,
  DataLoader,
  fit,
  Flatten,
  freeze,
  Linear,
  manualSeed,
  ones,
  ReLU,
  Sequential,
  SGD,
  tidy,
  unfreeze,
  type Module,
  type StateDict,
} from "../../src/index.js";
import { captureCheckpoint, restoreCheckpoint, startPosition } from "../../src/index.js";
import { quadrants } from "../helpers/quadrants.js";

const [side] = quadrants(4, 1).shape;
const build = (): Sequential =>
  new Sequential({
    conv1: new Conv2d(1, 8, 3, { padding: 1 }),
    bn1: new BatchNorm2d(8),
    relu: new ReLU(),
    conv2: new Conv2d(8, 8, 3, { padding: 1 }),
    bn2: new BatchNorm2d(8, { affine: false }),
    flatten: new Flatten(),
    fc: new Linear(8 * side! * side!, 4),
  });

let model: Sequential;
beforeEach(() => {
  manualSeed(1);
  model = build();
});
afterEach(() => model.dispose());

const loader = new DataLoader(quadrants(64, 1), { batchSize: 16, shuffle: true });

async function train(epochs = 1, lr = 0.1): Promise<void> {
  const optimizer = new SGD(model.parameters(), { lr, momentum: 0.9 });
  await fit(model, loader, { optimizer, epochs });
  optimizer.dispose();
}

/** Names of the tensors that differ. */
function changed(before: StateDict, net: Module = model): string[] {
  const now = net.stateDict();
  return [...now]
    .filter(([name, { data }]) => data.some((v, i) => v !== before.get(name)!.data[i]))
    .map(([name]) => name);
}

const STATISTICS = ["running_mean", "running_var", "num_batches_tracked"];
const statistics = (norm: string): string[] => STATISTICS.map((name) => `${norm}.${name}`);

describe("freeze", () => {
  it("of everything but the head leaves everything but the head as it was, to the bit", async () => {
    const before = model.stateDict();
    freeze(model, /^(?!fc)/);
    await train(2);
    expect(changed(before)).toEqual(["fc.weight", "fc.bias"]);
  });

  it("at rate 0 leaves what the network says in evaluation as it was", async () => {
    const says = () =>
      tidy(() =>
        model
          .eval()
          .forward(ones([1, side!, side!, 1]))
          .data(),
      );
    const before = says();
    freeze(model, "conv1");
    freeze(model, "bn1");
    freeze(model, "conv2");
    await train(1, 0);
    expect(says()).not.toEqual(before); // bn2 has no parameters, and nothing of it was named
    freeze(model);
    unfreeze(model, "fc");
    const held = says();
    await train(1, 0);
    expect(says()).toEqual(held);
  });

  it("normalises by the held statistics in training, as in evaluation", () => {
    freeze(model);
    const x = ones([3, side!, side!, 1]);
    const says = () => tidy(() => model.forward(x).data());
    expect(says()).toEqual((model.eval(), says()));
    x.dispose();
  });

  it("lets statistics move if requested", async () => {
    const before = model.stateDict();
    freeze(model, /^(?!fc)/, { holdStatistics: false });
    await train();
    expect(changed(before)).toEqual([...statistics("bn1"), ...statistics("bn2"), "fc.weight", "fc.bias"]);
  });

  it("of a part holds that part's statistics alone, and of half a batch norm none", async () => {
    const before = model.stateDict();
    freeze(model, "bn1.weight");
    await train();
    expect(changed(before)).toEqual(expect.arrayContaining([...statistics("bn1"), ...statistics("bn2")]));
    freeze(model, "bn1.bias");
    const then = model.stateDict();
    await train();
    expect(changed(then)).toEqual(expect.arrayContaining(statistics("bn2")));
    expect(changed(then)).not.toEqual(expect.arrayContaining(["bn1.running_mean"]));
  });

  it("names parts as well by patterns that remember where they stopped", () => {
    expect(freeze(model, /weight|bias/g)).toBe(model.parameters().length);
    expect(model.parameters().some((p) => p.requiresGrad)).toBe(false);
  });
});

describe("unfreeze", () => {
  it("lets the statistics move again", async () => {
    freeze(model);
    unfreeze(model, "fc");
    await train();
    const before = model.stateDict();
    unfreeze(model);
    await train();
    expect(changed(before)).toEqual([...before.keys()]);
  });

  it("of the head leaves the statistics of the body held", async () => {
    freeze(model);
    unfreeze(model, "fc");
    const before = model.stateDict();
    await train();
    expect(changed(before)).toEqual(["fc.weight", "fc.bias"]);
  });
});

it("a frozen training taken up again ends as one that never stopped", async () => {
  const run = async (stops: readonly number[]): Promise<StateDict> => {
    manualSeed(1);
    let net = build();
    freeze(net, /^(?!fc)/);
    let optimizer = new SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
    let position = startPosition();
    for (const epochs of stops) {
      await fit(net, loader, { optimizer, epochs, position });
      const checkpoint = captureCheckpoint({ model: net, optimizer, binary: "x" }, position);
      for (const part of [net, optimizer]) part.dispose();
      net = build();
      freeze(net, /^(?!fc)/);
      optimizer = new SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
      position = restoreCheckpoint({ model: net, optimizer, binary: "x" }, checkpoint);
    }
    const state = net.stateDict();
    for (const part of [net, optimizer]) part.dispose();
    return state;
  };
  expect(await run([1, 2, 3])).toEqual(await run([3]));
});

it("a network for phones holds all its statistics when its body is frozen", () => {
  const net = createModel("mobilenet_v3_small", { numClasses: 3 });
  freeze(net, new RegExp(`^(?!${net.head.replaceAll(".", "\\.")}\\.)`));
  const before = net.stateDict();
  tidy(() =>
    net
      .forward(ones([2, 64, 64, 3]))
      .sum()
      .backward(),
  );
  expect(changed(before, net)).toEqual([]);
  net.dispose();
});
