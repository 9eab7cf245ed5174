// PBM, PGM and PPM (Netpbm), used for GTSRB's traffic signs: P1 to P3 as text, P4 to P6 as bytes.
// https://netpbm.sourceforge.net/doc/pnm.html

import { DataError } from "../../errors.js";
import type { RawImage } from "../image.js";
import type { ImageInfo } from "./info.js";

/** A number, a comment or spaces are never longer than this. */
const MOST_HEADER = 2 ** 16;

export interface PnmInfo extends ImageInfo {
  readonly format: "pnm";
  /** 1 to 6. */
  readonly type: number;
  /** The value of white. */
  readonly most: number;
  readonly start: number;
}

/** Reads the header. @throws DataError naming the file if it is damaged or has more than 8 bits per sample */
export function readPnm(bytes: Uint8Array, file: string): PnmInfo {
  const type = bytes[1]! - 0x30;
  const bitmap = type === 1 || type === 4;
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, MOST_HEADER));
  const gap = String.raw`(?:\s|#[^\r\n]*[\r\n])+`;
  const pattern = new RegExp(
    String.raw`^P[1-6]${gap}(\d{1,10})${gap}(\d{1,10})${bitmap ? "" : `${gap}(\\d{1,5})`}\s`,
  );
  const found = pattern.exec(head);
  if (!found) throw new DataError(`${file}: damaged PNM; expected width, height${bitmap ? "" : ", maximum"}`);
  const most = bitmap ? 1 : Number(found[3]);
  if (most < 1 || most > 255) throw new DataError(`${file}: PNM of samples to ${most}; expected 1…255`);
  return {
    format: "pnm",
    width: Number(found[1]),
    height: Number(found[2]),
    mode: bitmap ? "1" : type === 3 || type === 6 ? "RGB" : "L",
    orientation: 1,
    type,
    most,
    start: found[0].length,
  };
}

/** The picture in 1 channel if it is grey, otherwise 3. @throws DataError naming the file if it is cut or damaged */
export function decodePnm(bytes: Uint8Array, info: PnmInfo, file: string): RawImage {
  const { width, height, type, most, start } = info;
  const channels = info.mode === "RGB" ? 3 : 1;
  const samples = width * height * channels;
  const rowBytes = type === 4 ? Math.ceil(width / 8) : width * channels;
  const body = type <= 3 ? plain(bytes.subarray(start), samples, type === 1) : bytes.subarray(start);
  const expected = type <= 3 ? samples : rowBytes * height;
  if (body.length < expected) {
    throw new DataError(`${file}: truncated PNM; got ${body.length} samples; expected ${expected}`);
  }
  const data = new Uint8Array(samples);
  // In bitmaps, 1 is black.
  if (type === 4) {
    for (let i = 0; i < samples; i++) {
      const x = i % width;
      data[i] = body[Math.floor(i / width) * rowBytes + (x >> 3)]! & (0x80 >> (x & 7)) ? 0 : 255;
    }
  } else
    for (let i = 0; i < samples; i++) data[i] = type === 1 ? 255 - 255 * body[i]! : scaled(body[i]!, most);
  return { data, width, height, channels };
}

/** As Python rounds: halves to even. */
function scaled(value: number, most: number): number {
  if (most === 255) return value;
  const exact = Math.min(255, (value / most) * 255);
  const floor = Math.floor(exact);
  return exact - floor === 0.5 ? floor + (floor & 1) : Math.round(exact);
}

/** Numbers as text; `bits`: without spaces between. Ends early at any other text. */
function plain(bytes: Uint8Array, count: number, bits: boolean): Uint8Array {
  const out = new Uint8Array(count);
  let filled = 0;
  for (let at = 0; at < bytes.length && filled < count;) {
    const byte = bytes[at]!;
    if (byte === 0x23) while (at < bytes.length && bytes[at] !== 0x0a && bytes[at] !== 0x0d) at++;
    else if (byte < 0x30 || byte > 0x39) at++;
    else {
      let value = 0;
      do value = Math.min(255, value * 10 + bytes[at++]! - 0x30);
      while (!bits && bytes[at]! >= 0x30 && bytes[at]! <= 0x39);
      out[filled++] = value;
    }
  }
  return out.subarray(0, filled);
}
