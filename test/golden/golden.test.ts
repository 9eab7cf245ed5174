// fovea against PyTorch: results and gradients of operations, batch normalisation over several steps, optimizers, a
// whole LeNet-5. generate.py wrote the files and draws the inputs by the same formula.

import { describe, expect, it } from "vitest";
import { registeredOps } from "../../src/core/op.js";
import { sizeOf, type Shape } from "../../src/core/shape.js";
import {
  calculateGain,
  kaimingNormal,
  kaimingUniform,
  xavierNormal,
  xavierUniform,
} from "../../src/nn/init.js";
import {
  Adam,
  AdamW,
  batchNorm,
  Conv2d,
  createModel,
  crossEntropy,
  lenet5,
  Linear,
  manualSeed,
  noGrad,
  permute,
  SGD,
  tensor,
  tidy,
  zeros,
  ones,
  type Optimizer,
  type AnyTensor,
  type Tensor,
} from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";
import { allclose } from "../helpers/allclose.js";
import { forOwnBinary } from "../helpers/binaries.js";
import { drawInto } from "../helpers/drawn.js";
import batchNormGolden from "./batch-norm.json" with { type: "json" };
import initGolden from "./init.json" with { type: "json" };
import lenetGolden from "./lenet.json" with { type: "json" };
import opsGolden from "./ops.json" with { type: "json" };
import resnetsGolden from "./resnets.json" with { type: "json" };
import optimizersGolden from "./optimizers.json" with { type: "json" };

/** The inputs of generate.py. */
function draw(seed: number, shape: Shape): Float32Array {
  return drawInto(seed, new Float32Array(sizeOf(shape)));
}

interface OpGolden {
  op: string;
  attrs: object;
  shapes: Record<string, number[]>;
  y: number[];
  yShape: number[];
  gradients: Record<string, number[]>;
  ints?: Record<string, number[] | number[][]>;
}

/** Bounds in units of |want| + rms(want). */
const TOLERANCE = 3e-6;
const WINOGRAD_TOLERANCE = 2e-5;

