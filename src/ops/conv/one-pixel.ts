// Convolutions of one pixel, as in squeeze-and-excitation, on few images: products of few rows, with transposed weights.

import type { Planner } from "../../wasm/plan.js";
import { FEW_ROWS, fewRows } from "../few-rows.js";
import { FINISH } from "../fusion.js";
import { planCopy } from "../strided.js";
import type { Algorithm } from "./table.js";

export const onePixel: Algorithm = {
  name: "one-pixel",
  fits: ({ height, width, outHeight, outWidth, kernelHeight, kernelWidth, groups }) =>
    height * width * outHeight * outWidth * kernelHeight * kernelWidth * groups === 1,
  pays: (conv, _, stays) => stays && conv.images <= FEW_ROWS,
  absorbs: FINISH,

  forward(p, conv, { x, weight, bias, y, residual, activation }) {
    const { images: rows, channels: inner, outChannels: outputs } = conv;
    const turn = (own: Planner, from: number, to: number): void =>
      planCopy(own, from, [1, outputs], to, [inner, 1], [outputs, inner]);
    p.derive(weight, "rows", inner * outputs * 4, turn, (w) =>
      fewRows(p, { x, w, bias, residual, activation, y, rows, inner, outputs }),
    );
  },
};
