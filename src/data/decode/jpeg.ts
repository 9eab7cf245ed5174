// JPEG by jpeg-js, after our own reading of the markers: size, truncation and oddities are known before anything is decoded,
// and segments that do not concern the pixels cannot spoil the picture. jpeg-js repeats chroma samples and truncates
// colours; its results are converted to those of libjpeg, and so Pillow (jpeg-chroma.ts).
// ITU-T T.81 (1992), https://www.w3.org/Graphics/JPEG/itu-t81.pdf

import { decode } from "../../vendor/jpeg-js.js";
import { DataError, reason } from "../../errors.js";
import type { RawImage } from "../image.js";
import { joined } from "./bytes.js";
import { orientationOf } from "./exif.js";
import type { ImageInfo } from "./info.js";
import { blocksOf, checkLength, factorsOf, readFrame, restartsAlone, type Component, type Fail, type Frame } from "./jpeg-frame.js"; // prettier-ignore
import { ScanChecker } from "./jpeg-scans.js";
import { cmykToRgb, smoothChroma, unhalve, yccToRgb } from "./jpeg-chroma.js";

const SOF0 = 0xc0;
const DHT = 0xc4;
const RST0 = 0xd0;
const RST7 = 0xd7;
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
/** Most visits of a block in all scans, on average; libjpeg's own progressive order makes five. Small pictures have no limit. */
const MOST_VISITS = 32;
const FREE_VISITS = 2 ** 20;
const SIZE_OF_BLOCK = 256;
const TABLES = 4;
/** Most blocks of EXIF that continue the first; further ones are ignored. */
const MOST_EXIF = 256;

export interface JpegInfo extends ImageInfo {
  readonly format: "jpeg";
  readonly components: readonly Component[];
  /** How the components are coded: Adobe's transform flag, otherwise libjpeg's guess. */
  readonly ycc: boolean;
  /** The frame, Huffman tables, restart intervals and scans, as segments of a file. */
  readonly parts: readonly Uint8Array[];
  /** Each component's quantisation table: the one at the start of its first scan. */
  readonly tables: readonly Uint8Array[];
}

const isSof = (marker: number): boolean =>
  marker >= SOF0 && marker <= 0xcf && ![DHT, 0xc8, 0xcc].includes(marker);
const startsWith = (data: Uint8Array, text: string): boolean =>
  [...text].every((letter, i) => data[i] === letter.charCodeAt(0));
const word = (n: number): [number, number] => [n >> 8, n & 255];
const segment = (marker: number, data: ArrayLike<number>): Uint8Array =>
  Uint8Array.of(0xff, marker, ...word(data.length + 2), ...Array.from(data));

/**
 * Start of the next marker: skips scans' data, fill bytes and, as libjpeg and Pillow do, anything between two segments. The length
 * if there is none.
 */
function nextMarker(bytes: Uint8Array, from: number): number {
  for (let at = from; ;) {
    at = bytes.indexOf(0xff, at);
    if (at < 0 || at + 1 >= bytes.length) return bytes.length;
    const code = bytes[at + 1]!;
    if (code === 0xff) at++;
    else if (code === 0 || (code >= RST0 && code <= RST7)) at += 2;
    else return at;
  }
}

/** Reads the header and finds the end. @throws DataError naming the file if it is incomplete or cannot be decoded */
export function readJpeg(bytes: Uint8Array, file: string): JpegInfo {
  const fail = (what: string): never => {
    throw new DataError(`${file}: ${what}`);
  };
  const scans = new Scans(fail);
  const exif: Uint8Array[] = [];
  let xmp: Uint8Array | undefined;
  let jfif = false;
  let adobe: number | undefined;
  for (let at = 2; ;) {
    at = nextMarker(bytes, at);
    const marker = bytes[at + 1]!;
    if (marker === EOI && scans.count) break;
    if (marker === EOI) fail("damaged JPEG; got no scan before the end");
    const end = at + 2 + Math.max(2, (bytes[at + 2]! << 8) | bytes[at + 3]!);
    if (at + 4 > bytes.length || end > bytes.length) {
      fail(`truncated JPEG; got ${bytes.length} bytes; expected ${scans.count ? "an end marker" : "a scan"}`);
    }
    const data = bytes.subarray(at + 4, end);
    at = end;
    if (marker === SOS) scans.scan(data, bytes.subarray(end, (at = nextMarker(bytes, end))));
    else scans.add(marker, data, bytes.length);
    if (scans.count) continue; // the description of the picture comes before its scans
    if (marker === APP0 && startsWith(data, "JFIF\0")) jfif = true;
    // As in Pillow, a second block of EXIF continues the first, a second XMP replaces it.
    if (marker === APP1 && startsWith(data, "Exif\0\0")) {
      if (exif.length < MOST_EXIF) exif.push(exif.length ? data.subarray(6) : data);
    }
    if (marker === APP1 && startsWith(data, XMP)) xmp = data.subarray(XMP.length);
    if (marker === APP14 && startsWith(data, "Adobe") && data.length >= 12) adobe = data[11];
  }
  const { frame, parts, tables } = scans;
  const { width, height, components } = frame!;
  const mode = components.length === 1 ? "L" : components.length === 3 ? "RGB" : "CMYK";
  const ycc = isYcc(components, jfif, adobe);
  const orientation = orientationOf({
    exif: exif.length ? joined(exif) : undefined,
    xmp: xmp && new TextDecoder("latin1").decode(xmp),
  });
  return { format: "jpeg", width, height, mode, orientation, components, ycc, parts, tables };
}

