// Resizing of pictures, on the WebAssembly heap.

import { DataError } from "../../errors.js";
import { withStruct } from "../../wasm/parallel.js";
import { runtime } from "../../wasm/runtime.js";
import type { RawImage } from "../image.js";
import { FILTERS, RESAMPLES, type Resample } from "../preprocessing.js";
import { pickNearest } from "./affine.js";
import { filters, linearSums, sumsOf, type Sums } from "./filters.js";
import { crop, filled, type Box } from "./geometry.js";

/**
 * How new pixels are interpolated. All except the last are Pillow's, to the byte: when shrinking, they average over the area of a new pixel.
 * "cv2-bilinear" is OpenCV's INTER_LINEAR, two pixels each way whatever the scale.
 */
export const INTERPOLATIONS = [...FILTERS, "cv2-bilinear"] as const;
/** One of INTERPOLATIONS. */
export type Interpolation = (typeof INTERPOLATIONS)[number];

export interface ResizeOptions {
  /** Default "bilinear". */
  interpolation?: Interpolation | undefined;
  /** Whose order of passes: see RESAMPLES. Default the first, the newest. */
  resample?: Resample | undefined;
  /** The part of the picture to resize, which must lie inside it; nothing outside it is read. Default: all. */
  source?: Box | undefined;
  /** The part of the result to compute, which must lie inside it. Default: all. */
  window?: Box | undefined;
}

/** Bytes that kernels may read past an array, and the alignment of arrays. */
const SLACK = 64;
const room = (bytes: number): number => Math.ceil(bytes / SLACK) * SLACK + SLACK;

/** The tables and arrays of one resize, one after another in one block of the heap. */
class Block {
  #end: number;
  constructor(address: number) {
    this.#end = address;
  }

  /** The address of this many bytes. */
  take(bytes: number): number {
    const address = this.#end;
    this.#end += room(bytes);
    return address;
  }

  /** The address of a copy of the table. */
  copy(table: Int32Array | Int16Array): number {
    const address = this.take(table.byteLength);
    runtime()
      .heap.u8(address, table.byteLength)
      .set(new Uint8Array(table.buffer, table.byteOffset, table.byteLength));
    return address;
  }
}

const tablesRoom = ({ firsts, weights }: Sums): number => room(firsts.byteLength) + room(weights.byteLength);

/** Copies a part of a picture to the heap. Rows below the picture are left out. */
function copyIn({ data, height, width, channels }: RawImage, part: Box, address: number): void {
  const rowBytes = part.width * channels;
  const rows = Math.min(part.height, height - part.top);
  const { heap } = runtime();
  const first = (part.top * width + part.left) * channels;
  if (part.width === width) {
    heap.u8(address, rows * rowBytes).set(data.subarray(first, first + rows * rowBytes));
    return;
  }
  const to = heap.u8(address, rows * rowBytes);
  for (let r = 0, from = first; r < rows; r++, from += width * channels) {
    to.set(data.subarray(from, from + rowBytes), r * rowBytes);
  }
}

interface Job {
  resample: Resample;
  image: RawImage;
  height: number;
  width: number;
  source: Box;
  window: Box;
}

/** Whether columns are resized before rows: in Pillow 13, if the height shrinks by more than twice as many pixels as the width. */
function columnsFirst({ resample, height, width, source }: Job): boolean {
  const shrinks = source.height - height;
  return resample !== "pillow12" && shrinks > 0 && shrinks > 2 * (source.width - width);
}

