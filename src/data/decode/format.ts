// The format of a picture file by its first bytes, since names may be wrong.

import { checkKinds } from "../../errors/options.js";
import { DataError } from "../../errors.js";

interface Format {
  name: string;
  endings: readonly string[];
  readBy: "fovea" | Readonly<Record<string, string>> | undefined;
}

/**
 * The recognised formats. `endings`: extensions of such files. `readBy`: fovea itself, or the decoders that
 * useDecoder() enables, each with the package to install; missing if nothing here decodes them.
 */
export const imageFormats = {
  png: { name: "PNG", endings: ["png", "apng"], readBy: "fovea" },
  jpeg: { name: "JPEG", endings: ["jpg", "jpeg", "jpe", "jfif", "jif"], readBy: "fovea" },
  bmp: { name: "BMP", endings: ["bmp", "dib"], readBy: "fovea" },
  pnm: { name: "PNM", endings: ["ppm", "pgm", "pnm", "pbm"], readBy: "fovea" },
  gif: { name: "GIF", endings: ["gif"], readBy: { sharp: "sharp" } },
  webp: { name: "WebP", endings: ["webp"], readBy: { sharp: "sharp", jsquash: "@jsquash/webp" } },
  tiff: { name: "TIFF", endings: ["tif", "tiff"], readBy: { sharp: "sharp" } },
  avif: { name: "AVIF", endings: ["avif"], readBy: { sharp: "sharp", jsquash: "@jsquash/avif" } },
  heic: { name: "HEIC", endings: ["heic", "heif"], readBy: { jsquash: "heic-decode" } },
  jxl: { name: "JPEG XL", endings: ["jxl"], readBy: undefined },
  jp2: { name: "JPEG 2000", endings: ["jp2", "j2k", "jpf", "jpx"], readBy: undefined },
  ico: { name: "ICO", endings: ["ico", "cur"], readBy: undefined },
  psd: { name: "PSD", endings: ["psd"], readBy: undefined },
  raw: {
    name: "camera raw",
    endings: ["cr2", "cr3", "nef", "arw", "dng", "orf", "rw2", "raf"],
    readBy: undefined,
  },
  svg: { name: "SVG", endings: ["svg"], readBy: undefined },
} as const satisfies Record<string, Format>;

/** A picture format that is recognised by its first bytes. Not all of them can be decoded. @useDeclaredType */
export type ImageFormat = keyof typeof imageFormats;

const all = Object.keys(imageFormats) as ImageFormat[];

/** The built-in formats. */
export const builtInFormats: readonly ImageFormat[] = all.filter((f) => imageFormats[f].readBy === "fovea");

const byEnding = new Map<string, ImageFormat>(
  all.flatMap((format) => imageFormats[format].endings.map((ending) => [ending, format] as const)),
);

/** The format of a name's extension, in any case: "a/b.JPG" is "jpeg". */
export function namedFormat(name: string): ImageFormat | undefined {
  const ending = /\.([^./\\]+)$/.exec(name)?.[1];
  return ending === undefined ? undefined : byEnding.get(ending.toLowerCase());
}

/** Number of first bytes that imageFormat() reads. */
export const SNIFFED_BYTES = 64;

const text = (bytes: Uint8Array, first: number, end: number): string =>
  String.fromCharCode(...bytes.subarray(first, end));

/** The format of the first bytes, if it is known here. */
export function imageFormat(bytes: Uint8Array): ImageFormat | undefined {
  checkKinds("imageFormat", { bytes }, { bytes: "bytes" });
  const start = text(bytes, 0, 12);
  if (start.startsWith("\x89PNG\r\n\x1a\n")) return "png";
  if (start.startsWith("\xff\xd8\xff")) return "jpeg";
  if (/^GIF8[79]a/.test(start)) return "gif";
  if (/^RIFF.{4}WEBP/s.test(start)) return "webp";
  if (start.startsWith("BM") && bytes.length >= 26) return "bmp";
  if (/^P[1-6][\s#]/.test(start)) return "pnm";
  if (/^(II\*\0.{4}CR|IIU\0|IIRO|FUJIFILM)/s.test(start)) return "raw";
  if (/^(II\*\0|MM\0\*|II\+\0|MM\0\+)/.test(start)) return "tiff";
  if (start.startsWith("\0\0\0\x0cJXL ") || start.startsWith("\xff\x0a")) return "jxl";
  if (start.startsWith("\0\0\0\x0cjP  ") || start.startsWith("\xff\x4f\xff\x51")) return "jp2";
  if (start.startsWith("8BPS")) return "psd";
  if (/^\0\0[\x01\x02]\0[^\0]\0/.test(start)) return "ico";
  const more = text(bytes, 0, SNIFFED_BYTES);
  if (/^(\xef\xbb\xbf)?\s*(<\?xml[^]*)?<(!DOCTYPE )?svg/.test(more)) return "svg";
  return start.slice(4, 8) === "ftyp" ? boxedFormat(more.slice(8)) : undefined;
}

/** The format of ISO base media files: by their brand and compatible brands. */
function boxedFormat(brands: string): ImageFormat | undefined {
  if (/^(avif|avis)|^(mif1|msf1|miaf)[^]*(avif|avis)/.test(brands)) return "avif";
  if (/^(hei[cxms]|hev[cxms]|mif1|msf1)/.test(brands)) return "heic";
  return brands.startsWith("crx ") ? "raw" : undefined;
}

/** The format of a file. @throws DataError naming the file if it is empty or not a known picture */
export function formatOf(bytes: Uint8Array, file: string): ImageFormat {
  if (bytes.length === 0) throw new DataError(`${file}: empty file; got 0 bytes; expected a picture`);
  const format = imageFormat(bytes);
  if (format) return format;
  const first = [...bytes.subarray(0, 8)].map((b) => b.toString(16).padStart(2, "0")).join(" ");
  throw new DataError(`${file}: not a picture; got a file that starts with ${first}; expected a picture`);
}

/** Advice for files of a format that no decoder in use reads. */
export function howToRead(format: ImageFormat): string {
  const { readBy } = imageFormats[format] as Format;
  if (readBy === undefined || readBy === "fovea") return "nothing here reads it: convert it to PNG or JPEG";
  const [[decoder, install], ...others] = Object.entries(readBy) as [[string, string], ...[string, string][]];
  const also = others.map(([name, its]) => `; so does --decoder ${name} (npm install ${its})`);
  return `--decoder ${decoder}, or useDecoder("${decoder}"), reads it (npm install ${install})${also.join("")}`;
}

/** The reason why a file of a format that no decoder in use reads is left out. */
export function cannotDecode(format: ImageFormat): string {
  const known = builtInFormats.map((built) => imageFormats[built].name).join(", ");
  return `cannot decode this format; got ${imageFormats[format].name}; expected ${known}; ${howToRead(format)}`;
}
