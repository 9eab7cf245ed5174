// A picture's header, read before anything is decoded.

import { DataError } from "../../errors.js";
import type { Orientation } from "./exif.js";
import type { ImageFormat } from "./format.js";

/** The contents of a picture's header, as returned by imageInfo(). */
export interface ImageInfo {
  /** The format that the first bytes show. */
  readonly format: ImageFormat;
  /** Size as stored, before orientation. */
  readonly width: number;
  /** Rows as stored, before orientation. */
  readonly height: number;
  /** A pixel's kind, in Pillow's terms: "1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16". */
  readonly mode: string;
  /** EXIF's orientation; 1 for upright. */
  readonly orientation: Orientation;
  /** false if the file stops where its pixels may still miss some bytes; decoding shows it. */
  readonly ended?: boolean;
}

/**
 * Most pixels decoded by default: Pillow's MAX_IMAGE_PIXELS, 256 MiB of RGB. Pillow warns there and refuses at twice as many;
 * here several workers decode at once in JavaScript, with up to 24 bytes per pixel.
 */
export const MAX_PIXELS = 89_478_485;

/** @throws DataError if the header declares no pixels, or more than `most` */
export function checkSize({ width, height }: ImageInfo, most: number, file: string): void {
  if (width > 0 && height > 0 && width * height <= most) return;
  const expected = `expected 1…${most} pixels (maxPixels)`;
  throw new DataError(`${file}: picture of a wrong size; got ${width}×${height}; ${expected}`);
}
