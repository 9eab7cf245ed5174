// How a camera was held: EXIF's orientation (CIPA DC-008, Exif 2.32, tag 0x0112), and pictures turned by it.

import type { Image } from "../image.js";

/** 1 upright, 2 mirrored, 3 turned by 180°, 4 flipped, 5 transposed, 6 and 8 to be turned by 90° cw and ccw, 7 transversed. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

const ORIENTATION_TAG = 0x0112;
const SHORT = 3;

/** The orientation in a TIFF block as EXIF has it; 1 if it has none or is damaged, as Pillow takes it. */
export function exifOrientation(tiff: Uint8Array): Orientation {
  if (tiff.length < 8) return 1;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const order = view.getUint16(0);
  const little = order === 0x4949;
  if ((!little && order !== 0x4d4d) || view.getUint16(2, little) !== 42) return 1;
  const directory = view.getUint32(4, little);
  if (directory + 2 > tiff.length) return 1;
  const entries = view.getUint16(directory, little);
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > tiff.length) return 1;
    if (view.getUint16(entry, little) !== ORIENTATION_TAG) continue;
    const value = view.getUint16(entry + 2, little) === SHORT ? view.getUint16(entry + 8, little) : 1;
    return value >= 1 && value <= 8 ? (value as Orientation) : 1;
  }
  return 1;
}

/** The picture as it was seen: Pillow's ImageOps.exif_transpose. */
export function orient(image: Image, orientation: Orientation): Image {
  if (orientation === 1) return image;
  const { data, width, height, channels } = image;
  const swap = orientation >= 5;
  const [outWidth, outHeight] = swap ? [height, width] : [width, height];
  // Where output (0, 0) lies in the source, and how far a step right and a step down lead.
  const right = [2, 3, 7, 8].includes(orientation);
  const bottom = [3, 4, 6, 7].includes(orientation);
  const stepX = (right ? -1 : 1) * channels;
  const stepY = (bottom ? -1 : 1) * width * channels;
  const start = ((bottom ? height - 1 : 0) * width + (right ? width - 1 : 0)) * channels;
  const [across, down] = swap ? [stepY, stepX] : [stepX, stepY];
  const out = new Uint8Array(data.length);
  let at = 0;
  for (let y = 0; y < outHeight; y++) {
    let from = start + y * down;
    for (let x = 0; x < outWidth; x++, from += across) {
      for (let c = 0; c < channels; c++) out[at++] = data[from + c]!;
    }
  }
  return { data: out, width: outWidth, height: outHeight, channels };
}
