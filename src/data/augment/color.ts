// Changes of colour beyond ColorJitter's, byte for byte as in Pillow's ImageOps and ImageEnhance.Sharpness; named as in
// torchvision.

import type { RawImage } from "../image.js";
import { blend, mapBytes } from "../transforms/color.js";

const bytes = (rule: (v: number) => number): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, v) => rule(v));

/** The upper bits of every byte, 0…8 of them. */
export function posterize(image: RawImage, bits: number): RawImage {
  const mask = ~(2 ** (8 - bits) - 1);
  return mapBytes(
    image,
    bytes((v) => v & mask),
  );
}

/** Bytes from the threshold up inverted. */
export function solarize(image: RawImage, threshold: number): RawImage {
  return mapBytes(
    image,
    bytes((v) => (v < threshold ? v : 255 - v)),
  );
}

/** Bytes below 128 raised by `addition`, within 0…255. */
export function solarizeAdd(image: RawImage, addition: number): RawImage {
  return mapBytes(
    image,
    bytes((v) => (v < 128 ? clampByte(v + addition) : v)),
  );
}

/** 255 − v. */
export function invert(image: RawImage): RawImage {
  return mapBytes(
    image,
    bytes((v) => 255 - v),
  );
}

const clampByte = (v: number): number => Math.min(Math.max(v, 0), 255);

/** Each channel mapped by the rule that follows from its histogram; undefined leaves it unchanged. */
function mapByHistogram(
  image: RawImage,
  rule: (counts: Uint32Array) => ((v: number) => number) | undefined,
): RawImage {
  const { data, channels } = image;
  const counts = new Uint32Array(channels * 256);
  for (let i = 0; i < data.length; i += channels) {
    for (let c = 0; c < channels; c++) counts[(c << 8) | data[i + c]!]!++;
  }
  const table = new Uint8Array(channels * 256);
  for (let c = 0; c < channels; c++) {
    const map = rule(counts.subarray(c * 256, (c + 1) * 256)) ?? ((v: number): number => v);
    for (let v = 0; v < 256; v++) table[(c << 8) | v] = clampByte(map(v));
  }
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += channels) {
    for (let c = 0; c < channels; c++) out[i + c] = table[(c << 8) | data[i + c]!]!;
  }
  return { ...image, data: out };
}

/** Each channel stretched so that its darkest byte becomes 0 and its lightest 255. */
export function autocontrast(image: RawImage): RawImage {
  return mapByHistogram(image, (counts) => {
    const low = counts.findIndex((n) => n > 0);
    const high = counts.findLastIndex((n) => n > 0);
    if (high <= low) return undefined;
    const scale = 255 / (high - low);
    const offset = -low * scale;
    return (v) => Math.trunc(v * scale + offset);
  });
}

/** Each channel mapped so that its bytes are spread evenly. A channel with few pixels, or with one value, stays unchanged. */
export function equalize(image: RawImage): RawImage {
  return mapByHistogram(image, (counts) => {
    const total = counts.reduce((sum, n) => sum + n, 0);
    const lightest = counts.findLast((n) => n > 0) ?? 0;
    const step = Math.floor((total - lightest) / 255);
    if (step === 0) return undefined;
    const below = new Uint32Array(256); // pixels darker than v
    for (let v = 1; v < 256; v++) below[v] = below[v - 1]! + counts[v - 1]!;
    return (v) => Math.floor((Math.floor(step / 2) + below[v]!) / step);
  });
}

/** A sum of weight 13 → its mean, rounded; it never lies half-way. */
const MEAN = Uint8Array.from({ length: 13 * 255 + 1 }, (_, sum) => Math.floor((2 * sum + 13) / 26));

/** The mean over 3×3 pixels, the middle one weighing 5: Pillow's SMOOTH, which leaves the border unchanged. */
function smooth(image: RawImage): RawImage {
  const { data, height, width, channels } = image;
  const out = data.slice();
  const row = width * channels;
  const columns = new Uint16Array(row); // sums of three pixels one above the other
  for (let y = 1; y < height - 1; y++) {
    const start = y * row;
    for (let i = 0; i < row; i++) {
      const at = start + i;
      columns[i] = data[at - row]! + data[at]! + data[at + row]!;
    }
    for (let i = channels; i < row - channels; i++) {
      const sum = columns[i - channels]! + columns[i]! + columns[i + channels]!;
      out[start + i] = MEAN[sum + 4 * data[start + i]!]!;
    }
  }
  return { ...image, data: out };
}

/** Factor 0 gives the smoothed picture, 1 the picture, more a sharper one. */
export function adjustSharpness(image: RawImage, factor: number): RawImage {
  return blend(smooth(image), image, factor);
}
