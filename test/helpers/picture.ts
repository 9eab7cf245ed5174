// Pictures drawn from a formula, the same as in test/golden/generate_transforms.py.

import { crc32 } from "node:zlib";
import type { AnyImage, RawImage } from "../../src/data/image.js";

/** Byte i is a fixed hash of (seed, i): noise in even seeds; in odd ones on a slope. */
export function picture(seed: number, height: number, width: number, channels: number): RawImage {
  const data = Uint8Array.from({ length: height * width * channels }, (_, i) => {
    let x = (Math.imul(i, 0x9e3779b1) + Math.imul(seed, 0x85ebca77) + 12345) | 0;
    x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
    x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
    x ^= x >>> 15;
    const noise = x >>> 24;
    if (seed % 2 === 0) return noise;
    const column = Math.floor(i / channels) % width;
    const row = Math.floor(i / channels / width);
    return (noise >> 4) + Math.floor((column * 160) / width) + Math.floor((row * 80) / height);
  });
  return { data, height, width, channels };
}

/** CRC-32 of a picture's bytes, floats in little endian. */
export function crcOf({ data }: AnyImage): number {
  return crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}
