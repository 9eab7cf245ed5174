// JPEG by jpeg-js, behind a reading of the markers of our own: size, truncation and oddities are known before anything is
// decoded, and segments that do not concern the pixels cannot spoil the picture. jpeg-js repeats chroma samples and
// truncates colours; what it gives is brought to what libjpeg, and so Pillow, gives (jpeg-chroma.ts).
// ITU-T T.81 (1992), https://www.w3.org/Graphics/JPEG/itu-t81.pdf

import jpeg from "jpeg-js";
import { DataError, reason } from "../../errors.js";
import type { Image } from "../image.js";
import { orientationOf } from "./exif.js";
import type { ImageInfo } from "./info.js";
import { ScanChecker } from "./jpeg-scans.js";
import { smoothChroma, yccToRgb } from "./jpeg-chroma.js";

const SOF0 = 0xc0;
const SOF2 = 0xc2;
const DHT = 0xc4;
const EOI = 0xd9;
const SOS = 0xda;
const DQT = 0xdb;
const DRI = 0xdd;
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP14 = 0xee;
const XMP = "http://ns.adobe.com/xap/1.0/\0";
/** More scans than any encoder writes; each costs a pass over the picture. */
const MOST_SCANS = 200;
/** Visits of a block in all scans, on average; libjpeg's own progressive order makes five. What a small picture takes is free. */
const MOST_VISITS = 32;
const FREE_VISITS = 2 ** 20;
/**
 * jpeg-js takes 18 to 40 bytes of memory a pixel, whatever the file's length. Beyond FREE_PIXELS that must be in
 * proportion to the file: cameras write one to eight pixels a byte.
 */
const FREE_PIXELS = 2 ** 23;
const PIXELS_PER_BYTE = 32;
const SIZE_OF_BLOCK = 256;

interface Component {
  id: number;
  h: number;
  v: number;
}

export interface JpegInfo extends ImageInfo {
  readonly format: "jpeg";
  readonly components: readonly Component[];
  /** How the components are coded: Adobe's transform flag, else what libjpeg guesses. */
  readonly ycc: boolean;
  /** Segments before the first scan that concern the pixels, and the scans. */
  readonly parts: readonly (readonly [start: number, end: number])[];
}

const isSof = (marker: number): boolean =>
  marker >= SOF0 && marker <= 0xcf && ![DHT, 0xc8, 0xcc].includes(marker);
const startsWith = (data: Uint8Array, text: string): boolean =>
  [...text].every((letter, i) => data[i] === letter.charCodeAt(0));

/** Reads the header and finds the end. @throws DataError naming the file if it is not whole or cannot be decoded */
export function readJpeg(bytes: Uint8Array, file: string): JpegInfo {
  const fail = (what: string): never => {
    throw new DataError(`${file}: ${what}`);
  };
  const parts: [number, number][] = [];
  let frame: Frame | undefined;
  const exif: Uint8Array[] = [];
  let xmp: Uint8Array | undefined;
  let jfif = false;
  let adobe: number | undefined;
  const scans = new ScanChecker(fail);
  let at = 2;
  for (;;) {
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++; // fill bytes
    const marker = bytes[at + 1];
    const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    const end = at + 2 + length;
    if (at + 4 > bytes.length || end > bytes.length)
      fail(`truncated JPEG; got ${bytes.length} bytes; expected a scan`);
    if (bytes[at] !== 0xff || marker === undefined || length < 2)
      fail(`damaged JPEG; expected a marker at byte ${at}`);
    if (marker === SOS) break;
    if (marker === EOI) fail("damaged JPEG; got no scan before the end");
    const data = bytes.subarray(at + 4, end);
    if (isSof(marker!)) {
      if (frame) fail("damaged JPEG; got two frames; expected one");
      frame = readFrame(data, marker!, fail);
    }
    if (marker === DHT) scans.tables(data);
    if (marker === APP0 && startsWith(data, "JFIF\0")) jfif = true;
    // As Pillow does: a second block of EXIF continues the first, a second XMP takes its place.
    if (marker === APP1 && startsWith(data, "Exif\0\0")) exif.push(exif.length ? data.subarray(6) : data);
    if (marker === APP1 && startsWith(data, XMP)) xmp = data.subarray(XMP.length);
    if (marker === APP14 && startsWith(data, "Adobe") && data.length >= 12) adobe = data[11];
    if (isSof(marker!) || marker === DHT || marker === DQT || marker === DRI) parts.push([at, end]);
    at = end;
  }
  if (!frame) fail("damaged JPEG; got no frame before the first scan");
  const { width, height, components } = frame!;
  checkLength(frame!, bytes.length, fail);
  parts.push([at, endOfScans(bytes, at, frame!, scans, fail)]);
  const mode = components.length === 1 ? "L" : components.length === 3 ? "RGB" : "CMYK";
  const ycc = isYcc(components, jfif, adobe);
  const orientation = orientationOf({
    exif: exif.length ? joined(exif) : undefined,
    xmp: xmp && new TextDecoder("latin1").decode(xmp),
  });
  return { format: "jpeg", width, height, mode, orientation, components, ycc, parts };
}

