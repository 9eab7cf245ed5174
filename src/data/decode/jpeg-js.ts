// JPEG by jpeg-js, which was the decoder before kernels/jpeg/: a second opinion, for `--decoder jpeg-js` and tests. It repeats
// chroma samples and truncates colours; its results are converted to those of libjpeg, and so Pillow (jpeg-chroma.ts). What is left is its
// inverse DCT, up to 3 levels off.

import { decode } from "../../vendor/jpeg-js.js";
import { DataError, reason } from "../../errors.js";
import type { RawImage } from "../image.js";
import { joined } from "./bytes.js";
import { cmykToRgb, smoothChroma, unhalve, yccToRgb } from "./jpeg-chroma.js";
import type { ImageDecoder } from "./index.js";
import { blocksOf, factorsOf, restartsAlone, type Fail } from "./jpeg-frame.js";
import { readJpeg, type JpegInfo } from "./jpeg-header.js";

const SOF0 = 0xc0;
const SOF2 = 0xc2;
const DHT = 0xc4;
const EOI = 0xd9;
const SOS = 0xda;
const DQT = 0xdb;
const DRI = 0xdd;
const APP14 = 0xee;
const SIZE_OF_BLOCK = 256;

const word = (n: number): [number, number] => [n >> 8, n & 255];
const segment = (marker: number, data: ArrayLike<number>): Uint8Array =>
  Uint8Array.of(0xff, marker, ...word(data.length + 2), ...Array.from(data));

/** The frame, Huffman tables, restart intervals and scans as segments, rewritten where jpeg-js would misread them. */
function partsOf(info: JpegInfo, fail: Fail): Uint8Array[] {
  const { width, height, components, progressive, scans } = info;
  const factors = components.flatMap(({ id, h, v }, i) => [id, (h << 4) | v, i]);
  const frame = [8, ...word(height), ...word(width), components.length, ...factors];
  return [
    segment(progressive ? SOF2 : SOF0, frame),
    ...scans.flatMap((scan) => {
      const alone = scan.components.length === 1 && components.length > 1;
      const own = components[scan.components[0]!]!;
      const interval = alone ? restartsAlone(info, own, scan.interval, fail) : scan.interval;
      const huffman = scan.huffman.map((table) => segment(DHT, table));
      return [...huffman, segment(DRI, word(interval)), segment(SOS, scan.header), scan.data];
    }),
  ];
}

/**
 * The segments that concern the pixels as a separate file. `grey`: components to be made grey everywhere. A CMYK picture
 * states how it is coded.
 */
function pixelFile(
  { tables, components }: JpegInfo,
  parts: readonly Uint8Array[],
  ycc: boolean,
  grey: readonly number[] = [],
): Uint8Array {
  const adobe = [...new TextEncoder().encode("Adobe"), 0, 100, 0, 0, 0, 0, ycc ? 2 : 0];
  const quantisation = tables.map((table, i) => {
    const own = Uint8Array.from(table); // a Buffer's slice() is not a copy
    if (grey.includes(i)) own.fill(0, 1);
    own[0] = (own[0]! & 0xf0) | i;
    return segment(DQT, own);
  });
  const start = Uint8Array.of(0xff, 0xd8);
  const end = Uint8Array.of(0xff, EOI);
  return joined([start, ...(components.length === 4 ? [segment(APP14, adobe)] : []), ...quantisation, ...parts, end]); // prettier-ignore
}

/** The picture in 1 channel if it is grey, otherwise 3. @throws DataError naming the file if it is damaged */
export function decodeByJpegJs(info: JpegInfo, file: string): RawImage {
  const { width, height, components, ycc } = info;
  const parts = partsOf(info, (what) => {
    throw new DataError(`${file}: ${what}`);
  });
  const [most, tallest] = factorsOf(components);
  const memory = blocksOf(info) * 1.5 * SIZE_OF_BLOCK + 8 * width * height;
  /** Three channels; for four components jpeg-js' result. */
  const decoded = (pixels: Uint8Array): Uint8Array => {
    try {
      return decode(pixels, {
        useTArray: true,
        formatAsRGBA: false,
        colorTransform: false,
        maxResolutionInMP: Infinity, // checked before
        maxMemoryUsageInMB: memory / 2 ** 20 + 4,
      }).data;
    } catch (error) {
      throw new DataError(`${file}: damaged JPEG; ${reason(error)}`);
    }
  };
  if (components.length === 4) {
    if (components.every(({ h, v }) => h === most && v === tallest))
      return { data: decoded(pixelFile(info, parts, ycc)), width, height, channels: 3 };
    // jpeg-js returns no plain components of four. With black at half, it returns half of each other component, and vice versa.
    const data = unhalve(decoded(pixelFile(info, parts, false, [3])));
    const black = unhalve(decoded(pixelFile(info, parts, false, [0, 1, 2])));
    for (const c of [0, 1, 2]) smoothChroma(data, width, height, c, components);
    smoothChroma(black, width, height, 0, [components[3]!, ...components]);
    if (ycc) yccToRgb(data);
    cmykToRgb(data, black, ycc);
    return { data, width, height, channels: 3 };
  }
  const data = decoded(pixelFile(info, parts, false));
  if (components.length === 1) {
    const grey = new Uint8Array(width * height);
    for (let i = 0, from = 0; i < grey.length; i++, from += 3) grey[i] = data[from]!;
    return { data: grey, width, height, channels: 1 };
  }
  components.forEach((_, c) => smoothChroma(data, width, height, c, components));
  if (ycc) yccToRgb(data);
  return { data, width, height, channels: 3 };
}

/**
 * A decoder of JPEG for setDecoder(), in JavaScript: several times slower than the built-in one and up to 3 levels off its pixels, for engines
 * that compile no WebAssembly from bytes.
 */
export const jpegJsDecoder = (): ImageDecoder => ({
  name: "jpeg-js",
  formats: ["jpeg"],
  decode: (bytes) => decodeByJpegJs(readJpeg(bytes, "JPEG"), "JPEG"),
});
