// One description of how images are prepared: as timm writes it and back, and as transforms.

import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import {
  DataError,
  imagenet,
  imagenetEval,
  init,
  modelInfo,
  modelNames,
  preparationOf,
  preprocessingFromJSON,
  preprocessingToJSON,
  publishedWeights,
  resizeOf,
  transformsFor,
  type Preprocessing,
} from "../../src/index.js";
import { evalTransforms } from "../../src/node.js";
import { ImageDataset } from "../../src/data/index.js";
import { picture } from "./augment/pictures.js";

init({ threads: 1 });

const whole: Preprocessing = {
  inputSize: [64, 48, 3],
  cropPct: 0.9,
  cropMode: "border",
  interpolation: "lanczos",
  mean: [0.1, 0.2, 0.3],
  std: [1, 2, 3],
  test: { inputSize: [96, 96, 3], cropPct: 1 },
  fixedInputSize: true,
};

describe("as JSON", () => {
  it.each<[string, Preprocessing]>([
    ["whole", whole],
    ["imagenet()", imagenet()],
    ...modelNames().map((name): [string, Preprocessing] => [name, preparationOf(name)]),
    ...publishedWeights.map(({ name, preprocessing }): [string, Preprocessing] => [name, preprocessing]),
  ])("%s comes back as it was", (_, preprocessing) => {
    const json = JSON.parse(JSON.stringify(preprocessingToJSON(preprocessing))) as Record<string, unknown>;
    expect(preprocessingFromJSON(json)).toEqual(preprocessing);
  });

  it("has timm's fields", () => {
    expect(preprocessingToJSON(whole)).toEqual({
      input_size: [3, 64, 48],
      test_input_size: [3, 96, 96],
      fixed_input_size: true,
      interpolation: "lanczos",
      crop_pct: 0.9,
      test_crop_pct: 1,
      crop_mode: "border",
      mean: [0.1, 0.2, 0.3],
      std: [1, 2, 3],
    });
  });

  it("may be for other channels, with one number for all, and says what is wrong", () => {
    const json = { ...preprocessingToJSON(imagenet()), mean: [0.5], std: [0.25], extra: 1 };
    expect(preprocessingFromJSON(json, "x", 1)).toMatchObject({ inputSize: [224, 224, 1], mean: [0.5] });
    expect(() => preprocessingFromJSON({ ...json, crop_pct: 0 }, "x.json")).toThrow(
      new DataError("x.json: crop_pct is not a number; got 0"),
    );
    expect(() => preprocessingFromJSON(null as never)).toThrow(
      new DataError("preprocessingFromJSON: pretrained_cfg is not an object; got null"),
    );
  });
});

describe("as transforms", () => {
  const image = picture("slope", 300, 270, 3);
  const apply = (preprocessing: Preprocessing) => transformsFor(preprocessing).apply(image, new Random(0));

  it("are imagenetEval()'s, whose defaults are imagenet()'s", () => {
    expect(transformsFor(imagenet()).spec).toEqual(imagenetEval().spec);
    expect(resizeOf(imagenet())).toBe(256);
    expect(transformsFor(imagenet(288, 320, "bicubic")).spec).toEqual(
      imagenetEval({ size: 288, resize: 320, interpolation: "bicubic" }).spec,
    );
    expect(imagenetEval({ size: 96 }).spec).toEqual(transformsFor({ ...imagenet(), inputSize: [96, 96, 3] }).spec); // prettier-ignore
  });

  it("are evalTransforms()' for a dataset", () => {
    const { data, height, width } = image;
    const set = new ImageDataset({ images: data, shape: [height, width, 3], labels: [0], classes: ["a"] });
    for (const name of ["efficientnet_b1", "lenet5"]) {
      const own = { ...preparationOf(name), ...(name === "lenet5" && { ...imagenet(28, 32) }) };
      expect(evalTransforms(set, own).transform).toEqual(transformsFor(own));
    }
    expect(modelInfo("lenet5").mean).toEqual([0.1307]);
  });

  it("cut what is not as high as wide, too", () => {
    const { height, width, channels, data } = apply(whole);
    expect([height, width, channels, data instanceof Float32Array]).toEqual([64, 48, 3, true]);
  });

  it("are refused for what says nothing", () => {
    expect(() => transformsFor({ inputSize: [8, 8, 3] } as never)).toThrow(
      new DataError("transformsFor: preparation: cropPct must be a number; got undefined"),
    );
  });
});