/** libjpeg's rules (jdapimin.c): JFIF is YCbCr, otherwise Adobe's flag decides, otherwise the components' names. */
function isYcc(components: readonly Component[], jfif: boolean, adobe: number | undefined): boolean {
  if (components.length === 4) return adobe !== undefined && adobe !== 0; // other flags count as 2
  return jfif || (adobe !== undefined ? adobe !== 0 : !namedRgb(components));
}

const namedRgb = (components: readonly Component[]): boolean =>
  components.map(({ id }) => String.fromCharCode(id)).join("") === "RGB";

/** The segments that concern the pixels, checked, and rewritten where jpeg-js would misread them. */
class Scans {
  frame: Frame | undefined;
  readonly parts: Uint8Array[] = [];
  /** By component. */
  tables: Uint8Array[] = [];
  count = 0;
  readonly #fail: Fail;
  readonly #checker: ScanChecker;
  /** The quantisation tables by their numbers, precision first. */
  readonly #quantisation: Uint8Array[] = [];
  readonly #seen = new Set<number>();
  #interval = 0;
  #visits = 0;

  constructor(fail: Fail) {
    this.#fail = fail;
    this.#checker = new ScanChecker(fail);
  }

  /** A segment other than a scan, of a file of `bytes` bytes. */
  add(marker: number, data: Uint8Array, bytes: number): void {
    if (isSof(marker)) this.#begin(readFrame(data, marker, this.#fail), marker, bytes);
    if (marker === DHT) this.#checker.tables(data);
    if (marker === DQT) this.#define(data);
    if (marker === DRI) {
      if (data.length !== 2) this.#fail(`damaged JPEG; got a restart interval of ${data.length} bytes`);
      this.#interval = (data[0]! << 8) | data[1]!;
    }
  }

  #begin(frame: Frame, marker: number, bytes: number): void {
    if (this.frame) this.#fail("damaged JPEG; got two frames; expected one");
    checkLength(frame, bytes, this.#fail);
    this.frame = frame;
    const { width, height, components } = frame;
    this.tables = components.map(() => new Uint8Array(65)); // components without a scan are grey
    const factors = components.flatMap(({ id, h, v }, i) => [id, (h << 4) | v, i]);
    this.parts.push(segment(marker, [8, ...word(height), ...word(width), components.length, ...factors]));
  }

  #define(data: Uint8Array): void {
    let at = 0;
    while (at < data.length) {
      const [precision, number] = [data[at]! >> 4, data[at]! & 15];
      const end = at + 1 + 64 * (precision + 1);
      if (precision > 1 || number >= TABLES || end > data.length)
        this.#fail(`damaged JPEG; got quantisation table ${data[at]} of ${data.length - at - 1} bytes`);
      this.#quantisation[number] = data.subarray(at, end);
      at = end;
    }
  }

  /** A scan's header, and its data. */
  scan(header: Uint8Array, data: Uint8Array): void {
    const frame = this.frame ?? this.#fail("damaged JPEG; got no frame before the first scan");
    const { components, progressive, width, height } = frame;
    this.#checker.scan(header, components, progressive);
    const ids = Array.from({ length: header[0]! }, (_, i) => header[1 + 2 * i]);
    const own = components.filter(({ id }) => ids.includes(id));
    this.#visits += blocksOf(frame, (component) => own.includes(component));
    if (++this.count > MOST_SCANS) this.#fail(`damaged JPEG; got more than ${MOST_SCANS} scans`);
    if (this.#visits > MOST_VISITS * blocksOf(frame) + FREE_VISITS)
      this.#fail(`JPEG of too much work; got ${this.count} scans or more of ${width}×${height}; expected ${MOST_VISITS} over every block at most`); // prettier-ignore
    for (const component of own) {
      if (this.#seen.has(component.id)) continue;
      this.#seen.add(component.id);
      const table =
        this.#quantisation[component.table] ??
        this.#fail(`damaged JPEG; got no quantisation table ${component.table} before it is used`);
      this.tables[components.indexOf(component)] = table;
    }
    const alone = own.length === 1 && components.length > 1;
    const interval = alone ? restartsAlone(frame, own[0]!, this.#interval, this.#fail) : this.#interval;
    const huffman = this.#checker.newTables().map((table) => segment(DHT, table));
    this.parts.push(...huffman, segment(DRI, word(interval)), segment(SOS, header), data);
  }
}

/**
 * The segments that concern the pixels as a separate file. `grey`: components to be made grey everywhere. A CMYK picture
 * states how it is coded.
 */
function pixelFile(
  { parts, tables, components }: JpegInfo,
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
export function decodeJpeg(_: Uint8Array, info: JpegInfo, file: string): RawImage {
  const { width, height, components, ycc } = info;
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
      return { data: decoded(pixelFile(info, ycc)), width, height, channels: 3 };
    // jpeg-js returns no plain components of four. With black at half, it returns half of each other component, and vice versa.
    const data = unhalve(decoded(pixelFile(info, false, [3])));
    const black = unhalve(decoded(pixelFile(info, false, [0, 1, 2])));
    for (const c of [0, 1, 2]) smoothChroma(data, width, height, c, components);
    smoothChroma(black, width, height, 0, [components[3]!, ...components]);
    if (ycc) yccToRgb(data);
    cmykToRgb(data, black, ycc);
    return { data, width, height, channels: 3 };
  }
  const data = decoded(pixelFile(info, false));
  if (components.length === 1) {
    const grey = new Uint8Array(width * height);
    for (let i = 0, from = 0; i < grey.length; i++, from += 3) grey[i] = data[from]!;
    return { data: grey, width, height, channels: 1 };
  }
  components.forEach((_, c) => smoothChroma(data, width, height, c, components));
  if (ycc) yccToRgb(data);
  return { data, width, height, channels: 3 };
}
