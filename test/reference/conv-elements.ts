// Single elements of a convolution and of its gradients, for images too large to compute whole.

import { eachProduct, type ConvAttrs } from "./conv.js";
import { indexOf, pair } from "./values.js";

/** Operands in row-major order, with the shapes that index them. */
export interface ConvData {
  xShape: readonly number[];
  wShape: readonly number[];
  yShape: readonly number[];
  attrs: ConvAttrs;
  x: ArrayLike<number>;
  w: ArrayLike<number>;
  dy: ArrayLike<number>;
}

/** Element `at` of conv2d(x, w). */
export function outputElement({ xShape, wShape, yShape, attrs, x, w }: ConvData, at: number): number {
  let total = 0;
  const index = indexOf(at, yShape) as [number, number, number, number];
  eachProduct(xShape, wShape, attrs, index, (xi, wi) => {
    total += x[xi]! * w[wi]!;
  });
  return total;
}

/** Output position that meets input position `at` under `tap`; undefined if there is none. */
function outputOf(at: number, tap: number, axis: 0 | 1, { yShape, attrs }: ConvData): number | undefined {
  const stride = pair(attrs.stride)[axis];
  const reach = at + pair(attrs.padding)[axis] - tap * pair(attrs.dilation)[axis];
  const out = reach / stride;
  return Number.isInteger(out) && out >= 0 && out < yShape[1 + axis]! ? out : undefined;
}

/** Element `at` of the gradient with respect to x: Σ over taps and the outputs of its group of dy·w. */
export function dataGradientElement(data: ConvData, at: number): number {
  const [n, row, column, channel] = indexOf(at, data.xShape) as [number, number, number, number];
  const [kh, kw, cg, out] = data.wShape as [number, number, number, number];
  const [, height, width] = data.yShape as [number, number, number];
  const perGroup = out / data.attrs.groups;
  const group = Math.floor(channel / cg);
  let total = 0;
  for (let p = 0; p < kh; p++) {
    for (let q = 0; q < kw; q++) {
      const i = outputOf(row, p, 0, data);
      const j = outputOf(column, q, 1, data);
      if (i === undefined || j === undefined) continue;
      for (let o = group * perGroup; o < (group + 1) * perGroup; o++) {
        const g = data.dy[((n * height + i) * width + j) * out + o]!;
        total += g * data.w[((p * kw + q) * cg + (channel % cg)) * out + o]!;
      }
    }
  }
  return total;
}

/** Element `at` of the gradient with respect to the weights: Σ over images and windows of dy·x. */
export function weightGradientElement(data: ConvData, at: number): number {
  const [p, q, c, o] = indexOf(at, data.wShape) as [number, number, number, number];
  const [, rows, columns, channels] = data.xShape as [number, number, number, number];
  const [, , cg, out] = data.wShape as [number, number, number, number];
  const [images, height, width] = data.yShape as [number, number, number];
  const stride = pair(data.attrs.stride);
  const padding = pair(data.attrs.padding);
  const dilation = pair(data.attrs.dilation);
  const channel = Math.floor(o / (out / data.attrs.groups)) * cg + c;
  let total = 0;
  for (let n = 0; n < images; n++) {
    for (let i = 0; i < height; i++) {
      const row = i * stride[0] + p * dilation[0] - padding[0];
      if (row < 0 || row >= rows) continue;
      for (let j = 0; j < width; j++) {
        const column = j * stride[1] + q * dilation[1] - padding[1];
        if (column < 0 || column >= columns) continue;
        const x = data.x[((n * rows + row) * columns + column) * channels + channel]!;
        total += x * data.dy[((n * height + i) * width + j) * out + o]!;
      }
    }
  }
  return total;
}
