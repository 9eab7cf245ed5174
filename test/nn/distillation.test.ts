import { describe, expect, it } from "vitest";
import {
  Adam,
  BCEWithLogitsLoss,
  CrossEntropyLoss,
  DataLoader,
  DistillationLoss,
  fit,
  Flatten,
  Linear,
  manualSeed,
  noGrad,
  Sequential,
  SGD,
  ShapeError,
  tensor,
  tidy,
  type Module,
  type Tensor,
  withAuxiliary,
} from "../../src/index.js";
import { runtime } from "../../src/wasm/runtime.js";
import { allclose } from "../helpers/allclose.js";
import { noise, noiseNetwork as network, SIZE } from "../helpers/noise.js";

describe("DistillationLoss", () => {
  it("runs the teacher in evaluation mode, without gradients, and leaves nothing behind", () => {
    const [teacher, student] = [network(SIZE, 3), network(SIZE, 3)];
    const loss = new DistillationLoss(teacher, { alpha: 1 });
    const images = tensor(new Float32Array(2 * SIZE * SIZE * 2).fill(0.3), [2, SIZE, SIZE, 2]);
    tidy(() => void noGrad(() => teacher.forward(images)).data()); // weights are packed for inference, and kept
    const before = runtime().heap.bytesInUse;
    tidy(() => {
      const value = loss.forward(student.forward(images), tensor(Int32Array.of(0, 1)), images);
      expect(value.item()).toBeCloseTo(0, 5); // the same network
      value.backward();
      expect(teacher.parameters().every((p) => p.grad === undefined)).toBe(true);
      expect(student.parameters().every((p) => p.grad !== undefined)).toBe(true);
      student.zeroGrad();
    });
    expect([teacher.training, teacher.eval().training]).toEqual([true, false]);
    expect(runtime().heap.bytesInUse).toBe(before);
    images.dispose();
    teacher.dispose();
    student.dispose();
  });

  it("gets the images from fit, and pulls the student to the teacher", async () => {
    const teacher = network(SIZE, 3);
    manualSeed(99);
    const student = new Sequential(new Flatten(), new Linear(SIZE * SIZE * 2, 3));
    const loader = new DataLoader(noise(32, 3), { batchSize: 8 });
    const optimizer = new Adam(student.parameters(), { lr: 0.01 });
    const loss = new DistillationLoss(teacher, { alpha: 1, temperature: 2, loss: new BCEWithLogitsLoss() });
    const history = await fit(student, loader, { optimizer, epochs: 20, evalLoader: loader, loss });
    expect(history.at(-1)!.train_loss).toBeLessThan(history[0]!.train_loss / 4);
    optimizer.dispose();
    student.dispose();
    teacher.dispose();
  });

  it("with weights of classes learns from accumulated batches as from one of all their images", async () => {
    const weightsAfter = async (batchSize: number): Promise<number[]> => {
      const teacher = network(SIZE, 3);
      manualSeed(97);
      const student = new Sequential(new Flatten(), new Linear(SIZE * SIZE * 2, 3));
      const loader = new DataLoader(noise(24, 3), { batchSize });
      const optimizer = new SGD(student.parameters(), { lr: 0.1 });
      const hard = new CrossEntropyLoss({ weight: [0.2, 1, 5] });
      const loss = new DistillationLoss(teacher, { alpha: 0.4, temperature: 2, loss: hard });
      await fit(student, loader, { optimizer, epochs: 1, loss, accumulate: 24 / batchSize });
      const weights = student.parameters().flatMap((p) => [...p.data()]);
      for (const each of [optimizer, student, teacher]) each.dispose();
      return weights;
    };
    const whole = await weightsAfter(24);
    for (const batchSize of [8, 6]) allclose("weights", await weightsAfter(batchSize), whole, 1e-5);
  });

  it("divides the labels' part by the images, whatever the weights of classes sum to", () => {
    const teacher = network(SIZE, 3);
    tidy(() => {
      const images = tensor(new Float32Array(2 * SIZE * SIZE * 2).fill(0.3), [2, SIZE, SIZE, 2]);
      const logits = tensor([
        [1, 2, -1],
        [0, 3, 1],
      ]);
      const hard = new CrossEntropyLoss({ weight: [0.5, 1, 4] });
      const value = (loss: DistillationLoss, labels: number[]): number =>
        loss.forward(logits, tensor(Int32Array.from(labels)), images).item();
      const crossEntropies = [
        [1, 2, -1],
        [0, 3, 1],
      ].map((row) => row.map((x) => Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0)) - x));
      const want = (0.5 * crossEntropies[0]![0]! + 4 * crossEntropies[1]![2]!) / 2;
      expect(value(new DistillationLoss(teacher, { alpha: 0, loss: hard }), [0, 2])).toBeCloseTo(want, 5);
    });
    teacher.dispose();
  });

  it("runs the teacher once for a batch, whatever auxiliary heads the student has", async () => {
    let calls = 0;
    class Teacher extends Sequential {
      override forward(x: Tensor): Tensor {
        calls++;
        return super.forward(x);
      }
    }
    class TwoHeads extends Sequential {
      override forward(x: Tensor): Tensor {
        const logits = super.forward(x);
        return withAuxiliary(logits, [{ weight: 0.5, logits }]);
      }
    }
    manualSeed(98);
    const layers = (): Module[] => [new Flatten(), new Linear(SIZE * SIZE * 2, 3)];
    const [teacher, student] = [new Teacher(...layers()), new TwoHeads(...layers())];
    const loader = new DataLoader(noise(32, 3), { batchSize: 8 });
    const optimizer = new Adam(student.parameters(), { lr: 1e-9 });
    const loss = new DistillationLoss(teacher);
    const [row] = await fit(student, loader, { optimizer, epochs: 1, loss });
    expect(calls).toBe(4);
    let alone = 0;
    for await (const { images, labels } of loader.epoch()) {
      alone += tidy(() => loss.forward(student.forward(images), labels, images).item()) / 4;
    }
    expect(row!.train_loss).toBeCloseTo(1.5 * alone, 5);
    for (const each of [optimizer, student, teacher]) each.dispose();
  });

  it("says what is wrong", () => {
    const teacher = network(SIZE, 3);
    expect(() => new DistillationLoss(teacher, { alpha: 1.5 })).toThrow(
      new ShapeError("DistillationLoss: alpha must be in [0, 1]; got 1.5"),
    );
    expect(() => new DistillationLoss(teacher, { temperature: 0 })).toThrow(
      new ShapeError("DistillationLoss: temperature must be finite and > 0; got 0"),
    );
    tidy(() => {
      const [logits, labels] = [tensor([[1, 2]]), tensor(Int32Array.of(0))];
      expect(() => new DistillationLoss(teacher).forward(logits, labels)).toThrow(
        new ShapeError("DistillationLoss: needs the images, as forward's third argument"),
      );
      const images = tensor(new Float32Array(SIZE * SIZE * 2), [1, SIZE, SIZE, 2]);
      expect(() => new DistillationLoss(teacher).forward(logits, labels, images)).toThrow(
        new ShapeError(
          "DistillationLoss: the teacher's classes are not the student's; got teacher:[1,3] logits:[1,2]",
        ),
      );
    });
    teacher.dispose();
  });
});
