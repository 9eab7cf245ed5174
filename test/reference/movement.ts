// Reshape, permute, slice, pad, flip and cat.

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

export function slice(
  { x }: Input,
  { ranges }: { ranges: readonly { begin: number; count: number; step: number }[] },
): Values {
  const strides = stridesOf(x.shape);
  const shape = ranges.map(({ count }) => count);
  return values(shape, (i) => {
    const index = indexOf(i, shape);
    return x.data[ranges.reduce((at, { begin, step }, axis) => at + (begin + index[axis]! * step) * strides[axis]!, 0)]!; // prettier-ignore
  });
}

export function pad(
  { x }: Input,
  { before, after }: { before: readonly number[]; after: readonly number[] },
): Values {
  const strides = stridesOf(x.shape);
  const shape = x.shape.map((n, axis) => before[axis]! + n + after[axis]!);
  return values(shape, (i) => {
    const index = indexOf(i, shape).map((at, axis) => at - before[axis]!);
    if (index.some((at, axis) => at < 0 || at >= x.shape[axis]!)) return 0;
    return x.data[index.reduce((at, k, axis) => at + k * strides[axis]!, 0)]!;
  });
}

export function flip({ x }: Input, { axes }: { axes: readonly number[] }): Values {
  const strides = stridesOf(x.shape);
  const turned = axes.map((axis) => (axis < 0 ? axis + x.shape.length : axis));
  return values(x.shape, (i) => {
    const index = indexOf(i, x.shape).map((at, axis) =>
      turned.includes(axis) ? x.shape[axis]! - 1 - at : at,
    );
    return x.data[index.reduce((at, k, axis) => at + k * strides[axis]!, 0)]!;
  });
}

export function cat(inputs: Record<string, Values | undefined>, { axis }: { axis: number }): Values {
  const parts = Object.values(inputs).filter((x) => x !== undefined);
  const total = parts.reduce((n, x) => n + x.shape[axis]!, 0);
  const shape = parts[0]!.shape.map((n, i) => (i === axis ? total : n));
  return values(shape, (i) => {
    const index = indexOf(i, shape);
    let k = 0;
    while (index[axis]! >= parts[k]!.shape[axis]!) index[axis]! -= parts[k++]!.shape[axis]!;
    const strides = stridesOf(parts[k]!.shape);
    return parts[k]!.data[index.reduce((at, v, a) => at + v * strides[a]!, 0)]!;
  });
}

export function channelShuffle({ x }: { x: Values }, { groups }: { groups: number }): Values {
  const c = x.shape[3]!;
  return values(x.shape, (i) => {
    const channel = i % c;
    return x.data[i - channel + (channel % groups) * (c / groups) + Math.floor(channel / groups)]!;
  });
}