forOwnBinary((binary) => {
  describe.each([true, false])("with Winograd %s, results and gradients are PyTorch's:", (winograd) => {
    it.each((opsGolden.rows as OpGolden[]).map((row) => [row.op, JSON.stringify(row.attrs), row] as const))(
      "%s %s",
      (op, _, row) => {
        init({ binary, winograd });
        const tolerance = winograd ? WINOGRAD_TOLERANCE : TOLERANCE;
        tidy(() => {
          const inputs: Record<string, AnyTensor> = {};
          Object.entries(row.shapes).forEach(([name, shape], k) => {
            const given = row.ints?.[name];
            if (given === undefined) inputs[name] = tensor(draw(k + 1, shape), shape, { requiresGrad: true });
            else inputs[name] = tensor(given, shape, { dtype: shape.length === 1 ? "i32" : "f32" });
          });
          const y = registeredOps().get(op)!.apply(inputs, row.attrs);
          expect(y.shape).toEqual(row.yShape);
          y.backward(tensor(draw(99, y.shape), y.shape));
          allclose(`${op} y`, y.data(), row.y, tolerance);
          for (const [name, want] of Object.entries(row.gradients)) {
            allclose(`${op} gradient of ${name}`, inputs[name]!.grad!.data(), want, tolerance);
            inputs[name]!.grad!.dispose();
          }
        });
      },
    );
  });

  it("batch normalisation trains, tracks its statistics and evaluates as PyTorch's", () => {
    init({ binary });
    const shape = [3, 4, 2, 5];
    tidy(() => {
      const weight = tensor(draw(1, [5]).map((v) => 1 + 0.5 * v), [5], { requiresGrad: true }); // prettier-ignore
      const bias = tensor(draw(2, [5]), [5], { requiresGrad: true });
      const [mean, variance] = [zeros([5]), ones([5])];
      batchNormGolden.rows.forEach((row, step) => {
        const x = tensor(draw(10 + step, shape).map((v) => 2 * v + 1), shape, { requiresGrad: true }); // prettier-ignore
        const y = batchNorm(x, mean, variance, weight, bias, { training: step < 3 });
        weight.grad = bias.grad = undefined;
        y.backward(tensor(draw(20 + step, shape), shape));
        const got = {
          y,
          x: x.grad!,
          weight: weight.grad!,
          bias: bias.grad!,
          runningMean: mean,
          runningVar: variance,
        };
        for (const [name, t] of Object.entries(got)) {
          allclose(`step ${step} ${name}`, t.data(), row[name as keyof typeof row], 1e-5);
        }
      });
    });
  });

  it.each(optimizersGolden.rows.map((row) => [row.name, JSON.stringify(row.options), row] as const))(
    "%s %s takes PyTorch's steps",
    (name, _, { options, p: want }) => {
      init({ binary });
      tidy(() => {
        const p = tensor(draw(1, [7]), [7], { requiresGrad: true });
        const { weight_decay: weightDecay, ...rest } = options as Record<string, unknown>;
        const named = weightDecay === undefined ? rest : { ...rest, weightDecay };
        const optimizer: Optimizer = new { SGD, Adam, AdamW }[name as "SGD" | "Adam" | "AdamW"]([p], named);
        for (let step = 0; step < 5; step++) {
          p.grad = tensor(draw(2 + step, [7]));
          optimizer.step();
        }
        allclose(name, p.data(), want, 1e-6);
        optimizer.dispose();
      });
    },
  );

  it("LeNet-5 has PyTorch's names, logits, gradients and losses", () => {
    init({ binary });
    const model = lenet5();
    const state = model.stateDict();
    [...state.values()].forEach((entry, k) => {
      const fan = entry.shape.length > 1 ? sizeOf(entry.shape.slice(1)) : 16;
      const scale = Math.fround(1 / Math.fround(Math.sqrt(fan)));
      entry.data = draw(50 + k, entry.shape).map((v) => v * scale);
    });
    model.loadStateDict(state);
    const gradients = Object.entries(lenetGolden.rows.gradients);
    expect(gradients.map(([name, { shape }]) => [name, shape])).toEqual(
      [...state].map(([name, { shape }]) => [name, shape]),
    );
    const optimizer = new Adam(model.parameters(), { lr: 0.002 });
    const losses = tidy(() => {
      const x = tensor(draw(7, [8, 28, 28, 1]), [8, 28, 28, 1]);
      const labels = tensor(Int32Array.from({ length: 8 }, (_, i) => i));
      return lenetGolden.rows.losses.map((_, step) => {
        const logits = model.forward(x);
        const loss = crossEntropy(logits, labels);
        model.zeroGrad();
        loss.backward();
        if (step === 0) {
          allclose("logits", logits.data(), lenetGolden.rows.logits, 1e-5);
          for (const [i, [name, p]] of model.namedParameters().entries()) {
            const want = gradients[i]![1];
            const grad = p.grad!;
            const inFile = p.fileAxes ? noGrad(() => permute(grad, p.fileAxes!)) : grad;
            const g = inFile.data() as Float32Array;
            allclose(`${name} gradient`, g.slice(0, 8), want.first, 1e-4);
            const absSum = g.reduce((sum, v) => sum + Math.abs(v), 0);
            expect(Math.abs(absSum / want.absSum - 1), `${name} Σ|gradient|`).toBeLessThan(1e-5);
            expect(Math.abs(g.reduce((sum, v) => sum + v, 0) - want.sum) / want.absSum).toBeLessThan(1e-5);
          }
        }
        optimizer.step();
        return loss.item();
      });
    });
    allclose("losses", losses, lenetGolden.rows.losses, 1e-4);
    optimizer.dispose();
    model.dispose();
  });
});

