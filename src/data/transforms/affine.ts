// Pictures under affine maps, equal to Pillow's Image.transform and Image.rotate, to the byte: nearest in the same 16-bit
// fixed point, bilinear and bicubic in double precision, cut to bytes.

import type { RawImage } from "../image.js";
import { filled, type Fill } from "./geometry.js";

/**
 * From a place in the output to its place in the input: (a·x + b·y + c, d·x + e·y + f). Pixel (i, j) has its centre at
 * (i + ½, j + ½).
 */
export type AffineMatrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** Interpolations for RandomRotation and RandomAffine. */
export const AFFINE_INTERPOLATIONS = ["nearest", "bilinear", "bicubic"] as const;
/** One of AFFINE_INTERPOLATIONS. */
export type AffineInterpolation = (typeof AFFINE_INTERPOLATIONS)[number];

/** The pixel that contains each of `length` places: start, start + step, …, summed as in Pillow. −1: below 0. */
function places(length: number, start: number, step: number): Int32Array {
  const found = new Int32Array(length);
  for (let i = 0, v = start; i < length; i++, v += step) found[i] = v < 0 ? -1 : v;
  return found;
}

/** Copies pixel (xs[x], ys[y]) of the image to (x, y) of out wherever it exists. */
function pick(image: RawImage, out: RawImage, xs: Int32Array, ys: Int32Array): void {
  const { data, height, width, channels } = image;
  for (let y = 0; y < ys.length; y++) {
    if (ys[y]! < 0 || ys[y]! >= height) continue;
    const row = ys[y]! * width;
    for (let x = 0, to = y * out.width * channels; x < xs.length; x++, to += channels) {
      if (xs[x]! < 0 || xs[x]! >= width) continue;
      const from = (row + xs[x]!) * channels;
      for (let c = 0; c < channels; c++) out.data[to + c] = data[from + c]!;
    }
  }
}

/** The nearest pixels of a scaled part of a picture; a pixel's place is (left + xStep·(x + ½), top + yStep·(y + ½)). */
export function pickNearest(
  image: RawImage,
  out: RawImage,
  left: number,
  xStep: number,
  top: number,
  yStep: number,
): void {
  const xs = places(out.width, left + xStep * 0.5, xStep);
  const ys = places(out.height, top + yStep * 0.5, yStep);
  pick(image, out, xs, ys);
}

/** Coordinates below this fit Pillow's fixed point. */
const FIXED_LIMIT = 32768;
const FIXED = 65536;

function nearest(image: RawImage, out: RawImage, matrix: AffineMatrix): void {
  const [a, b, c, d, e, f] = matrix;
  if (b === 0 && d === 0) return pickNearest(image, out, c, a, f, e);
  const { data, height, width, channels } = image;
  const fits = [0, out.width].every((x) =>
    [0, out.height].every(
      (y) => Math.abs(a * x + b * y + c) < FIXED_LIMIT && Math.abs(d * x + e * y + f) < FIXED_LIMIT,
    ),
  );
  const unit = fits ? 1 / FIXED : 1;
  const fixed = (v: number): number => (fits ? Math.floor(v * FIXED + 0.5) : v);
  const [xStep, yStep] = [fixed(a), fixed(d)];
  const [xRow, yRow] = [fixed(b), fixed(e)];
  let x0 = fixed(c + a * 0.5 + b * 0.5);
  let y0 = fixed(f + d * 0.5 + e * 0.5);
  for (let y = 0, to = 0; y < out.height; y++, x0 += xRow, y0 += yRow) {
    let px = x0;
    let py = y0;
    for (let x = 0; x < out.width; x++, to += channels, px += xStep, py += yStep) {
      const i = Math.floor(px * unit);
      const j = Math.floor(py * unit);
      if (i < 0 || i >= width || j < 0 || j >= height) continue;
      const from = (j * width + i) * channels;
      for (let k = 0; k < channels; k++) out.data[to + k] = data[from + k]!;
    }
  }
}