/** Weighted sums along rows and along columns, bytes between the two; not along an axis of unchanged size. */
function resizeFiltered(job: Job, filter: keyof typeof filters): RawImage {
  const { image, height, width, source, window } = job;
  const { channels } = image;
  const { kernels, heap } = runtime();
  const kind = filters[filter];
  const across =
    width === source.width
      ? undefined
      : sumsOf(kind, source.width, width, window.left, window.width, channels === 1 ? 8 : 2);
  const down =
    height === source.height ? undefined : sumsOf(kind, source.height, height, window.top, window.height, 2);
  // The rows and columns of the old picture that the sums read.
  const firstRow = down ? down.firsts[0]! : window.top;
  const rows = down ? down.firsts.at(-1)! + down.taps - firstRow : window.height;
  const part = {
    top: source.top + firstRow,
    left: source.left + (across ? 0 : window.left),
    height: rows,
    width: across ? source.width : window.width,
  };
  down?.firsts.forEach((first, i) => (down.firsts[i] = first - firstRow));
  const downFirst = columnsFirst(job);
  const xBytes = rows * part.width * channels;
  const betweenBytes = (downFirst ? window.height * part.width : rows * window.width) * channels;
  const yBytes = window.height * window.width * channels;
  const tables = [across, down].reduce((sum, s) => sum + (s ? tablesRoom(s) : 0), 0);
  const bytes = room(xBytes) + room(betweenBytes) + room(yBytes) + tables;
  return heap.scratch(bytes, "resize", (address) => {
    const block = new Block(address);
    let at = block.take(xBytes);
    copyIn(image, part, at);
    /** The size of the picture at `at`; of its rows, those that exist. */
    const now = { width: part.width, rows: Math.min(rows, source.top + source.height - part.top) };
    const alongRows = ({ firsts, weights, taps }: Sums): void => {
      const y = block.take((downFirst ? window.height : rows) * window.width * channels);
      const tables = { firsts: block.copy(firsts), weights: block.copy(weights), taps };
      const fields = { x: at, xRowBytes: now.width * channels, y, yWidth: window.width, channels, ...tables };
      withStruct("ResizeRows", fields, (shape) => kernels.resizeRows(shape, 0, now.rows));
      [at, now.width] = [y, window.width];
    };
    const alongColumns = ({ firsts, weights, taps }: Sums): void => {
      const rowBytes = now.width * channels;
      const y = block.take(window.height * rowBytes);
      const [from, by] = [block.copy(firsts), block.copy(weights)];
      kernels.resizeColumns(at, y, rowBytes, from, by, taps, 0, window.height);
      [at, now.rows] = [y, window.height];
    };
    if (down && downFirst) alongColumns(down);
    if (across) alongRows(across);
    if (down && !downFirst) alongColumns(down);
    return { data: heap.u8(at, yBytes).slice(), height: window.height, width: window.width, channels };
  });
}

function resizeLinear({ image, height, width, source, window }: Job): RawImage {
  const { channels } = image;
  const { kernels, heap } = runtime();
  const across = linearSums("columns", source.width, width, window.left, window.width);
  const down = linearSums("rows", source.height, height, window.top, window.height);
  const xRowBytes = source.width * channels;
  const yBytes = window.height * window.width * channels;
  const bytes = room(source.height * xRowBytes) + room(yBytes) + tablesRoom(across) + tablesRoom(down);
  return heap.scratch(bytes, "resize", (address) => {
    const block = new Block(address);
    const x = block.take(source.height * xRowBytes);
    copyIn(image, source, x);
    const y = block.take(yBytes);
    const [columns, columnWeights] = [block.copy(across.firsts), block.copy(across.weights)];
    const [rows, rowWeights] = [block.copy(down.firsts), block.copy(down.weights)];
    const images = { x, xHeight: source.height, xRowBytes, y, yWidth: window.width, channels };
    const fields = { ...images, columns, columnWeights, rows, rowWeights };
    withStruct("ResizeLinear", fields, (shape) => kernels.resizeLinear(shape, 0, window.height));
    return { data: heap.u8(y, yBytes).slice(), height: window.height, width: window.width, channels };
  });
}

function resizeNearest({ image, height, width, source, window }: Job): RawImage {
  const part = crop(image, source);
  const out = filled(height, width, image.channels, 0);
  pickNearest(part, out, 0, source.width / width, 0, source.height / height);
  return crop(out, window);
}

/**
 * The picture, or a part of it, at another size. Channels are resized separately: 1, 3 or 4 of them, including alpha.
 * @throws DataError on other numbers of channels and on pictures and sizes without pixels
 */
export function resize(
  image: RawImage,
  height: number,
  width: number,
  options: ResizeOptions = {},
): RawImage {
  const { interpolation = "bilinear", resample = RESAMPLES[0] } = options;
  const source = options.source ?? { top: 0, left: 0, height: image.height, width: image.width };
  const window = options.window ?? { top: 0, left: 0, height, width };
  if (![1, 3, 4].includes(image.channels)) {
    throw new DataError(
      `resize: cannot resize this picture; got ${image.channels} channels; expected 1, 3 or 4`,
    );
  }
  if (source.height < 1 || source.width < 1 || height < 1 || width < 1) {
    throw new DataError(
      `resize: no pixels; got ${source.height}×${source.width} to ${height}×${width}; expected sizes ≥ 1`,
    );
  }
  const job = { resample, image, height, width, source, window };
  if (height === source.height && width === source.width) {
    return crop(crop(image, source), window);
  }
  if (interpolation === "nearest") return resizeNearest(job);
  if (interpolation === "cv2-bilinear") return resizeLinear(job);
  return resizeFiltered(job, interpolation);
}
