// Reshape and permute.

import { indexOf, sizeOf, stridesOf, values, type Values } from "./values.js";

interface Input {
  x: Values;
}

export function reshape({ x }: Input, { shape }: { shape: readonly number[] }): Values {
  const known = sizeOf(shape.filter((n) => n !== -1));
  return values(
    shape.map((n) => (n === -1 ? x.data.length / known : n)),
    (i) => x.data[i]!,
  );
}

export function permute({ x }: Input, { axes }: { axes: readonly number[] }): Values {
  const strides = stridesOf(x.shape);
  const shape = axes.map((axis) => x.shape[axis]!);
  return values(shape, (i) => {
    const index = indexOf(i, shape);
    return x.data[axes.reduce((at, axis, k) => at + index[k]! * strides[axis]!, 0)]!;
  });
}
