// What editors and the compiler are to know without casts; test/public/types.test.ts compiles this file, and asks an editor's
// questions of it. Nothing here is run.

import {
  argmax,
  createModel,
  ones,
  relu,
  tensor,
  zeros,
  type AnyTensor,
  type Batch,
  type Classifier,
  type LeNet5,
  type ModelName,
  type ResNet,
  type Tensor,
} from "../../src/index.js";

/** Compiles if A and B are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(..._: Same<A, B> extends true ? [] : ["A and B differ"]): void => undefined;

export function typesOfData(batch: Batch, any: AnyTensor, pixels: Uint8ClampedArray): void {
  const made = tensor([[1, 2]]);
  same<typeof made, Tensor>();
  const floats = relu(made).data();
  same<typeof floats, Float32Array>();
  floats.reduce((a, b) => a + b, 0);
  const labels = batch.labels.data();
  same<typeof labels, Int32Array>();
  const guesses = argmax(made, 1);
  same<typeof guesses, Tensor<"i32">>();
  guesses.data().map((i) => i + 1);
  same<ReturnType<typeof any.data>, Float32Array | Int32Array | Uint8Array>();
  const bytes = tensor(pixels);
  same<typeof bytes, Tensor<"u8">>();
  const told = tensor([1, 2], [2], { dtype: "i32", requiresGrad: false });
  same<typeof told, Tensor<"i32">>();
  const trained = tensor(new Float32Array(2), undefined, { requiresGrad: true });
  same<typeof trained, Tensor>();
  same<typeof trained.grad, Tensor | undefined>();
  const whole = zeros([2], "i32");
  same<typeof whole, Tensor<"i32">>();
  const plain = ones([2]);
  same<typeof plain, Tensor>();
}

export function typesOfModels(name: string, known: ModelName): void {
  const resnet = createModel("resnet18", { numClasses: 10 });
  same<typeof resnet, ResNet>();
  const lenet = createModel("lenet5");
  same<typeof lenet, LeNet5>();
  const other = createModel("resnet50d.in1k");
  same<typeof other, Classifier>();
  const given = createModel(name);
  same<typeof given, Classifier>();
  const one: Classifier = createModel(known);
  one.dispose();
  createModel("");
}
