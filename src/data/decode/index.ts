// Pictures from bytes. The type follows from the first bytes, never from a name.

import { checkFields, checkKinds } from "../../errors/options.js";
import { DataError, reason } from "../../errors.js";
import type { RawImage } from "../image.js";
import type { PictureSize } from "../transform.js";
import { crop, type Box } from "../transforms/geometry.js";
import { withChannels } from "./color.js";
import { containerOrientation, orient } from "./exif.js";
import { decodeBmp, readBmp } from "./bmp.js";
import { builtInFormats, cannotDecode, formatOf, type ImageFormat } from "./format.js";
import { checkSize, MAX_PIXELS, type ImageInfo } from "./info.js";
import { decodeJpeg } from "./jpeg.js";
import { readJpeg } from "./jpeg-header.js";
import { decodePng, readPng } from "./png.js";
import { decodePnm, readPnm } from "./pnm.js";
import { checkOptions, wrongKind, type Names } from "../../errors/options.js";

export {
  builtInFormats,
  cannotDecode,
  howToRead,
  imageFormat,
  imageFormats,
  namedFormat,
  SNIFFED_BYTES,
  type ImageFormat,
} from "./format.js";
export { MAX_PIXELS, type ImageInfo } from "./info.js";
export type { Orientation } from "./exif.js";

/** Options of decodeImage(). */
export interface DecodeOptions {
  /** The picture's name in errors: its path. */
  file: string;
  /** 3: as Pillow's convert("RGB"), the default. 1: as convert("L"). */
  channels?: 1 | 3;
  /** Whether to rotate a picture according to its EXIF orientation. Default "apply"; torchvision ignores it. */
  exif?: "apply" | "ignore";
  /** Larger pictures are refused before they are decoded. Default MAX_PIXELS. */
  maxPixels?: number;
}

const OPTIONS: Names<DecodeOptions> = { file: true, channels: true, exif: true, maxPixels: true };

/** The request to a decoder set by setDecoder(). */
export interface DecodeRequest {
  /** The format that the first bytes show. */
  readonly format: ImageFormat;
  /** For built-in formats, the size has been checked; for others, the decoder must check it. */
  readonly maxPixels: number;
}

/** An external decoder, enabled by setDecoder(). */
export interface ImageDecoder {
  /** Recorded with a run: a name and a version. */
  readonly name: string;
  /** The formats it decodes. Others, and CMYK, are left to the built-in decoders. */
  readonly formats: readonly ImageFormat[];
  /** The picture as stored, not rotated, in 1 channel (grey) or 3 (RGB). Its errors become a DataError with the path. */
  decode(bytes: Uint8Array, request: DecodeRequest): RawImage | Promise<RawImage>;
}

const BUILT_IN = "fovea";

let active: ImageDecoder | undefined;

/** Uses this decoder from now on, in this thread; undefined: the built-in ones. */
export function setDecoder(decoder: ImageDecoder | undefined): void {
  if (decoder !== undefined)
    checkFields("setDecoder", "decoder", decoder, { name: "text", decode: "function" });
  active = decoder;
}

/** The decoders in use, for a run's record. */
export function decoderName(): string {
  return active ? `${active.name}; ${BUILT_IN}` : BUILT_IN;
}

/** Whether a format is built in. */
export const isBuiltIn = (format: ImageFormat): boolean => builtInFormats.includes(format);

/** Whether pictures of a format can be decoded: by a built-in decoder or the one in use. */
export function isReadable(format: ImageFormat): boolean {
  return isBuiltIn(format) || (active?.formats.includes(format) ?? false);
}

interface Reader<Info extends ImageInfo> {
  /** The header's contents. */
  read(bytes: Uint8Array, file: string): Info;
  decode(bytes: Uint8Array, info: Info, file: string): RawImage;
}

/** A picture with its header read, not decoded yet. */
interface Opened {
  readonly info: ImageInfo;
  decode(): RawImage;
}

const opens =
  <Info extends ImageInfo>({ read, decode }: Reader<Info>) =>
  (bytes: Uint8Array, file: string): Opened => {
    const info = read(bytes, file);
    return { info, decode: () => decode(bytes, info, file) };
  };

const openers: Partial<Record<ImageFormat, (bytes: Uint8Array, file: string) => Opened>> = {
  png: opens({ read: readPng, decode: decodePng }),
  jpeg: opens({ read: readJpeg, decode: (_, info, file) => decodeJpeg(info, file) }),
  bmp: opens({ read: readBmp, decode: decodeBmp }),
  pnm: opens({ read: readPnm, decode: decodePnm }),
};

