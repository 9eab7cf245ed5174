// Colours of pictures, equal to Pillow's (convert("L"), Image.blend, ImageEnhance, convert("HSV")) and so to torchvision's
// adjust_* on PIL images: the same single-precision steps, the same truncations.

import type { RawImage } from "../image.js";

const { fround } = Math;

/** Brightness of a pixel, 0…255: ITU-R 601-2 in 16-bit fixed point. */
export function luma(r: number, g: number, b: number): number {
  return (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
}

/** One channel of brightness; a picture of one channel stays unchanged. Channels after the third are ignored. */
export function grayscale(image: RawImage): RawImage {
  const { data, height, width, channels } = image;
  if (channels < 3) return image;
  const out = new Uint8Array(height * width);
  for (let i = 0, p = 0; i < out.length; i++, p += channels) {
    out[i] = luma(data[p]!, data[p + 1]!, data[p + 2]!);
  }
  return { data: out, height, width, channels: 1 };
}

/** A picture of one channel with that channel three times. */
export function grayToRgb({ data, height, width }: RawImage): RawImage {
  const out = new Uint8Array(data.length * 3);
  for (let i = 0, p = 0; i < data.length; i++, p += 3) out[p] = out[p + 1] = out[p + 2] = data[i]!;
  return { data: out, height, width, channels: 3 };
}

/** a + factor·(b − a) in single precision, cut to a byte; factor is a float32. */
function blendByte(a: number, b: number, factor: number): number {
  const v = fround(a + fround(factor * (b - a)));
  return v <= 0 ? 0 : v >= 255 ? 255 : v | 0;
}

/** a + factor·(b − a), pixel by pixel; factors outside [0, 1] extrapolate. Both pictures have the same size. */
export function blend(a: RawImage, b: RawImage, factor: number): RawImage {
  const alpha = fround(factor);
  const [from, to] = [a.data, b.data];
  const data = new Uint8Array(from.length);
  for (let i = 0; i < data.length; i++) data[i] = blendByte(from[i]!, to[i]!, alpha);
  return { ...b, data };
}

/** The picture with every byte replaced by its entry in a table of 256. */
export function mapBytes(image: RawImage, table: ArrayLike<number>): RawImage {
  const { data } = image;
  const out = new Uint8Array(data.length);
  for (let i = 0; i < out.length; i++) out[i] = table[data[i]!]!;
  return { ...image, data: out };
}

/** The blend of one value with every byte. */
function blendFrom(value: number, image: RawImage, factor: number): RawImage {
  const alpha = fround(factor);
  return mapBytes(
    image,
    Uint8Array.from({ length: 256 }, (_, byte) => blendByte(value, byte, alpha)),
  );
}

/** Factor 0 gives black, 1 the picture, more a brighter one. */
export function adjustBrightness(image: RawImage, factor: number): RawImage {
  return blendFrom(0, image, factor);
}

/** Factor 0 gives the picture's mean brightness everywhere, 1 the picture, more a stronger contrast. */
export function adjustContrast(image: RawImage, factor: number): RawImage {
  const { data } = grayscale(image);
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i]!;
  return blendFrom(Math.floor(sum / data.length + 0.5), image, factor);
}

/** Factor 0 gives grey, 1 the picture, more a more colourful one. */
export function adjustSaturation(image: RawImage, factor: number): RawImage {
  const { data, channels } = image;
  if (channels < 3) return image;
  const alpha = fround(factor);
  const out = data.slice();
  for (let p = 0; p < out.length; p += channels) {
    const [r, g, b] = [data[p]!, data[p + 1]!, data[p + 2]!];
    const gray = luma(r, g, b);
    out[p] = blendByte(gray, r, alpha);
    out[p + 1] = blendByte(gray, g, alpha);
    out[p + 2] = blendByte(gray, b, alpha);
  }
  return { ...image, data: out };
}

/** Hue of a pixel, 0…255, whose largest channel exceeds the smallest by spread > 0. */
function hueOf(r: number, g: number, b: number, largest: number, spread: number): number {
  const rc = fround((largest - r) / spread);
  const gc = fround((largest - g) / spread);
  const bc = fround((largest - b) / spread);
  const sixth = fround(r === largest ? bc - gc : g === largest ? 2 + rc - bc : 4 + gc - rc);
  return Math.trunc(fround((sixth / 6 + 1) % 1) * 255);
}

/** Rounds a number ≥ 0 as C's round() does. */
const round = (v: number): number => Math.floor(v + 0.5);

/**
 * Turns the hue by factor · 360°, −0.5 ≤ factor ≤ 0.5, in Pillow's HSV of three bytes: pixels lose a little even at 0. A
 * picture of one channel stays as it is.
 */
export function adjustHue(image: RawImage, factor: number): RawImage {
  const { data, channels } = image;
  if (channels < 3) return image;
  const turn = Math.trunc(factor * 255);
  const out = data.slice();
  for (let at = 0; at < out.length; at += channels) {
    const [r, g, b] = [data[at]!, data[at + 1]!, data[at + 2]!];
    const v = Math.max(r, g, b);
    const spread = v - Math.min(r, g, b);
    if (spread === 0) continue;
    const hue = (hueOf(r, g, b, v, spread) + turn) & 255;
    const saturation = Math.trunc(fround(spread / v) * 255);
    if (saturation === 0) {
      out[at] = out[at + 1] = out[at + 2] = v;
      continue;
    }
    const sixths = (hue * 6) / 255;
    const sector = Math.floor(sixths);
    const rest = fround(sixths - sector);
    const s = fround(saturation / 255);
    const p = round(v * (1 - s));
    const q = round(v * (1 - fround(s * rest)));
    const t = round(v * (1 - s * (1 - rest)));
    const i = sector % 6;
    out[at] = i === 0 || i === 5 ? v : i === 1 ? q : i === 4 ? t : p;
    out[at + 1] = i === 1 || i === 2 ? v : i === 0 ? t : i === 3 ? q : p;
    out[at + 2] = i === 3 || i === 4 ? v : i === 2 ? t : i === 5 ? q : p;
  }
  return { ...image, data: out };
}
