// Pictures to bytes.

import { encode } from "fast-png";
import type { Image } from "./image.js";

/** The picture as a PNG file of 8 bits a channel: grey, grey with alpha, RGB or RGB with alpha. */
export function encodePng({ data, height, width, channels }: Image): Uint8Array {
  return encode({ data, height, width, channels, depth: 8 });
}
