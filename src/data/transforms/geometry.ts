// Crops, mirrors and pads pictures.

import type { RawImage } from "../image.js";

/** Value of pixels outside a picture: one number, or one for each channel. */
export type Fill = number | readonly number[];

/** A part of a picture. It may reach beyond it. */
export interface Box {
  /** First row. */
  readonly top: number;
  /** First column. */
  readonly left: number;
  /** Rows. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
}

/** A picture of one colour. */
export function filled(height: number, width: number, channels: number, fill: Fill): RawImage {
  const data = new Uint8Array(height * width * channels);
  if (typeof fill === "number") data.fill(fill);
  else for (let i = 0; i < data.length; i++) data[i] = fill[i % channels]!;
  return { data, height, width, channels };
}

/** The part of a picture in a box; pixels outside the picture are `fill`. */
export function crop(image: RawImage, box: Box, fill: Fill = 0): RawImage {
  const { channels } = image;
  const { top, left, height, width } = box;
  const out = filled(height, width, channels, fill);
  const first = Math.max(0, left);
  const last = Math.min(image.width, left + width);
  if (first >= last) return out;
  for (let y = Math.max(0, top); y < Math.min(image.height, top + height); y++) {
    const row = image.data.subarray(
      (y * image.width + first) * channels,
      (y * image.width + last) * channels,
    );
    out.data.set(row, ((y - top) * width + first - left) * channels);
  }
  return out;
}

/** To the nearest integer, halves to the even one: Python's round(), C's rint(). */
export function roundEven(v: number): number {
  const down = Math.floor(v);
  const rest = v - down;
  return rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1;
}

/**
 * The box of this size in the middle of a picture, as in torchvision's center_crop: half pixels go to the even side, or, if
 * the box is larger than the picture, to the bottom and right.
 */
export function centerBox(image: Pick<RawImage, "height" | "width">, height: number, width: number): Box {
  const offset = (size: number, wanted: number): number =>
    wanted > size ? -Math.floor((wanted - size) / 2) : roundEven((size - wanted) / 2);
  return { top: offset(image.height, height), left: offset(image.width, width), height, width };
}

/** The picture mirrored: left becomes right. */
export function hflip(image: RawImage): RawImage {
  const { data, width, channels } = image;
  const out = new Uint8Array(data.length);
  const row = width * channels;
  for (let first = 0; first < data.length; first += row) {
    for (let from = first, to = first + row - channels; to >= first; from += channels, to -= channels) {
      for (let c = 0; c < channels; c++) out[to + c] = data[from + c]!;
    }
  }
  return { ...image, data: out };
}

/** The picture upside down. */
export function vflip(image: RawImage): RawImage {
  const { data, width, channels } = image;
  const out = new Uint8Array(data.length);
  const row = width * channels;
  for (let from = 0; from < data.length; from += row) {
    out.set(data.subarray(from, from + row), data.length - row - from);
  }
  return { ...image, data: out };
}

/**
 * How pixels around a picture are computed: from `fill`, from the pixel at the edge, or by mirroring the picture at the edge,
 * without it (reflect) or with it (symmetric).
 */
export const PADDING_MODES = ["constant", "edge", "reflect", "symmetric"] as const;
/** One of PADDING_MODES. */
export type PaddingMode = (typeof PADDING_MODES)[number];

/** Pixels added on each side. */
export interface Sides {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Source of pixel i of a line of n, where i may be outside. */
function source(i: number, n: number, mode: PaddingMode): number {
  if (mode === "edge" || n === 1) return Math.min(Math.max(i, 0), n - 1);
  const period = mode === "reflect" ? 2 * n - 2 : 2 * n;
  const at = ((i % period) + period) % period;
  return at < n ? at : mode === "reflect" ? period - at : period - 1 - at;
}

/** The picture with pixels added around it. */
export function pad(image: RawImage, sides: Sides, mode: PaddingMode = "constant", fill: Fill = 0): RawImage {
  const { data, channels } = image;
  const { left, top } = sides;
  const height = image.height + top + sides.bottom;
  const width = image.width + left + sides.right;
  if (mode === "constant") return crop(image, { top: -top, left: -left, height, width }, fill);
  const out = new Uint8Array(height * width * channels);
  const columns = Int32Array.from({ length: width }, (_, x) => source(x - left, image.width, mode));
  for (let y = 0, at = 0; y < height; y++) {
    const row = source(y - top, image.height, mode) * image.width;
    for (let x = 0; x < width; x++) {
      const from = (row + columns[x]!) * channels;
      for (let c = 0; c < channels; c++) out[at++] = data[from + c]!;
    }
  }
  return { data: out, height, width, channels };
}
