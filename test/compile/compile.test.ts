// compile(): what it computes, and what it refuses. Models are compared with their own forward().

import { beforeEach, describe, expect, it } from "vitest";
import {
  add,
  argmax,
  BatchNorm2d,
  compile,
  Conv2d,
  createModel,
  DataError,
  Linear,
  manualSeed,
  max,
  memoryStats,
  Module,
  mul,
  ones,
  Parameter,
  relu,
  Sequential,
  ShapeError,
  sum,
  summary,
  tensor,
  tidy,
  WasmError,
  type Shape,
  elu,
  gather,
  split,
  stack,
  std,
  where,
  type AnyTensor,
  type Tensor,
} from "../../src/index.js";
import { Inference } from "../../src/train/inference.js";
import { init } from "../../src/wasm/runtime.js";
import { compiled, difference, eager, modelFor, shapeFor, SMALL, wave } from "../helpers/compiled.js";

beforeEach(() => {
  init({ threads: 1 });
  manualSeed(1);
});

describe("a compiled model", () => {
  const small = (): Sequential => new Sequential(new Conv2d(3, 8, 3, { padding: 1 }), new BatchNorm2d(8));

  it("takes other numbers of images, and other sizes", () => {
    const model = modelFor("resnet18");
    using own = compile(model, SMALL);
    for (const shape of [[3, 32, 32, 3], [1, 96, 80, 3], SMALL]) {
      tidy(() => {
        const x = wave(shape);
        expect(difference(own.run(x).data() as Float32Array, eager(model, x))).toBeLessThan(1e-4);
      });
    }
  });

  it("leaves nothing behind from run to run, and frees all at the end", () => {
    const model = small();
    const x = wave(SMALL);
    const before = memoryStats().bytesInUse;
    const own = compile(model, SMALL);
    own.run(x).dispose();
    const { bytesInUse, reservedBytes } = memoryStats();
    for (let i = 0; i < 1000; i++) own.run(x).dispose();
    expect(memoryStats()).toMatchObject({ bytesInUse, reservedBytes });
    own.dispose();
    expect(memoryStats().bytesInUse).toBe(before);
  });

  it("does without the model", () => {
    const model = small();
    const x = wave(SMALL);
    const expected = eager(model, x);
    using own = compile(model, SMALL, { keepModel: false });
    expect(model.parameters()[0]!.disposed).toBe(true);
    expect(difference(own.run(x).data() as Float32Array, expected)).toBeLessThan(1e-5);
    expect(() => own.loadStateDict(new Map())).toThrow(
      "CompiledModel.loadStateDict: the model was released (keepModel: false); compile it again",
    );
  });

  it("takes other numbers of images without the model, in pieces, and no other size", async () => {
    for (const name of ["alexnet", "googlenet", "mobilenet_v3_small", "resnet20_cifar"]) {
      const [model, kept] = [modelFor(name), modelFor(name)];
      const [, ...size] = shapeFor(name);
      using own = compile(model, [3, ...size], { keepModel: false });
      const bytes = own.bytes;
      for (const n of [0, 1, 3, 8]) {
        tidy(() => {
          const x = wave([n, ...size]);
          const y = own.run(x);
          expect(y.shape).toEqual([n, own.outputShape[1]]);
          if (n > 0) expect(difference(y.data() as Float32Array, eager(kept, x)), name).toBeLessThan(1e-4);
        });
      }
      const x = wave([4, ...size]);
      const [inParts, whole] = [await own.runAsync(x), own.run(x)];
      expect(inParts.data()).toEqual(whole.data());
      for (const t of [x, inParts, whole]) t.dispose();
      expect(own.bytes).toBeLessThan(bytes * 2); // the same weights
      tidy(() => {
        expect(() => own.run(wave([1, size[0]! + 8, size[1]!, size[2]!]))).toThrow(
          "CompiledModel: images of another size need the model, which was released (keepModel: false)",
        );
      });
      kept.dispose();
    }
  });

  it("has the weights once without the model, and refuses outputs that belong to no image", () => {
    const [model, kept] = [modelFor("resnet18"), modelFor("resnet18")];
    using own = compile(model, [1, 64, 64, 3], { keepModel: false });
    using other = compile(kept, [1, 64, 64, 3]);
    expect(own.bytes).toBe(other.bytes);
    class Sum extends Module {
      readonly weight = new Parameter(ones([1]));
      forward(x: Tensor): Tensor {
        return sum(mul(x, this.weight), 0);
      }
    }
    expect(() => compile(new Sum(), [2, 4], { keepModel: false })).toThrow(
      "compile: keepModel: false needs an output with a row for each image; got [4] for 2 images and [4] for 3",
    );
    kept.dispose();
  });

  it("gives the same bits tuned or not", () => {
    const model = modelFor("mobilenet_v2");
    const x = wave([2, 224, 224, 3]);
    const tuned = compiled(model, x);
    using own = compile(model, x.shape, { tune: false });
    expect(own.run(x).data()).toEqual(tuned);
  });

  it("takes other weights", () => {
    const [model, other] = [modelFor("resnet20_cifar"), createModel("resnet20_cifar")];
    const x = wave(SMALL);
    using own = compile(model, SMALL);
    const before = own.run(x).data();
    own.loadStateDict(other.stateDict());
    const after = own.run(x).data() as Float32Array;
    expect(after).not.toEqual(before);
    expect(difference(after, eager(other, x))).toBeLessThan(1e-4);
    expect(() => own.loadStateDict(new Map())).toThrow(DataError);
  });

  it("runs in parts, one call after the other, while the event loop turns", async () => {
    const model = modelFor("resnet18");
    const [x, y] = [wave([8, 96, 96, 3]), wave([1, 96, 96, 3])];
    using own = compile(model, x.shape);
    const expected = [x, y, x].map((each) => own.run(each).data());
    let turns = 0;
    const clock = setInterval(() => turns++);
    const results = await Promise.all([own.runAsync(x), own.runAsync(y), own.runAsync(x)]);
    clearInterval(clock);
    expect(results.map((each) => each.data())).toEqual(expected);
    expect(turns).toBeGreaterThan(1);
    const early = wave([8, 96, 96, 3]);
    const late = own.runAsync(early);
    early.dispose(); // the call has the elements by itself
    expect((await late).data()).toEqual(expected[0]);
    const running = own.runAsync(x);
    await new Promise((resume) => setTimeout(resume));
    for (let n = 2; n < 12; n++) tidy(() => void own.run(wave([n, 32, 32, 3]))); // more shapes than are kept
    expect((await running).data()).toEqual(expected[0]);
    const overtaken = own.runAsync(x);
    await new Promise((resume) => setTimeout(resume));
    own.loadStateDict(model.stateDict());
    await expect(overtaken).rejects.toThrow(
      "CompiledModel.runAsync: loadStateDict() has replaced the weights in the meantime",
    );
    const lost = own.runAsync(x);
    own.dispose();
    await expect(lost).rejects.toThrow("CompiledModel: used after dispose()");
    await expect(own.runAsync(x)).rejects.toThrow(WasmError);
  });

  it("does not change with the model, nor the model with it", () => {
    const model = small();
    const x = wave(SMALL);
    using own = compile(model, SMALL);
    const expected = own.run(x).data();
    for (const p of model.parameters()) p.copyFrom(new Float32Array(p.size).fill(7));
    expect(own.run(x).data()).toEqual(expected);
    expect(model.training).toBe(true);
  });

  it("has its own sum where an operand is summed with itself, or read twice", () => {
    class Twice extends Module {
      readonly conv = new Conv2d(3, 8, 1);
      override forward(x: Tensor): Tensor {
        const y = this.conv.forward(x);
        return add(relu(y), add(y, y));
      }
    }
    const model = new Twice();
    const x = wave(SMALL);
    expect(difference(compiled(model, x), eager(model, x))).toBeLessThan(1e-6);
  });
});

