// Functions called after a module's forward(): in networks, in training and evaluation, and where they are refused or passed over.

import { afterEach, describe, expect, it } from "vitest";
import {
  compile,
  createModel,
  DataError,
  evaluate,
  DataLoader,
  Linear,
  mul,
  noGrad,
  ones,
  ReLU,
  Sequential,
  summary,
  tensor,
  tidy,
  trace,
  type Module,
  type Tensor,
} from "../../src/index.js";
import { exportOnnx } from "../../src/onnx/index.js";
import { network as quadrantNetwork, quadrants } from "../helpers/quadrants.js";

const model = createModel("lenet5");
const images = (): Tensor => ones([2, 28, 28, 1]);
const run = (network: Module = model): Float32Array =>
  tidy(() => noGrad(() => network.forward(images()).data()));

afterEach(() => void model.eval());

describe("a forward hook", () => {
  it("sees the module, its input and its output, inside of a network, in training and evaluation", () => {
    const conv = model.eval().getSubmodule("features.3");
    const seen: [Module, readonly number[], readonly number[], boolean][] = [];
    const handle = conv.registerForwardHook((module, input, output) => {
      seen.push([module, input.shape, output.shape, module.training]);
    });
    const before = run();
    model.train();
    run();
    handle.remove();
    expect(run()).toEqual(before);
    expect(seen.every(([module]) => module === conv)).toBe(true);
    expect(seen.map(([, ...rest]) => rest)).toEqual([
      [[2, 14, 14, 6], [2, 10, 10, 16], false],
      [[2, 14, 14, 6], [2, 10, 10, 16], true],
    ]);
  });

  it("may put another output in the place of the module's, one after the other, and gradients pass", () => {
    const layer = new Linear(2, 2, { bias: false });
    layer.weight.copyFrom([1, 0, 0, 1]);
    const network = new Sequential(layer, new ReLU());
    const first = layer.registerForwardHook((_, __, y) => mul(y, 3));
    const second = layer.registerForwardHook((_, __, y) => y.add(1));
    tidy(() => {
      const x = tensor([[1, -2]], undefined, { requiresGrad: true });
      const y = network.forward(x);
      expect([...y.data()]).toEqual([4, 0]);
      y.sum().backward();
      expect([...x.grad!.data()]).toEqual([3, 0]);
      first.remove();
      first.remove();
      expect([...network.forward(x).data()]).toEqual([2, 0]);
      second[Symbol.dispose]();
      expect([...network.forward(x).data()]).toEqual([1, 0]);
    });
    expect(Object.hasOwn(layer, "forward")).toBe(false);
    network.dispose();
  });

  it("changes nothing of names, copies and parameters", () => {
    const names = model.namedParameters().map(([name]) => name);
    const handle = model.registerForwardHook(() => undefined);
    expect(model.namedParameters().map(([name]) => name)).toEqual(names);
    expect(Object.keys(model)).not.toContain("forward");
    handle.remove();
  });

  it("is called by evaluate(), which then runs the network uncompiled", async () => {
    const loader = new DataLoader(quadrants(4, 1), { batchSize: 2 });
    const network = quadrantNetwork();
    let calls = 0;
    const handle = network.getSubmodule("0").registerForwardHook(() => void calls++);
    const { compiled } = await evaluate(network, loader);
    expect([compiled, calls]).toEqual([false, 2]);
    handle.remove();
    expect((await evaluate(network, loader)).compiled).toBe(true);
    network.dispose();
  });

  it("is refused by compile() and exportOnnx(), and passed over by trace() and summary()", () => {
    let calls = 0;
    const handle = model.getSubmodule("features.0").registerForwardHook(() => void calls++);
    const message = "a Conv2d has a forward hook, which would not be called; remove() it first";
    expect(() => compile(model, [1, 28, 28, 1])).toThrow(DataError);
    expect(() => compile(model, [1, 28, 28, 1])).toThrow(`compile: ${message}`);
    expect(() => exportOnnx(model)).toThrow(`exportOnnx: ${message}`);
    const nodes = trace(model, [1, 28, 28, 1]).nodes.length;
    summary(model, [1, 28, 28, 1]);
    expect(calls).toBe(0);
    run();
    expect(calls).toBe(1);
    handle.remove();
    expect(trace(model, [1, 28, 28, 1]).nodes.length).toBe(nodes);
    compile(model, [1, 28, 28, 1]).dispose();
  });

  it("must be a function", () => {
    expect(() => model.registerForwardHook(3 as never)).toThrow(
      "registerForwardHook: hook must be a function; got 3",
    );
  });
});