const clamp = (v: number, last: number): number => (v < 0 ? 0 : v > last ? last : v);

/** A value between two; t in [0, 1). */
const mix = (a: number, b: number, t: number): number => a + (b - a) * t;

/** Pillow's cubic through four values, between the middle two. */
function cubic(v0: number, v1: number, v2: number, v3: number, t: number): number {
  const linear = -v0 + v2;
  const square = 2 * (v0 - v1) + v2 - v3;
  return v1 + t * (linear + t * (square + t * (-v0 + v1 - v2 + v3)));
}

/** Four interpolated values, some of which may be needed; TypeScript has no cheaper way to return them. */
type Rows = Float64Array;

function bilinearPixel(image: RawImage, x: number, y: number, out: RawImage, to: number): void {
  const { data, height, width, channels } = image;
  const i = Math.floor(x - 0.5);
  const j = Math.floor(y - 0.5);
  const [tx, ty] = [x - 0.5 - i, y - 0.5 - j];
  const left = clamp(i, width - 1) * channels;
  const right = clamp(i + 1, width - 1) * channels;
  const row = clamp(j, height - 1) * width * channels;
  const below = j + 1 < height ? (j + 1) * width * channels : row;
  for (let c = 0; c < channels; c++) {
    const v = mix(data[row + left + c]!, data[row + right + c]!, tx);
    const w = mix(data[below + left + c]!, data[below + right + c]!, tx);
    out.data[to + c] = mix(v, w, ty);
  }
}

function bicubicPixel(image: RawImage, x: number, y: number, out: RawImage, to: number, rows: Rows): void {
  const { data, height, width, channels } = image;
  const i = Math.floor(x - 0.5);
  const j = Math.floor(y - 0.5);
  const [tx, ty] = [x - 0.5 - i, y - 0.5 - j];
  const last = width - 1;
  const [x0, x1] = [clamp(i - 1, last) * channels, clamp(i, last) * channels];
  const [x2, x3] = [clamp(i + 1, last) * channels, clamp(i + 2, last) * channels];
  for (let c = 0; c < channels; c++) {
    for (let r = 0; r < 4; r++) {
      const row = clamp(j - 1 + r, height - 1) * width * channels + c;
      rows[r] = cubic(data[row + x0]!, data[row + x1]!, data[row + x2]!, data[row + x3]!, tx);
    }
    const v = cubic(rows[0]!, rows[1]!, rows[2]!, rows[3]!, ty);
    out.data[to + c] = v <= 0 ? 0 : v >= 255 ? 255 : v;
  }
}

/**
 * The picture under a map, as Pillow's Image.transform(size, AFFINE, matrix). Pixels whose centre falls outside the picture
 * are `fill`.
 */
export function transformAffine(
  image: RawImage,
  height: number,
  width: number,
  matrix: AffineMatrix,
  interpolation: AffineInterpolation = "nearest",
  fill: Fill = 0,
): RawImage {
  const out = filled(height, width, image.channels, fill);
  if (interpolation === "nearest") {
    nearest(image, out, matrix);
    return out;
  }
  const [a, b, c, d, e, f] = matrix;
  const rows = new Float64Array(4);
  for (let j = 0, to = 0; j < height; j++) {
    const oy = j + 0.5;
    for (let i = 0; i < width; i++, to += image.channels) {
      const ox = i + 0.5;
      const x = a * ox + b * oy + c;
      const y = d * ox + e * oy + f;
      if (!(x >= 0 && x < image.width && y >= 0 && y < image.height)) continue;
      if (interpolation === "bilinear") bilinearPixel(image, x, y, out, to);
      else bicubicPixel(image, x, y, out, to, rows);
    }
  }
  return out;
}

const radians = (degrees: number): number => degrees * (Math.PI / 180);
const round15 = (v: number): number => Number(v.toFixed(15));

