// What a network says of images that its strides do not fit.

import { beforeAll, expect, it } from "vitest";
import { createModel, init, noGrad, ShapeError, summary, tidy, zeros } from "../../src/index.js";

beforeAll(() => init({ threads: 1 }));

it.each([
  ["vgg11", 16, "VGG: images of 16×16 are too small; the least size is 32×32 (maxPool2d: "],
  ["googlenet", 8, "GoogLeNet: images of 8×8 are too small; the least size is 31×31 (maxPool2d: "],
  ["alexnet", 62, "AlexNet: images of 62×62 are too small; the least size is 63×63 (maxPool2d: "],
  ["dla46_c", 33, "DLA: images of 33×33 do not fit; the next larger size that does is 63×63 (add: "],
  ["lenet5", 33, "linear: expected x:[…,in] weight:[out,in] bias:[out]; got x:[1,576]"],
])("%s at %s", (name, side, message) => {
  const model = createModel(name, { initialise: false }).eval();
  const images = zeros([1, side, side, name === "lenet5" ? 1 : 3]);
  const run = (): void => noGrad(() => tidy(() => void model.forward(images)));
  expect(run).toThrow(ShapeError);
  expect(run).toThrow(message);
  expect(() => summary(model, images.shape)).toThrow(message);
  for (const each of [model, images]) each.dispose();
});

it("runs at the least size", () => {
  const model = createModel("squeezenet1_1", { numClasses: 2 }).eval();
  const images = zeros([1, 25, 25, 3]);
  expect(noGrad(() => tidy(() => model.forward(images).shape))).toEqual([1, 2]);
  for (const each of [model, images]) each.dispose();
});
