// Converts a picture's channels to the requested ones, as Pillow does.

import type { RawImage } from "../image.js";

/** ITU-R 601-2 luma in 16 bits after the point, as Pillow's convert("L"). */
function luma(r: number, g: number, b: number): number {
  return (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
}

/** A grey or RGB picture in 1 channel (Pillow's convert("L")) or 3 (convert("RGB")). */
export function withChannels(image: RawImage, channels: 1 | 3): RawImage {
  if (image.channels === channels) return image;
  const { data, width, height } = image;
  const pixels = width * height;
  const out = new Uint8Array(pixels * channels);
  if (channels === 3) {
    for (let i = 0, at = 0; i < pixels; i++, at += 3) out[at] = out[at + 1] = out[at + 2] = data[i]!;
  } else {
    for (let i = 0, at = 0; i < pixels; i++, at += 3) out[i] = luma(data[at]!, data[at + 1]!, data[at + 2]!);
  }
  return { data: out, width, height, channels };
}