describe("initialisers", () => {
  const spread = (t: Tensor): number => {
    const v = t.data() as Float32Array;
    const mean = v.reduce((a, b) => a + b, 0) / v.length;
    return Math.sqrt(v.reduce((a, b) => a + (b - mean) ** 2, 0) / (v.length - 1));
  };
  const { std, gains } = initGolden.rows;

  it.each([
    ["kaiming_uniform_", kaimingUniform],
    ["kaiming_normal_", kaimingNormal],
    ["xavier_uniform_", xavierUniform],
    ["xavier_normal_", xavierNormal],
  ] as const)("%s has PyTorch's deviation", (name, fill) => {
    manualSeed(1);
    tidy(() => expect(spread(fill(zeros([3, 3, 32, 64]))) / std[name]).toBeCloseTo(1, 1.7));
  });

  it("layers start within PyTorch's bounds and fill them", () => {
    manualSeed(2);
    const conv = new Conv2d(32, 4096, 3);
    const linear = new Linear(50, 4096);
    const most = (t: Tensor): number =>
      (t.data() as Float32Array).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    expect(most(conv.bias!) / std["conv bias bound"]).toBeCloseTo(1, 2);
    expect(most(linear.weight) / std["linear weight bound"]).toBeCloseTo(1, 3);
    conv.dispose();
    linear.dispose();
  });

  it("gains are PyTorch's", () => {
    const names = {
      linear: "linear",
      sigmoid: "sigmoid",
      tanh: "tanh",
      relu: "relu",
      leaky_relu: "leakyRelu",
    } as const;
    for (const [torch, ours] of Object.entries(names)) {
      expect(calculateGain(ours)).toBeCloseTo(gains[torch as keyof typeof gains], 6);
    }
  });
});

forOwnBinary((binary) => {
  describe.each(Object.entries(resnetsGolden.rows))("%s", (name, golden) => {
    // The images are such that no rounding error flips a ReLU: decisions.py.
    it.each([
      [true, 1e-4],
      [false, 2e-5],
    ])("with Winograd %s has PyTorch's logits, loss and gradients", (winograd, tolerance) => {
      init({ binary, winograd });
      const model = createModel(name, { numClasses: 10 });
      const state = model.stateDict();
      model.namedParameters().forEach(([key, p], k) => {
        const entry = state.get(key)!;
        const scale = Math.sqrt(6 / sizeOf(entry.shape.slice(1)));
        entry.data = draw(100 + k, entry.shape).map((v) => {
          if (p.shape.length > 1) return v * scale;
          return key.endsWith("weight") ? 0.5 + 0.1 * v : (v < -0.5 ? -1 : 1) + 0.2 * v;
        });
      });
      model.loadStateDict(state);
      const shape = [4, golden.size, golden.size, 3];
      tidy(() => {
        const logits = model.forward(tensor(draw(golden.images, shape), shape));
        allclose("logits", logits.data(), golden.logits, tolerance);
        const loss = crossEntropy(logits, tensor(Int32Array.of(0, 1, 2, 3)));
        expect(loss.item()).toBeCloseTo(golden.loss, 4);
        loss.backward();
      });
      const wanted: Record<string, { absSum: number; first: number[] }> = golden.gradients;
      expect(Object.keys(wanted).sort()).toEqual(model.namedParameters().map(([key]) => key).sort()); // prettier-ignore
      for (const [key, p] of model.namedParameters()) {
        const want = wanted[key]!;
        const g = tidy(() => (p.fileAxes ? noGrad(() => permute(p.grad!, p.fileAxes!)) : p.grad!).data());
        const size = want.absSum / g.length;
        g.slice(0, 8).forEach((v, i) => {
          const error = Math.abs(v - want.first[i]!) / (Math.abs(want.first[i]!) + size);
          expect(error, `${key} gradient ${i}`).toBeLessThan(1e-3);
        });
        const absSum = (g as Float32Array).reduce((sum, v) => sum + Math.abs(v), 0);
        expect(Math.abs(absSum / want.absSum - 1), `${key} gradient`).toBeLessThan(1e-3 / 3);
      }
      model.dispose();
    });
  });
});
