// Pictures for a report: thumbnails, a network's inputs, and maps laid over them.

import { encodePng, type FloatImage, type RawImage, type Normalization } from "../../data/index.js";
import { resize } from "../../data/transforms/resize.js";

/** Largest side of a thumbnail in pixels. */
const SIDE = 112;
/** Least length of the longer side under a map, which is smooth, in pixels. */
const LOOKED = 128;

export function dataUri(image: RawImage): string {
  return `data:image/png;base64,${Buffer.from(encodePng(image)).toString("base64")}`;
}

/** Grey or RGB, whatever channels there are. */
function displayable({ data, height, width, channels }: RawImage): RawImage {
  if (channels === 1 || channels === 3) return { data, height, width, channels };
  const kept = channels > 3 ? 3 : 1;
  const out = new Uint8Array(height * width * kept);
  for (let i = 0; i < out.length; i++) out[i] = data[Math.floor(i / kept) * channels + (i % kept)]!;
  return { data: out, height, width, channels: kept };
}

/** The picture, reduced if it is large. */
export function thumbnail(image: RawImage, most = SIDE): RawImage {
  const picture = displayable(image);
  const shrink = Math.max(picture.height, picture.width) / most;
  if (shrink <= 1) return picture;
  const [height, width] = [picture.height, picture.width].map((n) => Math.max(1, Math.round(n / shrink)));
  return resize(picture, height!, width!, { interpolation: "box" });
}

/** A network's input as a picture: 255·(y·std + mean), cut to 0…255. */
export function denormalised(
  { data, ...size }: FloatImage,
  normalization: Normalization | undefined,
): RawImage {
  const { channels } = size;
  const fits = normalization?.mean.length === channels ? normalization : undefined;
  const bytes = new Uint8ClampedArray(data.length);
  for (let i = 0; i < data.length; i++) {
    bytes[i] = 255 * (data[i]! * (fits?.std[i % channels] ?? 1) + (fits?.mean[i % channels] ?? 0));
  }
  return { ...size, data: new Uint8Array(bytes.buffer) };
}

/** Dark violet over red to yellow; lightness rises all the way. After matplotlib's "inferno" (S. van der Walt, N. Smith). */
const HEAT = [
  [22, 11, 57],
  [87, 16, 110],
  [151, 38, 102],
  [209, 65, 66],
  [243, 120, 25],
  [250, 193, 39],
  [252, 255, 164],
] as const;

function heat(value: number, channel: number): number {
  const at = Math.min(Math.max(value, 0), 1) * (HEAT.length - 1);
  const i = Math.min(Math.floor(at), HEAT.length - 2);
  return HEAT[i]![channel]! + (at - i) * (HEAT[i + 1]![channel]! - HEAT[i]![channel]!);
}

/** A map's value at a place of a picture of another size, between its places. */
function sample({ data, height, width }: FloatImage, row: number, column: number): number {
  const clamp = (v: number, n: number): number => Math.min(Math.max(v, 0), n - 1);
  const [y, x] = [clamp(row, height), clamp(column, width)];
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const at = (r: number, c: number): number => data[clamp(r, height) * width + clamp(c, width)]!;
  const upper = at(top, left) * (1 - x + left) + at(top, left + 1) * (x - left);
  const lower = at(top + 1, left) * (1 - x + left) + at(top + 1, left + 1) * (x - left);
  return upper * (1 - y + top) + lower * (y - top);
}

/** Small pictures are enlarged by whole factors, so that pixels stay sharp; large ones are reduced. */
function readable(image: RawImage): RawImage {
  const factor = Math.floor(LOOKED / Math.max(image.height, image.width));
  if (factor < 2) return thumbnail(image, LOOKED);
  return resize(displayable(image), image.height * factor, image.width * factor, {
    interpolation: "nearest",
  });
}

/** The picture, and in the same size its grey under a map of values from 0 to 1. */
export function overlay(image: RawImage, map: FloatImage): { picture: RawImage; overlay: RawImage } {
  const picture = readable(image);
  const { height, width, channels } = picture;
  const data = new Uint8Array(height * width * 3);
  for (let p = 0; p < height * width; p++) {
    const [row, column] = [Math.floor(p / width), p % width];
    const value = sample(
      map,
      ((row + 0.5) * map.height) / height - 0.5,
      ((column + 0.5) * map.width) / width - 0.5,
    );
    let grey = 0;
    for (let c = 0; c < channels; c++) grey += picture.data[p * channels + c]! / channels;
    const cover = 0.35 + 0.35 * value;
    for (let c = 0; c < 3; c++) data[p * 3 + c] = Math.round(grey * (1 - cover) + heat(value, c) * cover);
  }
  return { picture, overlay: { data, height, width, channels: 3 } };
}
