// Fills rectangles of an image: the common part of Cutout, RandomErasing and HideAndSeek.

import type { FloatImage } from "../image.js";

/** Rows top ≤ y < bottom, columns left ≤ x < right. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** A copy of the image, to be written into. */
export function copyOf(image: FloatImage): FloatImage {
  return { ...image, data: image.data.slice() };
}

/** The square of this side around (y, x), cut to a picture of height × width. */
export function boxAround(
  y: number,
  x: number,
  height: number,
  width: number,
  picture: { readonly height: number; readonly width: number },
): Box {
  const clip = (v: number, most: number): number => Math.min(Math.max(v, 0), most);
  const [halfHeight, halfWidth] = [Math.floor(height / 2), Math.floor(width / 2)];
  return {
    top: clip(y - halfHeight, picture.height),
    left: clip(x - halfWidth, picture.width),
    bottom: clip(y + halfHeight, picture.height),
    right: clip(x + halfWidth, picture.width),
  };
}

/** Writes value(channel) into every pixel of the box, row by row. */
export function fillBox(image: FloatImage, box: Box, value: (channel: number) => number): void {
  const { data, width, channels } = image;
  for (let y = box.top; y < box.bottom; y++) {
    const end = (y * width + box.right) * channels;
    for (let i = (y * width + box.left) * channels; i < end;) {
      for (let c = 0; c < channels; c++) data[i++] = value(c);
    }
  }
}
