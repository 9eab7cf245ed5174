// Converts bytes to a network's floats.

import { DataError } from "../errors.js";
import { checkOptions, wrongKind } from "../errors/options.js";
import type { AnyImage } from "./image.js";

/** Per channel: y = (pixel/255 − mean)/std. */
export interface Normalization {
  /** One for each channel, of values in 0…1. */
  mean: readonly number[];
  /** Standard deviation: one for each channel, of values in 0…1. */
  std: readonly number[];
}

/** Writes pictures as floats: bytes are normalised, by default scaled to [0, 1]; floats are unchanged. */
export class PixelWriter {
  readonly #normalization: Normalization | undefined;
  /** Normalised value of each byte, channel after channel. */
  #table: Float32Array = new Float32Array(0);

  constructor(normalization: Normalization | undefined) {
    this.#normalization = normalization;
  }

  /**
   * Writes the picture's pixels at out[at…].
   * @throws DataError if the normalisation is for another number of channels, or for bytes and the picture is floats
   */
  write(image: AnyImage, out: Float32Array, at: number): void {
    const { data, channels } = image;
    if (data instanceof Float32Array) {
      if (this.#normalization) {
        throw new DataError("DataLoader: normalization is for bytes; got floats from the last transform");
      }
      out.set(data, at);
      return;
    }
    if (this.#table.length !== channels * 256) this.#table = tableOf(channels, this.#normalization);
    look(data, channels, this.#table, out.subarray(at, at + data.length));
  }
}

/** out[p] = table[p mod channels][data[p]]. Grey four at a time and RGB by pixels: half the time of one loop for all. */
function look(data: Uint8Array, channels: number, table: Float32Array, out: Float32Array): void {
  const size = data.length;
  let p = 0;
  if (channels === 1) {
    for (; p + 3 < size; p += 4) {
      out[p] = table[data[p]!]!;
      out[p + 1] = table[data[p + 1]!]!;
      out[p + 2] = table[data[p + 2]!]!;
      out[p + 3] = table[data[p + 3]!]!;
    }
  } else if (channels === 3) {
    for (; p < size; p += 3) {
      out[p] = table[data[p]!]!;
      out[p + 1] = table[256 + data[p + 1]!]!;
      out[p + 2] = table[512 + data[p + 2]!]!;
    }
  }
  for (; p < size; p++) out[p] = table[((p % channels) << 8) | data[p]!]!;
}

function tableOf(channels: number, normalization: Normalization | undefined): Float32Array {
  const { mean, std } = normalization ?? {
    mean: new Array<number>(channels).fill(0),
    std: new Array<number>(channels).fill(1),
  };
  checkChannels("a picture", channels, { mean, std });
  return Float32Array.from({ length: channels * 256 }, (_, i) => {
    const c = i >> 8;
    return ((i & 255) / 255 - mean[c]!) / std[c]!;
  });
}

/** @throws DataError unless mean and std are arrays of numbers, deviations not 0 */
export function checkNormalization(op: string, normalization: Normalization): void {
  checkOptions<Normalization>(`${op}: normalization`, normalization, { mean: true, std: true });
  for (const name of ["mean", "std"] as const) {
    const values: unknown = normalization[name];
    if (!Array.isArray(values) || !values.every(Number.isFinite)) {
      throw wrongKind(`${op}: normalization`, name, values, "an array of numbers");
    }
    if (name === "std" && values.includes(0)) throw new DataError(`${op}: normalization: std must not be 0`);
  }
}

/** @throws DataError unless there is a mean and a deviation for each channel of `what` */
export function checkChannels(what: string, channels: number, { mean, std }: Normalization): void {
  if (mean.length === channels && std.length === channels) return;
  throw new DataError(
    `DataLoader: ${what} has ${channels} channels; got ${mean.length} means and ${std.length} deviations`,
  );
}
