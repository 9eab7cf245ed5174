// What kind of picture a file holds, by its first bytes; names lie.

import { DataError } from "../../errors.js";

export type ImageFormat = "png" | "jpeg" | "gif" | "webp" | "bmp" | "tiff" | "heic" | "avif";

const text = (bytes: Uint8Array, first: number, end: number): string =>
  String.fromCharCode(...bytes.subarray(first, end));

/** The format that the first bytes tell, if it is one of those known here. */
export function imageFormat(bytes: Uint8Array): ImageFormat | undefined {
  if (text(bytes, 0, 8) === "\x89PNG\r\n\x1a\n") return "png";
  if (text(bytes, 0, 3) === "\xff\xd8\xff") return "jpeg";
  if (/^GIF8[79]a$/.test(text(bytes, 0, 6))) return "gif";
  if (text(bytes, 0, 4) === "RIFF" && text(bytes, 8, 12) === "WEBP") return "webp";
  if (text(bytes, 0, 2) === "BM" && bytes.length >= 26) return "bmp";
  if (["II*\0", "MM\0*"].includes(text(bytes, 0, 4))) return "tiff";
  if (text(bytes, 4, 8) === "ftyp") {
    const brand = text(bytes, 8, 12);
    if (/^avi[fs]$/.test(brand)) return "avif";
    if (/^(hei[cxms]|hev[cxms]|mif1|msf1)$/.test(brand)) return "heic";
  }
  return undefined;
}

/** The format of a file. @throws DataError naming the file if it is empty or no picture known here */
export function formatOf(bytes: Uint8Array, file: string): ImageFormat {
  if (bytes.length === 0) throw new DataError(`${file}: empty file; got 0 bytes; expected a picture`);
  const format = imageFormat(bytes);
  if (format) return format;
  const first = [...bytes.subarray(0, 8)].map((b) => b.toString(16).padStart(2, "0")).join(" ");
  throw new DataError(`${file}: not a picture; got a file that starts with ${first}; expected PNG or JPEG`);
}