type Fail = (what: string) => never;
interface Frame {
  readonly width: number;
  readonly height: number;
  readonly components: readonly Component[];
  readonly progressive: boolean;
}

/** libjpeg's rules (jdapimin.c): JFIF is YCbCr, else Adobe's flag decides, else the components' names. */
function isYcc(components: readonly Component[], jfif: boolean, adobe: number | undefined): boolean {
  if (components.length === 4) return adobe !== undefined && adobe !== 0; // other flags are taken for 2
  return jfif || (adobe !== undefined ? adobe !== 0 : !namedRgb(components));
}

const namedRgb = (components: readonly Component[]): boolean =>
  components.map(({ id }) => String.fromCharCode(id)).join("") === "RGB";

function readFrame(data: Uint8Array, marker: number, fail: Fail): Frame {
  if (marker > SOF2) fail(`JPEG of process SOF${marker - SOF0}; expected baseline or progressive (SOF0…2)`);
  const [precision, h1, h0, w1, w0, count] = data as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (precision !== 8) fail(`JPEG of ${precision} bits; expected 8`);
  if (![1, 3, 4].includes(count) || data.length !== 6 + 3 * count) {
    fail(`damaged JPEG; got ${count} components; expected 1, 3 or 4`);
  }
  const components = Array.from({ length: count }, (_, i): Component => {
    const [id, factors] = data.subarray(6 + 3 * i) as unknown as [number, number];
    return { id, h: factors >> 4, v: factors & 15 };
  });
  if (components.some(({ h, v }) => h < 1 || h > 4 || v < 1 || v > 4)) {
    fail("damaged JPEG; got a sampling factor that is not 1…4");
  }
  return { width: (w1 << 8) | w0, height: (h1 << 8) | h0, components, progressive: marker === SOF2 };
}

/** Where the last scan ends, its EOI included. */
function endOfScans(
  bytes: Uint8Array,
  firstScan: number,
  frame: Frame,
  checker: ScanChecker,
  fail: Fail,
): number {
  const most = MOST_VISITS * blocksOf(frame) + FREE_VISITS;
  let scans = 0;
  let visits = 0;
  for (let at = firstScan; ;) {
    at = bytes.indexOf(0xff, at);
    if (at < 0 || at + 1 >= bytes.length)
      fail(`truncated JPEG; got ${bytes.length} bytes; expected an end marker`);
    const marker = bytes[at + 1]!;
    if (marker === EOI) return at + 2;
    if (marker === 0xff) at += 1;
    else if (marker === 0 || (marker >= 0xd0 && marker <= 0xd7)) at += 2;
    else {
      if (isSof(marker)) fail("damaged JPEG; got two frames; expected one");
      const end = at + 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
      const data = bytes.subarray(at + 4, end);
      if (marker === DHT) checker.tables(data);
      if (marker === SOS) {
        checker.scan(data, frame.components, frame.progressive);
        const ids = Array.from({ length: data[0]! }, (_, i) => data[1 + 2 * i]);
        visits += blocksOf(frame, ({ id }) => ids.includes(id));
        if (++scans > MOST_SCANS) fail(`damaged JPEG; got more than ${MOST_SCANS} scans`);
        if (visits > most) fail(`JPEG of too much work; got ${scans} scans or more of ${frame.width}×${frame.height}; expected ${MOST_VISITS} over every block at most`); // prettier-ignore
      }
      at = end;
    }
  }
}