export interface RotateOptions {
  /** Default "nearest". */
  interpolation?: AffineInterpolation | undefined;
  /** Whether the output grows to hold the whole rotated picture. Default false. */
  expand?: boolean | undefined;
  /** Centre of rotation, [x, y] from the upper left corner. Default: the middle. */
  center?: readonly [x: number, y: number] | undefined;
  /** Default 0. */
  fill?: Fill | undefined;
}

/** The picture rotated counter-clockwise by an angle in degrees, as Pillow's Image.rotate. */
export function rotate(image: RawImage, angle: number, options: RotateOptions = {}): RawImage {
  const { interpolation, expand = false, fill } = options;
  let { height, width } = image;
  const [cx, cy] = options.center ?? [width / 2, height / 2];
  const turn = -radians(((angle % 360) + 360) % 360);
  const [cos, sin, minusSin] = [round15(Math.cos(turn)), round15(Math.sin(turn)), round15(-Math.sin(turn))];
  let c = cos * -cx + sin * -cy + cx;
  let f = minusSin * -cx + cos * -cy + cy;
  if (expand) {
    const corners = [0, width].flatMap((x) => [0, height].map((y) => [x, y] as const));
    const xs = corners.map(([x, y]) => cos * x + sin * y + c);
    const ys = corners.map(([x, y]) => minusSin * x + cos * y + f);
    const extent = (v: number[]): number => Math.ceil(Math.max(...v)) - Math.floor(Math.min(...v));
    // A quarter turn swaps height and width; halves of odd sizes would round to one pixel more.
    const quarter = cos === 0 && !options.center;
    const [h, w] = quarter ? [width, height] : [extent(ys), extent(xs)];
    const [dx, dy] = [-(w - width) / 2, -(h - height) / 2];
    [c, f] = [cos * dx + sin * dy + c, minusSin * dx + cos * dy + f];
    [height, width] = [h, w];
  }
  return transformAffine(image, height, width, [cos, sin, c, minusSin, cos, f], interpolation, fill);
}

export interface AffineOptions {
  /** Degrees, clockwise. */
  angle: number;
  /** Pixels to the right and down. */
  translate: readonly [x: number, y: number];
  scale: number;
  /** Degrees by which vertical and horizontal lines lean. */
  shear: readonly [x: number, y: number];
  /** Default "nearest". */
  interpolation?: AffineInterpolation | undefined;
  /** Default 0. */
  fill?: Fill | undefined;
  /** Centre of rotation, shear and scale, [x, y]. Default: the middle. */
  center?: readonly [x: number, y: number] | undefined;
}

/**
 * The inverse of: shear, scale and rotate about the centre, then translate; M = T·C·R(angle)·Sh(shear)·scale·C⁻¹, term by
 * term as torchvision computes it.
 */
function inverseMatrix(cx: number, cy: number, options: AffineOptions): AffineMatrix {
  const { angle, translate, scale, shear } = options;
  const [rot, sx, sy] = [radians(angle), radians(shear[0]), radians(shear[1])];
  const a = Math.cos(rot - sy) / Math.cos(sy);
  const b = (-Math.cos(rot - sy) * Math.tan(sx)) / Math.cos(sy) - Math.sin(rot);
  const c = Math.sin(rot - sy) / Math.cos(sy);
  const d = (-Math.sin(rot - sy) * Math.tan(sx)) / Math.cos(sy) + Math.cos(rot);
  const [m0, m1, m3, m4] = [d / scale, -b / scale, -c / scale, a / scale];
  const [x, y] = [-cx - translate[0], -cy - translate[1]];
  return [m0, m1, m0 * x + m1 * y + cx, m3, m4, m3 * x + m4 * y + cy];
}

/** The picture sheared, scaled, rotated and moved at the same size: torchvision's affine on PIL images. */
export function affine(image: RawImage, options: AffineOptions): RawImage {
  const { height, width } = image;
  const [cx, cy] = options.center ?? [width * 0.5, height * 0.5];
  const matrix = inverseMatrix(cx, cy, options);
  return transformAffine(image, height, width, matrix, options.interpolation, options.fill);
}
