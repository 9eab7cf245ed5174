// Sums and means that keep their axes, as PyTorch's keepdim does.

import { expect, test } from "vitest";
import { logSoftmax, mean, sum, tensor, type Tensor } from "../../src/index.js";

const x = (): Tensor => tensor([[1, 2, 3], [4, 5, 9]], undefined, { requiresGrad: true }); // prettier-ignore

test.each([
  [() => sum(x(), 1, true), [2, 1], [6, 18]],
  [() => x().sum(-2, true), [1, 3], [5, 7, 12]],
  [() => sum(x(), [0, 1], true), [1, 1], [24]],
  [() => sum(x(), undefined, true), [1, 1], [24]],
  [() => mean(x(), 0, true), [1, 3], [2.5, 3.5, 6]],
  [() => x().mean(1), [2], [2, 6]],
])("case %#", (make, shape, values) => {
  const y = make();
  expect(y.shape).toEqual(shape);
  expect([...y.data()]).toEqual(values);
});

test("what is kept broadcasts, and gradients come back through it", () => {
  const own = x();
  own.sub(own.mean(1, true)).mul(tensor([[1, 0, 0], [0, 0, 1]])).sum().backward(); // prettier-ignore
  const third = Math.fround(-1 / 3);
  expect([...own.grad!.data()]).toEqual([1 + third, third, third, third, third, 1 + third].map(Math.fround));
});

test("softmax takes the last axis by its number too", () => {
  expect(x().softmax(1).data()).toEqual(x().softmax().data());
  expect(logSoftmax(x(), -1).data()).toEqual(logSoftmax(x()).data());
});
