// Networks of PaddleClas and paddle.vision: their tensors, under their names, give their outputs here.

import { beforeAll, expect, it } from "vitest";
import { createModel, init, tensor, tidy } from "../../src/index.js";
import { adaptedTo } from "../../src/node/weights.js";
import { drawInto, drawnTensors } from "../helpers/drawn.js";
import golden from "./paddle-models.json";

const CLASSES = 7;

beforeAll(() => void init({ threads: 1 }));

it.each(Object.entries(golden))(
  "%s: Paddle's weights give Paddle's logits",
  (name, { size, logits, tensors }) => {
    const entries = tensors.split("\n").map((line) => {
      const [title, shape] = line.split(" ") as [string, string];
      return { name: title, shape: shape.split("x").map(Number) };
    });
    const model = createModel(name, { numClasses: CLASSES, initialise: false });
    model.loadStateDict(adaptedTo(model, drawnTensors(entries), `${name}.pdparams`));
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
