// A JPEG's markers: size, truncation and oddities are known before anything is decoded, and segments that do not concern the
// pixels cannot spoil the picture. ITU-T T.81 (1992), https://www.w3.org/Graphics/JPEG/itu-t81.pdf

import { DataError } from "../../errors.js";
import { joined } from "./bytes.js";
import { orientationOf } from "./exif.js";
import type { ImageInfo } from "./info.js";
import { blocksOf, checkLength, readFrame, type Component, type Fail, type Frame } from "./jpeg-frame.js";
import { ScanChecker } from "./jpeg-scans.js";

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
const TABLES = 4;
/** Most blocks of EXIF that continue the first; further ones are ignored. */
const MOST_EXIF = 256;

export interface JpegInfo extends ImageInfo {
  readonly format: "jpeg";
  readonly components: readonly Component[];
  /** How the components are coded: Adobe's transform flag, otherwise libjpeg's guess. */
  readonly ycc: boolean;
  readonly progressive: boolean;
  readonly scans: readonly Scan[];
  /** Whether a marker follows the last scan: if not, as in Pillow, the scan must have more bits than it needs. */
  readonly ended: boolean;
  /** Each component's quantisation table: the one at the start of its first scan. */
  readonly tables: readonly Uint8Array[];
}

/** A scan: what is its own, and its data. */
export interface Scan {
  /** The contents of its SOS segment. */
  readonly header: Uint8Array;
  /** Huffman tables that are new, each as the contents of a DHT segment. */
  readonly huffman: readonly Uint8Array[];
  /** Units between two restarts, 0 for no restarts. */
  readonly interval: number;
  /** The components in it, by their places in the frame. */
  readonly components: readonly number[];
  /** Up to the next marker other than a restart. */
  readonly data: Uint8Array;
}

const isSof = (marker: number): boolean =>
  marker >= SOF0 && marker <= 0xcf && ![DHT, 0xc8, 0xcc].includes(marker);
const startsWith = (data: Uint8Array, text: string): boolean =>
  [...text].every((letter, i) => data[i] === letter.charCodeAt(0));

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
  let ended = true;
  for (let at = 2; ;) {
    at = nextMarker(bytes, at);
    const marker = bytes[at + 1]!;
    if (at === bytes.length && scans.complete) {
      ended = scans.list.at(-1)!.data.length < bytes.length - scans.start;
      break;
    }
    if (marker === EOI && scans.count) break;
    if (marker === EOI) fail("damaged JPEG; got no scan before the end");
    const end = at + 2 + Math.max(2, (bytes[at + 2]! << 8) | bytes[at + 3]!);
    if (at + 4 > bytes.length || end > bytes.length) {
      fail(`truncated JPEG; got ${bytes.length} bytes; expected ${scans.count ? "an end marker" : "a scan"}`);
    }
    const data = bytes.subarray(at + 4, end);
    at = end;
    if (marker === SOS) {
      scans.start = end;
      scans.scan(data, bytes.subarray(end, (at = nextMarker(bytes, end))));
    } else scans.add(marker, data, bytes.length);
    if (scans.count) continue; // the description of the picture comes before its scans
    if (marker === APP0 && startsWith(data, "JFIF\0")) jfif = true;
    // As in Pillow, a second block of EXIF continues the first, a second XMP replaces it.
    if (marker === APP1 && startsWith(data, "Exif\0\0")) {
      if (exif.length < MOST_EXIF) exif.push(exif.length ? data.subarray(6) : data);
    }
    if (marker === APP1 && startsWith(data, XMP)) xmp = data.subarray(XMP.length);
    if (marker === APP14 && startsWith(data, "Adobe") && data.length >= 12) adobe = data[11];
  }
  const { frame, list, tables } = scans;
  const { width, height, components, progressive } = frame!;
  const mode = components.length === 1 ? "L" : components.length === 3 ? "RGB" : "CMYK";
  const ycc = isYcc(components, jfif, adobe);
  const orientation = orientationOf({
    exif: exif.length ? joined(exif) : undefined,
    xmp: xmp && new TextDecoder("latin1").decode(xmp),
  });
  const picture = { format: "jpeg", width, height, mode, orientation } as const;
  return { ...picture, components, ycc, progressive, scans: list, tables, ended };
}

/** libjpeg's rules (jdapimin.c): JFIF is YCbCr, otherwise Adobe's flag decides, otherwise the components' names. */
function isYcc(components: readonly Component[], jfif: boolean, adobe: number | undefined): boolean {
  if (components.length === 4) return adobe !== undefined && adobe !== 0; // other flags count as 2
  return jfif || (adobe !== undefined ? adobe !== 0 : !namedRgb(components));
}

const namedRgb = (components: readonly Component[]): boolean =>
  components.map(({ id }) => String.fromCharCode(id)).join("") === "RGB";

/** The segments that concern the pixels, checked. */
class Scans {
  frame: Frame | undefined;
  readonly list: Scan[] = [];
  /** By component. */
  tables: Uint8Array[] = [];
  /** Where the last scan's data starts. */
  start = 0;
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

  get count(): number {
    return this.list.length;
  }

  /** Whether a first sequential scan has all components, so that libjpeg needs nothing after it. */
  get complete(): boolean {
    return !!this.frame && !this.frame.progressive && this.list[0]?.components.length === this.frame.components.length; // prettier-ignore
  }

  /** A segment other than a scan, of a file of `bytes` bytes. */
  add(marker: number, data: Uint8Array, bytes: number): void {
    if (isSof(marker)) this.#begin(readFrame(data, marker, this.#fail), bytes);
    if (marker === DHT) this.#checker.tables(data);
    if (marker === DQT) this.#define(data);
    if (marker === DRI) {
      if (data.length !== 2) this.#fail(`damaged JPEG; got a restart interval of ${data.length} bytes`);
      this.#interval = (data[0]! << 8) | data[1]!;
    }
  }

  #begin(frame: Frame, bytes: number): void {
    if (this.frame) this.#fail("damaged JPEG; got two frames; expected one");
    checkLength(frame, bytes, this.#fail);
    this.frame = frame;
    this.tables = frame.components.map(() => new Uint8Array(65)); // components without a scan are grey
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
    if (this.count >= MOST_SCANS) this.#fail(`damaged JPEG; got more than ${MOST_SCANS} scans`);
    if (this.#visits > MOST_VISITS * blocksOf(frame) + FREE_VISITS)
      this.#fail(`JPEG of too much work; got ${this.count + 1} scans or more of ${width}×${height}; expected ${MOST_VISITS} over every block at most`); // prettier-ignore
    for (const component of own) {
      if (this.#seen.has(component.id)) continue;
      this.#seen.add(component.id);
      const table =
        this.#quantisation[component.table] ??
        this.#fail(`damaged JPEG; got no quantisation table ${component.table} before it is used`);
      this.tables[components.indexOf(component)] = table;
    }
    const huffman = this.#checker.newTables();
    const places = own.map((component) => components.indexOf(component));
    this.list.push({ header, huffman, interval: this.#interval, components: places, data });
  }
}
