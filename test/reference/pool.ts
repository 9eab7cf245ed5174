// Pooling of NHWC images.

import { windows } from "./conv.js";
import { pair, values, type Values } from "./values.js";

type Pair = number | readonly [number, number];

interface PoolAttrs {
  kernelSize: Pair;
  stride: Pair;
  padding: Pair;
  dilation: Pair;
  ceilMode?: boolean;
}

interface Input {
  x: Values;
}

/** y[n, i, j, c] = reduce(the values inside the image of the window whose rows and columns are given, i, j). */
function pool(
  x: Values,
  height: number,
  width: number,
  rowsOf: (i: number) => number[],
  columnsOf: (j: number) => number[],
  reduce: (inside: number[], i: number, j: number) => number,
): Values {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  return values([n, height, width, c], (at) => {
    const channel = at % c;
    const j = Math.floor(at / c) % width;
    const i = Math.floor(at / c / width) % height;
    const image = Math.floor(at / c / width / height);
    const inside: number[] = [];
    for (const row of rowsOf(i)) {
      for (const column of columnsOf(j)) {
        if (row < 0 || row >= h || column < 0 || column >= w) continue;
        inside.push(x.data[((image * h + row) * w + column) * c + channel]!);
      }
    }
    return reduce(inside, i, j);
  });
}

/** The `kernel` positions of window i. */
function taps(kernel: number, stride: number, padding: number, dilation: number) {
  return (i: number): number[] =>
    Array.from({ length: kernel }, (_, p) => i * stride - padding + p * dilation);
}

function slide(
  x: Values,
  attrs: PoolAttrs,
  reduce: (inside: number[], i: number, j: number) => number,
): Values {
  const [kh, kw] = pair(attrs.kernelSize);
  const [sh, sw] = pair(attrs.stride);
  const [ph, pw] = pair(attrs.padding);
  const [dh, dw] = pair(attrs.dilation);
  const height = windows(x.shape[1]!, kh, sh, ph, dh, attrs.ceilMode);
  const width = windows(x.shape[2]!, kw, sw, pw, dw, attrs.ceilMode);
  return pool(x, height, width, taps(kh, sh, ph, dh), taps(kw, sw, pw, dw), reduce);
}

const total = (inside: readonly number[]): number => inside.reduce((sum, v) => sum + v, 0);

export function maxPool2d({ x }: Input, attrs: PoolAttrs): Values {
  return slide(x, attrs, (inside) => Math.max(...inside));
}

export function avgPool2d({ x }: Input, attrs: PoolAttrs & { countIncludePad: boolean }): Values {
  const [, h, w] = x.shape as [number, number, number];
  const [kh, kw] = pair(attrs.kernelSize);
  const [sh, sw] = pair(attrs.stride);
  const [ph, pw] = pair(attrs.padding);
  /** Cells of window i inside the padded image: a window may reach beyond the padding, which does not count. */
  const framed = (i: number, kernel: number, stride: number, padding: number, size: number): number =>
    taps(kernel, stride, padding, 1)(i).filter((at) => at >= -padding && at < size + padding).length;
  return slide(x, attrs, (inside, i, j) =>
    attrs.countIncludePad
      ? total(inside) / (framed(i, kh, sh, ph, h) * framed(j, kw, sw, pw, w))
      : total(inside) / inside.length,
  );
}

/** Positions ⌊i·size/out⌋ … ⌈(i + 1)·size/out⌉ − 1. */
function division(size: number, out: number) {
  return (i: number): number[] => {
    const first = Math.floor((i * size) / out);
    const end = Math.ceil(((i + 1) * size) / out);
    return Array.from({ length: end - first }, (_, p) => first + p);
  };
}

export function adaptiveAvgPool2d({ x }: Input, { outputSize }: { outputSize: Pair }): Values {
  const [oh, ow] = pair(outputSize);
  const rows = division(x.shape[1]!, oh);
  const columns = division(x.shape[2]!, ow);
  return pool(x, oh, ow, rows, columns, (inside) => total(inside) / inside.length);
}

export function interpolate({ x }: Input, { scaleFactor }: { scaleFactor: Pair }): Values {
  const [height, width] = pair(scaleFactor);
  const at = (scale: number) => (i: number) => [Math.floor(i / scale)];
  return pool(x, x.shape[1]! * height, x.shape[2]! * width, at(height), at(width), total);
}
