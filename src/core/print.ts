// Tensors as text, in PyTorch's style: four digits after the point, columns of one width, powers of ten where numbers differ a lot,
// and only the first and last of each axis where there are many elements.

import type { DType, TypedArray } from "./numbers.js";
import { sizeOf, stridesOf, type Shape } from "./shape.js";

/** More elements than this are summarised: three at each end of every axis that has more than six. */
const MOST = 1000;
const EDGE = 3;
const LINE = 80;
const OPENING = "tensor(";

/** How every element is written. */
interface Format {
  readonly write: (v: number) => string;
  readonly width: number;
}

/** 12345.6 as 1.2346e+04. */
const scientific = (v: number): string => v.toExponential(4).replace(/e([+-])(\d)$/, "e$10$2");

function formatOf(shown: readonly number[], dtype: DType): Format {
  const finite = shown.filter((v) => Number.isFinite(v) && v !== 0);
  const sizes = finite.map(Math.abs);
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  const whole = finite.every(Number.isInteger);
  const far = finite.length > 0 && (most / least > 1000 || most > 1e8 || (!whole && least < 1e-4));
  const plain = (v: number): string => (whole ? `${v.toFixed(0)}.` : v.toFixed(4));
  const floats = far ? scientific : plain;
  const number = dtype === "f32" ? floats : String;
  const write = (v: number): string =>
    Number.isFinite(v) ? number(v) : Number.isNaN(v) ? "nan" : v > 0 ? "inf" : "-inf";
  const counted = dtype === "f32" ? finite : shown;
  return { write, width: Math.max(1, ...counted.map((v) => write(v).length)) };
}

/** Indices shown along an axis; undefined stands for the omitted ones. */
function indicesOf(n: number, all: boolean): (number | undefined)[] {
  const list = Array.from({ length: Math.min(n, all ? n : 2 * EDGE) }, (_, i) => i);
  if (all || n <= 2 * EDGE) return list;
  return [...list.slice(0, EDGE), undefined, ...list.slice(0, EDGE).map((i) => n - EDGE + i)];
}

/** The numbers in brackets. */
function nested(shape: Shape, values: TypedArray, dtype: DType): string {
  const all = sizeOf(shape) <= MOST;
  const strides = stridesOf(shape);
  const shown: number[] = [];
  const visit = (axis: number, at: number): void => {
    if (axis === shape.length) return void shown.push(values[at]!);
    for (const i of indicesOf(shape[axis]!, all))
      if (i !== undefined) visit(axis + 1, at + i * strides[axis]!);
  };
  visit(0, 0);
  const { write, width } = formatOf(shown, dtype);
  const element = (at: number): string => write(values[at]!).padStart(width);
  const build = (axis: number, at: number): string => {
    if (axis === shape.length) return element(at);
    const indices = indicesOf(shape[axis]!, all);
    const pad = " ".repeat(OPENING.length + axis + 1);
    if (axis < shape.length - 1) {
      const parts = indices.map((i) => (i === undefined ? "..." : build(axis + 1, at + i * strides[axis]!)));
      return `[${parts.join(`,${"\n".repeat(shape.length - 1 - axis)}${pad}`)}]`;
    }
    const each = indices.map((i) => (i === undefined ? " ..." : element(at + i)));
    const perLine = Math.max(1, Math.floor((LINE - pad.length + 1) / (width + 2)));
    const lines = Array.from({ length: Math.ceil(each.length / perLine) }, (_, line) =>
      each.slice(line * perLine, (line + 1) * perLine).join(", "),
    );
    return `[${lines.join(`,\n${pad}`)}]`;
  };
  return sizeOf(shape) === 0 ? "[]" : build(0, 0);
}

/**
 * "tensor([[1., 2.],\n        [3., 4.]], shape=[2,2])". values: undefined where there are none, and `notes` say why. notes: further
 * remarks, such as "requiresGrad".
 */
export function printed(
  shape: Shape,
  values: TypedArray | undefined,
  dtype: DType,
  notes: readonly string[],
): string {
  const body = values && nested(shape, values, dtype);
  const more = [
    ...(shape.length > 0 ? [`shape=[${shape.join(",")}]`] : []),
    ...(dtype === "f32" ? [] : [`dtype=${dtype}`]),
    ...notes,
  ].join(", ");
  if (body === undefined || more === "") return `${OPENING}${body ?? more})`;
  const last = body.length - body.lastIndexOf("\n") - 1 + (body.includes("\n") ? 0 : OPENING.length);
  const fits = last + more.length + 3 <= LINE;
  return `${OPENING}${body},${fits ? " " : `\n${" ".repeat(OPENING.length)}`}${more})`;
}