describe("a model of one's own", () => {
  class Own extends Module {
    readonly #rule: (x: Tensor) => Tensor;
    constructor(rule: (x: Tensor) => Tensor) {
      super();
      this.#rule = rule;
    }
    override forward(x: Tensor): Tensor {
      return this.#rule(x);
    }
  }

  it("keeps tensors that are not parameters, and frees those that it makes each time", () => {
    const factor = tensor([2, 3, 4, 5]);
    const model = new Own((x) => add(mul(x, factor), tensor([1, 1, 1, 1])));
    const x = wave([2, 4]);
    const before = memoryStats().bytesInUse;
    const expected = eager(model, x);
    expect(compiled(model, x)).toEqual(expected);
    summary(model, [2, 4]);
    expect(compiled(model, x)).toEqual(expected);
    expect(memoryStats().bytesInUse).toBe(before);
    expect(factor.data()).toEqual(Float32Array.of(2, 3, 4, 5));
  });

  it("may use operations that leave more than their result behind", () => {
    const model = new Own((x) => relu(max(mul(x, x), 1)));
    const x = wave([3, 5, 4]);
    expect(compiled(model, x)).toEqual(eager(model, x));
  });

  it.each<[string, (x: Tensor) => Tensor]>([
    ["where", (x) => where(x.gt(0.1), x, -1)],
    ["clamp", (x) => x.clamp(-0.25, 0.5)],
    ["pow", (x) => add(x.pow(3), x.abs().add(1).pow(-1.5))],
    ["elu", (x) => elu(x, 0.7)],
    ["max of all", (x) => x.mul(x.max())],
    ["std", (x) => std(x, -1, { keepdim: true })],
    [
      "split and stack",
      (x) =>
        stack(
          split(x, [1, 3], 1).map((part) => part.min(1)),
          1,
        ),
    ],
    ["gather", (x) => gather(tensor([4, 5, 6]), 0, tensor(Int32Array.of(2, 0, 1, 1))).mul(x)],
  ])("may use %s", (_, rule) => {
    const model = new Own(rule);
    const x = wave([3, 4]);
    expect(compiled(model, x)).toEqual(eager(model, x));
  });

  it("may give whole numbers", () => {
    const model = new Own((x) => argmax(x, 1) as AnyTensor as Tensor);
    const x = wave([3, 5]);
    using own = compile(model, x.shape);
    const y = own.run(x);
    expect(y.dtype).toBe("i32");
    expect(y.data()).toEqual(eager(model, x));
  });

  it("is evaluated by its forward() where it cannot be compiled for some images", () => {
    let calls = 0;
    const model = new Own((x) => (x.shape[0] === 1 && calls++ % 2 ? relu(x) : mul(x, x)));
    const inference = new Inference(model);
    for (const n of [2, 1]) {
      const x = wave([n, 4]);
      // Traces see every other rule: the third call is forward()'s own.
      expect(tidy(() => inference.run(x).data())).toEqual(tidy(() => mul(x, x).data()));
      expect(inference.compiled).toBe(n === 2);
    }
    inference.dispose();
  });
});