/** @throws DataError naming the file if no built-in decoder reads it, or its header is damaged */
function open(bytes: Uint8Array, file: string): Opened {
  const format = formatOf(bytes, file);
  const opener = openers[format];
  if (opener) return opener(bytes, file);
  throw new DataError(`${file}: ${cannotDecode(format)}`);
}

/** The contents of a file's header. @throws DataError naming the file if no built-in decoder reads it or it is incomplete */
export function imageInfo(bytes: Uint8Array, file: string): ImageInfo {
  checkKinds("imageInfo", { bytes, file }, { bytes: "bytes", file: "text" });
  return open(bytes, file).info;
}

function finish(image: RawImage, orientation: ImageInfo["orientation"], options: DecodeOptions): RawImage {
  const upright = options.exif === "ignore" ? image : orient(image, orientation);
  return withChannels(upright, options.channels ?? 3);
}

/**
 * Decodes a PNG, JPEG, BMP or PNM picture with the built-in decoders: the same result everywhere, synchronously.
 * @throws DataError naming the file if it is empty, of another type, truncated, damaged, or larger than maxPixels
 */
export function decodeImage(bytes: Uint8Array, options: DecodeOptions): RawImage {
  if (!(bytes instanceof Uint8Array)) throw wrongKind("decodeImage", "bytes", bytes, "a Uint8Array");
  checkOptions<DecodeOptions>("decodeImage", options, OPTIONS);
  const { file, maxPixels = MAX_PIXELS } = options;
  const { info, decode } = open(bytes, file);
  checkSize(info, maxPixels, file);
  return finish(decode(), info.orientation, options);
}

/** Its bytes as a plain Uint8Array: slice() of a Buffer is not a copy. */
const plain = ({ data, ...image }: RawImage): RawImage => ({
  ...image,
  data: new Uint8Array(data.buffer, data.byteOffset, data.length),
});

/** Whether all of a box is in a picture. */
const isInside = ({ top, left, height, width }: Box, size: PictureSize): boolean =>
  top >= 0 && left >= 0 && top + height <= size.height && left + width <= size.width;

/**
 * The part of a picture that `choose` picks, given its size after rotation: the pixels that crop() would cut out of decodeActive()'s. Of an
 * upright JPEG that fovea decodes itself, no others are computed. @throws DataError as decodeImage()
 */
export function decodePart(
  bytes: Uint8Array,
  options: DecodeOptions,
  choose: (size: PictureSize) => Box,
): RawImage | Promise<RawImage> {
  const { file, exif, channels = 3, maxPixels = MAX_PIXELS } = options;
  const cut = (image: RawImage, box = choose(image)): RawImage => crop(image, box);
  if (formatOf(bytes, file) === "jpeg" && !active?.formats.includes("jpeg")) {
    const info = readJpeg(bytes, file);
    if (exif === "ignore" || info.orientation === 1) {
      checkSize(info, maxPixels, file);
      const box = choose(info);
      if (isInside(box, info)) return withChannels(decodeJpeg(info, file, box), channels);
      return cut(withChannels(decodeJpeg(info, file), channels), box);
    }
  }
  const image = decodeActive(bytes, options);
  return image instanceof Promise ? image.then((whole) => cut(whole)) : cut(image);
}

/**
 * Decodes a picture with the decoder in use: setDecoder()'s for the formats it knows, otherwise as decodeImage().
 * @throws DataError as decodeImage()
 */
export function decodeActive(bytes: Uint8Array, options: DecodeOptions): RawImage | Promise<RawImage> {
  const { file, maxPixels = MAX_PIXELS } = options;
  const format = formatOf(bytes, file);
  if (!active?.formats.includes(format)) return decodeImage(bytes, options);
  const info = openers[format]?.(bytes, file).info;
  if (info) checkSize(info, maxPixels, file);
  // Other decoders convert CMYK with colour profiles, or not at all, and some make pixels up where the file is cut.
  if (info?.mode === "CMYK" || info?.ended === false) return decodeImage(bytes, options);
  const { name } = active;
  const fail = (error: unknown): never => {
    throw new DataError(`${file}: cannot be decoded by ${name}; ${reason(error)}`);
  };
  const done = (image: RawImage): RawImage =>
    finish(plain(image), info?.orientation ?? containerOrientation(bytes, format), options);
  try {
    const image = active.decode(bytes, { format, maxPixels });
    return image instanceof Promise ? image.then(done, fail) : done(image);
  } catch (error) {
    return fail(error);
  }
}
