// Reductions of one axis.

import { sizeOf, values, type Values } from "./values.js";

interface Input {
  x: Values;
}

/** Calls reduce with the values along `axis`, for every position of the other axes. */
function along(x: Values, axis: number, reduce: (line: number[]) => number): Values {
  const at = axis < 0 ? axis + x.shape.length : axis;
  const n = x.shape[at]!;
  const inner = sizeOf(x.shape.slice(at + 1));
  const rest = x.shape.filter((_, i) => i !== at);
  return values(rest, (i) => {
    const start = Math.floor(i / inner) * n * inner + (i % inner);
    return reduce(Array.from({ length: n }, (_, r) => x.data[start + r * inner]!));
  });
}

export function sum({ x }: Input, { axis, scale }: { axis: number; scale: number }): Values {
  return along(x, axis, (line) => scale * line.reduce((total, v) => total + v, 0));
}

export function max({ x }: Input, { axis }: { axis: number }): Values {
  return along(x, axis, (line) => Math.max(...line));
}

export function maxOfAll({ x }: Input): Values {
  return values([], () => Math.max(...x.data));
}

export function gather({ x, index }: Input & { index: Values }, { axis }: { axis: number }): Values {
  const at = axis < 0 ? axis + x.shape.length : axis;
  const inner = sizeOf(x.shape.slice(at + 1));
  const [n, m] = [x.shape[at]!, index.shape[at]!];
  return values(index.shape, (i) => {
    const outer = Math.floor(i / (m * inner));
    return x.data[(outer * n + index.data[i]!) * inner + (i % inner)]!;
  });
}

/** Where the first NaN is, else the first of the largest. */
export function argmax({ x }: Input, { axis }: { axis: number }): Values {
  return along(x, axis, (line) => {
    const nan = line.findIndex(Number.isNaN);
    return nan >= 0 ? nan : line.indexOf(Math.max(...line));
  });
}
