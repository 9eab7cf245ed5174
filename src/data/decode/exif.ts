// EXIF's orientation (CIPA DC-008, Exif 2.32, tag 0x0112), and pictures rotated by it.

import type { RawImage } from "../image.js";

/** 1 upright, 2 mirrored, 3 rotated by 180°, 4 flipped, 5 transposed, 6 and 8 to be rotated by 90° cw and ccw, 7 transversed. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

const ORIENTATION_TAG = 0x0112;
const PREFIX = [..."Exif\0\0"].map((letter) => letter.charCodeAt(0));

/** TIFF's types of numbers, and how to read one. BYTE is not among them: Pillow treats it as text. */
const NUMBERS: Record<
  number,
  { size: number; read: (view: DataView, at: number, little: boolean) => number }
> = {
  3: { size: 2, read: (view, at, little) => view.getUint16(at, little) },
  4: { size: 4, read: (view, at, little) => view.getUint32(at, little) },
  6: { size: 1, read: (view, at) => view.getInt8(at) },
  8: { size: 2, read: (view, at, little) => view.getInt16(at, little) },
  9: { size: 4, read: (view, at, little) => view.getInt32(at, little) },
  5: { size: 8, read: (view, at, little) => view.getUint32(at, little) / view.getUint32(at + 4, little) },
  10: { size: 8, read: (view, at, little) => view.getInt32(at, little) / view.getInt32(at + 4, little) },
  11: { size: 4, read: (view, at, little) => view.getFloat32(at, little) },
  12: { size: 8, read: (view, at, little) => view.getFloat64(at, little) },
  13: { size: 4, read: (view, at, little) => view.getUint32(at, little) },
  16: { size: 8, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
};
/** 42, in either byte order: Pillow accepts both. */
const MAGIC = [0x002a, 0x2a00];

/** A file's metadata about a picture. */
export interface Metadata {
  /** A TIFF block, as in EXIF; "Exif\0\0" may precede it. */
  exif?: Uint8Array | undefined;
  /** Adobe's XMP, an XML text. */
  xmp?: string | undefined;
}

/**
 * The orientation that Pillow's ImageOps.exif_transpose uses: EXIF's, or XMP's if EXIF has none. 1 if there is none, or it is
 * damaged.
 */
export function orientationOf({ exif, xmp }: Metadata): Orientation {
  const value =
    (exif && exifOrientation(exif)) ?? Number(/tiff:Orientation(?:="|>)([0-9])/.exec(xmp ?? "")?.[1]);
  return Number.isInteger(value) && value >= 1 && value <= 8 ? (value as Orientation) : 1;
}

/** The orientation in a TIFF block, whatever its value; undefined if it has none. */
function exifOrientation(block: Uint8Array): number | undefined {
  let tiff = block;
  while (PREFIX.every((byte, i) => tiff[i] === byte)) tiff = tiff.subarray(PREFIX.length);
  if (tiff.length < 8) return undefined;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const order = view.getUint16(0);
  const little = order === 0x4949;
  if ((!little && order !== 0x4d4d) || !MAGIC.includes(view.getUint16(2))) return undefined;
  const directory = view.getUint32(4, little);
  if (directory + 2 > tiff.length) return undefined;
  const entries = view.getUint16(directory, little);
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > tiff.length) return undefined;
    if (view.getUint16(entry, little) !== ORIENTATION_TAG) continue;
    const number = NUMBERS[view.getUint16(entry + 2, little)];
    const count = view.getUint32(entry + 4, little);
    if (!number || count === 0) return 0;
    // The first of several, which are stored elsewhere if they do not fit the entry.
    const at = number.size * count <= 4 ? entry + 8 : view.getUint32(entry + 8, little);
    return at + number.size <= tiff.length ? number.read(view, at, little) : 0;
  }
  return undefined;
}

/** The orientation of a picture in a container that others decode: TIFF is such a block itself, WebP has chunks (RIFF). */
export function containerOrientation(bytes: Uint8Array, format: string): Orientation {
  if (format === "tiff") return orientationOf({ exif: bytes });
  if (format !== "webp") return 1; // AVIF and HEIC are rotated while they are decoded
  const latin = new TextDecoder("latin1");
  const found: Metadata = {};
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 12; at + 8 <= bytes.length;) {
    const type = latin.decode(bytes.subarray(at, at + 4));
    const end = at + 8 + view.getUint32(at + 4, true);
    if (type === "EXIF") found.exif ??= bytes.subarray(at + 8, end);
    if (type === "XMP ") found.xmp ??= latin.decode(bytes.subarray(at + 8, end));
    at = end + (end & 1);
  }
  return orientationOf(found);
}

/** The picture in its correct orientation: Pillow's ImageOps.exif_transpose. */
export function orient(image: RawImage, orientation: Orientation): RawImage {
  if (orientation === 1) return image;
  const { data, width, height, channels } = image;
  const swap = orientation >= 5;
  const [outWidth, outHeight] = swap ? [height, width] : [width, height];
  // Position of output (0, 0) in the source, and the offsets of a step right and a step down.
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
