// Encodes pictures as bytes.

import { DataError } from "../errors.js";
import { checkFields } from "../errors/options.js";
import { encode } from "../vendor/fast-png.js";
import type { RawImage } from "./image.js";

/** The picture as a PNG file of 8 bits per channel: grey, grey with alpha, RGB or RGB with alpha. */
export function encodePng(image: RawImage): Uint8Array {
  const numbers = { height: "number", width: "number", channels: "number" } as const;
  checkFields("encodePng", "image", image, { data: "bytes", ...numbers });
  const { data, height, width, channels } = image;
  if (![1, 2, 3, 4].includes(channels) || data.length !== height * width * channels || data.length === 0) {
    throw new DataError(
      `encodePng: ${data.length} bytes are no image of ${height}×${width} pixels, ${channels} channels (1 to 4)`,
    );
  }
  return encode({ data, height, width, channels, depth: 8 });
}
