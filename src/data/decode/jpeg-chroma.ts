// From the components of a JPEG picture to RGB as libjpeg makes it: chroma samples interpolated ("fancy upsampling",
// jdsample.c), colours in 16 bits after the point and rounded (jdcolor.c). https://github.com/libjpeg-turbo/libjpeg-turbo

/** 16 bits after the point. */
const fix = (x: number): number => Math.round(x * 65536);
const HALF = 1 << 15;
const CR_R = Int32Array.from({ length: 256 }, (_, i) => (fix(1.402) * (i - 128) + HALF) >> 16);
const CB_B = Int32Array.from({ length: 256 }, (_, i) => (fix(1.772) * (i - 128) + HALF) >> 16);
const CR_G = Int32Array.from({ length: 256 }, (_, i) => -fix(0.71414) * (i - 128));
const CB_G = Int32Array.from({ length: 256 }, (_, i) => -fix(0.34414) * (i - 128) + HALF);

/** Y, Cb, Cr to R, G, B in place. */
export function yccToRgb(data: Uint8Array): void {
  const clamped = new Uint8ClampedArray(data.buffer, data.byteOffset, data.length);
  for (let i = 0; i < data.length; i += 3) {
    const y = data[i]!;
    const cb = data[i + 1]!;
    const cr = data[i + 2]!;
    clamped[i] = y + CR_R[cr]!;
    clamped[i + 1] = y + ((CB_G[cb]! + CR_G[cr]!) >> 16);
    clamped[i + 2] = y + CB_B[cb]!;
  }
}

/**
 * Interpolates component c of interleaved pixels, whose samples the decoder repeated over 2×1, 1×2 or 2×2 pixels: each
 * pixel is ¾ of the sample that covers it and ¼ of the next one, in each direction. Other ratios stay repeated, as in
 * libjpeg.
 */
export function smoothChroma(
  data: Uint8Array,
  width: number,
  height: number,
  c: number,
  components: readonly { h: number; v: number }[],
): void {
  const across = Math.max(...components.map(({ h }) => h)) / components[c]!.h;
  const down = Math.max(...components.map(({ v }) => v)) / components[c]!.v;
  if (![1, 2].includes(across) || ![1, 2].includes(down) || across * down === 1) return;
  const columns = Math.ceil(width / across);
  const rows = Math.ceil(height / down);
  if (across === 2 && columns <= 2) return;
  const samples = new Uint8Array(columns * rows);
  for (let y = 0, at = 0; y < rows; y++) {
    let from = y * down * width * 3 + c;
    for (let x = 0; x < columns; x++, from += across * 3) samples[at++] = data[from]!;
  }
  /** A row between two: 3 × the nearer plus the other, or the samples themselves. */
  const line = new Int32Array(columns);
  for (let y = 0; y < height; y++) {
    const near = down === 2 ? y >> 1 : y;
    const far = down === 2 ? Math.min(rows - 1, Math.max(0, near + (y & 1 ? 1 : -1))) : near;
    const [a, b] = [near * columns, far * columns];
    for (let x = 0; x < columns; x++)
      line[x] = down === 2 ? 3 * samples[a + x]! + samples[b + x]! : samples[a + x]!;
    const to = y * width * 3 + c;
    if (across === 1) {
      const bias = y & 1 ? 2 : 1;
      for (let x = 0; x < width; x++) data[to + 3 * x] = (line[x]! + bias) >> 2;
    } else interpolate(line, data, to, width, down === 2 ? 4 : 2);
  }
}

/** A line of twice as many pixels, from sums with `bits` − 2 bits after the point. */
function interpolate(line: Int32Array, data: Uint8Array, to: number, width: number, bits: 2 | 4): void {
  const last = line.length - 1;
  // libjpeg rounds left and right pixels alternately up and down, so that there is no bias.
  const [left, right] = bits === 4 ? [8, 7] : [1, 2];
  for (let x = 0; x < width; x++) {
    const i = x >> 1;
    const here = line[i]!;
    const next = x & 1 ? line[Math.min(i + 1, last)]! : line[Math.max(i - 1, 0)]!;
    data[to + 3 * x] = (3 * here + next + (x & 1 ? right : left)) >> bits;
  }
}

/** jpeg-js' value of a CMYK sample if the other factor is grey: half of it, truncated. */
const halfOf = (sample: number): number => Math.trunc(255 - ((255 - sample) * (1 - 127 / 255) + 127));
const WHOLE = new Uint8Array(256);
for (let sample = 0; sample < 256; sample++) WHOLE[halfOf(sample)] = sample;

/** Samples from their halves, one level off at most, in place. */
export function unhalve(data: Uint8Array): Uint8Array {
  for (let i = 0; i < data.length; i++) data[i] = WHOLE[data[i]!]!;
  return data;
}

/** Ink (in Adobe's files the light that it leaves; inverted if it was coded as YCbCr) times black, as in Pillow. */
export function cmykToRgb(data: Uint8Array, black: Uint8Array, inverted: boolean): void {
  for (let i = 0; i < data.length; i++) {
    const light = black[i - (i % 3)]!;
    const product = (inverted ? data[i]! : 255 - data[i]!) * light + 128;
    data[i] = light - (((product >> 8) + product) >> 8);
  }
}
