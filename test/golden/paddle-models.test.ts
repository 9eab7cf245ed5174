// Networks of PaddleClas and paddle.vision: their tensors, under their names, give their outputs here.

import { beforeAll, expect, it } from "vitest";
import { createModel, init, tensor, tidy } from "../../src/index.js";
import { loadRead } from "../../src/pretrained/load.js";
import { drawInto, drawnTensors } from "../helpers/drawn.js";
import { calibrated } from "../helpers/golden-models.js";
import { isLong } from "../helpers/ring.js";
import golden from "./paddle-models.json";

const CLASSES = 7;

beforeAll(() => void init({ threads: 1 }));

/** What the letters of paddle_models.py stand for. */
const TENSORS: Record<string, string> = {
  w: "weight",
  b: "bias",
  m: "running_mean",
  v: "running_var",
  s: "scale",
};

/** A few of all kinds of names; all of them in the long ring. */
const FEW =
  "ResNet18 ResNet50_vd SE_ResNet18_vd AlexNet GoogLeNet MobileNetV3_small_x0_35 PPLCNet_x0_25 EfficientNetB0_small DLA46x_c RepVGG_A0 resnet18 paddle_inception_v3".split(
    " ",
  );

it.each(Object.entries(golden).filter(([name]) => isLong || FEW.includes(name)))(
  "%s: Paddle's weights give Paddle's logits",
  (name, { size, logits, exponents, modules }) => {
    const entries = modules.split("\n").flatMap((line) => {
      const [path, sizes, letters] = line.split(" ") as [string, string, string];
      const shape = sizes.split("x").map(Number);
      return [...letters].map((letter) => ({ name: `${path}.${TENSORS[letter]}`, shape: letter === "w" ? shape : shape.slice(0, 1) })); // prettier-ignore
    });
    const model = createModel(name, { numClasses: CLASSES, initialise: false });
    const state = calibrated(drawnTensors(entries), exponents);
    loadRead(model, state, `${name}.pdparams`);
    const got = tidy(() => {
      const images = tensor(drawInto(8, new Float32Array(2 * size * size * 3)), [2, size, size, 3]);
      return model.eval().forward(images).data();
    });
    const spread = Math.max(...logits) - Math.min(...logits);
    expect(got).toHaveLength(logits.length);
    logits.forEach((v, i) => expect(Math.abs(got[i]! - v)).toBeLessThan(1e-4 * spread));
    model.dispose();
  },
);
