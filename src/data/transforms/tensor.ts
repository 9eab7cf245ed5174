// From bytes to floats, rounded step by step as in torchvision's to_tensor and normalize. Pictures stay HWC.

import { runtime } from "../../wasm/runtime.js";
import type { FloatImage, RawImage } from "../image.js";

/** The kernel's table: values of the channels repeated to that many. */
const TABLE = 12;
/** Bytes that the kernel may read past the picture. */
const SLACK = 16;

/** (pixel/255 − mean)/std of each channel, in single precision; without mean and std pixel/255. 1, 2, 3, 4 or 6 channels. */
export function toTensor(
  image: RawImage,
  mean: readonly number[] = [0],
  std: readonly number[] = [1],
): FloatImage {
  const { data, height, width, channels } = image;
  const { kernels, heap } = runtime();
  const columns = width * channels;
  const n = data.length;
  return heap.scratch(TABLE * 8 + n * 4 + n + SLACK, "toTensor", (address) => {
    const table = heap.f32(address, TABLE * 2);
    for (let i = 0; i < TABLE; i++) {
      table[i] = mean[i % mean.length]!;
      table[TABLE + i] = std[i % std.length]!;
    }
    const y = address + TABLE * 8;
    const x = y + n * 4;
    heap.u8(x, n).set(data);
    kernels.normalizeBytes(x, y, address, address + TABLE * 4, columns, 0, height);
    return { data: heap.f32(y, n).slice(), height, width, channels };
  });
}

/** (x − mean)/std of each channel, in single precision. */
export function normalize(image: FloatImage, mean: readonly number[], std: readonly number[]): FloatImage {
  const { data, channels } = image;
  const [m, s] = [Float32Array.from(mean), Float32Array.from(std)];
  const out = new Float32Array(data.length);
  for (let at = 0; at < out.length; at += channels) {
    for (let c = 0; c < channels; c++) out[at + c] = Math.fround(data[at + c]! - m[c]!) / s[c]!;
  }
  return { ...image, data: out };
}
