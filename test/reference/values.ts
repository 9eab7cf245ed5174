// What the references compute with: float64 arrays with a shape.

export interface Values {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, n) => size * n, 1);
}

export function values(shape: readonly number[], fill: (i: number) => number = () => 0): Values {
  return { shape, data: Float64Array.from({ length: sizeOf(shape) }, (_, i) => fill(i)) };
}

/** Row-major strides. */
export function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

/** The index along every axis of element i. */
export function indexOf(i: number, shape: readonly number[]): number[] {
  return stridesOf(shape).map((stride, axis) => Math.floor(i / stride) % shape[axis]!);
}

export function pair(p: number | readonly [number, number]): readonly [number, number] {
  return typeof p === "number" ? [p, p] : p;
}