/** Blocks that the frame declares, whole units of them, in the components that count. */
function blocksOf(
  { width, height, components }: Omit<Frame, "progressive">,
  counts: (c: Component) => boolean = () => true,
): number {
  const most = (pick: (c: Component) => number): number => Math.max(...components.map(pick));
  const units = Math.ceil(width / 8 / most(({ h }) => h)) * Math.ceil(height / 8 / most(({ v }) => v));
  return units * components.filter(counts).reduce((sum, { h, v }) => sum + h * v, 0);
}

/** Every block costs a bit at the least (but those that pad a unit), so that a short file cannot declare a large picture. */
function checkLength(frame: Frame, bytes: number, fail: Fail): void {
  const least = Math.floor(blocksOf(frame) / 16);
  if (bytes < least) {
    fail(`truncated JPEG; got ${bytes} bytes; expected ${least} or more for ${frame.width}×${frame.height}`);
  }
  const most = FREE_PIXELS + PIXELS_PER_BYTE * bytes;
  if (frame.width * frame.height > most) {
    fail(
      `JPEG of too much work for its ${bytes} bytes; got ${frame.width}×${frame.height}; expected at most ${most} pixels`,
    );
  }
}

/** The segments that concern the pixels as a file of their own; a CMYK picture says how it is coded. */
function pixelFile(bytes: Uint8Array, { parts, components, ycc }: JpegInfo): Uint8Array {
  const adobe = [0xff, APP14, 0, 14, ...new TextEncoder().encode("Adobe"), 0, 100, 0, 0, 0, 0, ycc ? 2 : 0];
  const kept = [
    Uint8Array.of(0xff, 0xd8, ...(components.length === 4 ? adobe : [])),
    ...parts.map(([start, end]) => bytes.subarray(start, end)),
  ];
  return joined(kept);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** The picture in 1 channel if it is grey, else 3. @throws DataError naming the file if it is damaged */
export function decodeJpeg(bytes: Uint8Array, info: JpegInfo, file: string): Image {
  const { width, height, components, ycc } = info;
  let data: Uint8Array;
  try {
    const memory = blocksOf(info) * 1.5 * SIZE_OF_BLOCK + 8 * width * height;
    data = jpeg.decode(pixelFile(bytes, info), {
      useTArray: true,
      formatAsRGBA: false,
      ...(components.length === 3 ? { colorTransform: false } : {}),
      maxResolutionInMP: Infinity, // checked before
      maxMemoryUsageInMB: memory / 2 ** 20 + 4,
    }).data;
  } catch (error) {
    throw new DataError(`${file}: damaged JPEG; ${reason(error)}`);
  }
  if (components.length === 1) {
    const grey = new Uint8Array(width * height);
    for (let i = 0, from = 0; i < grey.length; i++, from += 3) grey[i] = data[from]!;
    return { data: grey, width, height, channels: 1 };
  }
  if (components.length === 3) {
    components.forEach((_, c) => smoothChroma(data, width, height, c, components));
    if (ycc) yccToRgb(data);
  }
  return { data, width, height, channels: 3 };
}