describe("compile() refuses", () => {
  class Own extends Module {
    readonly #rule: (x: Tensor) => Tensor;
    constructor(rule: (x: Tensor) => Tensor) {
      super();
      this.#rule = rule;
    }
    override forward(x: Tensor): Tensor {
      return this.#rule(x);
    }
  }
  const shape: Shape = [1, 4];

  it("anything other than a model", () => {
    expect(() => compile({} as Module, shape)).toThrow(DataError);
    expect(() => compile({} as Module, shape)).toThrow("compile: model must be a Module; got an object");
  });

  it("a model that does something else each time", () => {
    let calls = 0;
    const model = new Own((x) => (calls++ % 2 ? relu(x) : mul(x, x)));
    expect(() => compile(model, shape)).toThrow(
      "compile: the model does not do the same each time: mul differs between two runs",
    );
  });

  it("a model that computes nothing", () => {
    const model = new Own((x) => x);
    expect(() => compile(model, shape)).toThrow("compile: the model computes nothing; its output is input");
  });

  it("inputs that do not fit, naming the operation", () => {
    using own = compile(new Linear(4, 2), shape);
    expect(() => own.run(wave([1, 5]))).toThrow(ShapeError);
    expect(() => own.run(wave([1, 5]))).toThrow("linear: expected x:[…,in]");
    expect(() => own.run(tensor(new Int32Array(4), [1, 4]) as never)).toThrow(
      "CompiledModel.run: x must be f32; got x:[1,4]",
    );
    expect(() => own.run(3 as unknown as Tensor)).toThrow(DataError);
  });

  it("to be used after dispose() and after init()", () => {
    const model = new Linear(4, 2);
    const x = wave(shape);
    const own = compile(model, shape);
    own.dispose();
    own.dispose();
    expect(() => own.run(x)).toThrow(new WasmError("CompiledModel: used after dispose()"));
    const lost = compile(model, shape);
    init({ threads: 1 });
    expect(() => lost.run(wave(shape))).toThrow(WasmError);
    expect(() => lost.run(wave(shape))).toThrow("CompiledModel: made before init() replaced the kernels");
  });
});

describe("a model whose forward() looks at values", () => {
  class Looks extends Module {
    readonly fc = new Linear(4, 2);
    override forward(x: Tensor): Tensor {
      const y = this.fc.forward(x);
      return y.data()[0]! > 0 ? relu(y) : mul(y, y);
    }
  }

  it("cannot be compiled", () => {
    expect(() => compile(new Looks(), [1, 4])).toThrow(
      "linear: has no values while a model is only inspected (trace, summary, compile)",
    );
  });
});
