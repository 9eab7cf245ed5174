// Seeded pictures, the same as generate.py draws.

import type { FloatImage, RawImage } from "../../../src/data/image.js";

export type Kind = "noise" | "slope" | "dark" | "flat";

export function picture(kind: Kind, height: number, width: number, channels: number): RawImage {
  let state = height * 1000 + width * 10 + channels;
  const data = new Uint8Array(height * width * channels);
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const noise = state >>> 24;
    const c = i % channels;
    const x = Math.floor(i / channels) % width;
    const y = Math.floor(i / channels / width);
    if (kind === "noise") data[i] = noise;
    else if (kind === "slope") data[i] = Math.min(255, 20 + 3 * x + 2 * y + 25 * c + (noise >> 4));
    else if (kind === "dark") data[i] = 40 + Math.floor((noise * noise) / 700);
    else data[i] = 77 + c;
  }
  return { data, height, width, channels };
}

/** A picture of floats, all of one value, as large as asked. */
export function plain(height: number, width: number, channels = 3, value = 1): FloatImage {
  return { data: new Float32Array(height * width * channels).fill(value), height, width, channels };
}

/** How many pixels of the image are zero in every channel. */
export function zeros({ data, channels }: FloatImage): number {
  let count = 0;
  for (let i = 0; i < data.length; i += channels) {
    let c = 0;
    while (c < channels && data[i + c] === 0) c++;
    if (c === channels) count++;
  }
  return count;
}
