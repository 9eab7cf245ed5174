// Pictures from bytes. The type is told by the first bytes, never by a name.

import { DataError } from "../../errors.js";
import type { Image } from "../image.js";
import { withChannels } from "./color.js";
import { orient } from "./exif.js";
import { formatOf, type ImageFormat } from "./format.js";
import { checkSize, MAX_PIXELS, type ImageInfo } from "./info.js";
import { decodeJpeg, readJpeg } from "./jpeg.js";
import { decodePng, readPng } from "./png.js";

export { imageFormat, type ImageFormat } from "./format.js";
export { MAX_PIXELS, type ImageInfo } from "./info.js";
export type { Orientation } from "./exif.js";

export interface DecodeOptions {
  /** What errors call the picture: its path. */
  file: string;
  /** 3: as Pillow's convert("RGB"), the default. 1: as convert("L"). */
  channels?: 1 | 3;
  /** Whether a picture is turned as its EXIF orientation says. Default "apply"; torchvision ignores it. */
  exif?: "apply" | "ignore";
  /** Larger pictures are refused before they are decoded. Default MAX_PIXELS. */
  maxPixels?: number;
}

export interface DecodeRequest {
  readonly format: ImageFormat;
  /** Size of a PNG or JPEG picture has been checked; other formats' is the decoder's to check. */
  readonly maxPixels: number;
}

/** A decoder from outside; setDecoder() puts it to use. */
export interface ImageDecoder {
  /** Recorded with a run: a name and a version. */
  readonly name: string;
  /** What it decodes. PNG and JPEG that it does not, and CMYK, are decoded by the built-in decoders. */
  readonly formats: readonly ImageFormat[];
  /** The picture as stored, not turned, in 1 channel (grey) or 3 (RGB). What it throws becomes a DataError with the path. */
  decode(bytes: Uint8Array, request: DecodeRequest): Image | Promise<Image>;
}

const BUILT_IN = "fast-png, jpeg-js";

let active: ImageDecoder | undefined;

/** Decodes by this decoder from now on, in this thread; none: by the built-in ones. */
export function setDecoder(decoder: ImageDecoder | undefined): void {
  active = decoder;
}

/** The decoders in use, for a run's record. */
export function decoderName(): string {
  return active ? `${active.name}; ${BUILT_IN}` : BUILT_IN;
}

/** What a PNG or JPEG file's header says. @throws DataError naming the file if it is neither or not whole */
export function imageInfo(bytes: Uint8Array, file: string): ImageInfo {
  const format = formatOf(bytes, file);
  if (format === "png") return readPng(bytes, file);
  if (format === "jpeg") return readJpeg(bytes, file);
  throw unreadable(format, file);
}

const unreadable = (format: ImageFormat, file: string): DataError =>
  new DataError(`${file}: cannot decode this format; got ${format.toUpperCase()}; expected PNG or JPEG`);

function finish(image: Image, orientation: ImageInfo["orientation"], options: DecodeOptions): Image {
  const upright = options.exif === "ignore" ? image : orient(image, orientation);
  return withChannels(upright, options.channels ?? 3);
}

/**
 * A PNG or JPEG picture by the built-in decoders, fast-png and jpeg-js: the same everywhere, at once.
 * @throws DataError naming the file if it is empty, of another type, truncated, damaged, or larger than maxPixels
 */
export function decodeImage(bytes: Uint8Array, options: DecodeOptions): Image {
  const { file, maxPixels = MAX_PIXELS } = options;
  const format = formatOf(bytes, file);
  if (format === "png") {
    const info = readPng(bytes, file);
    checkSize(info, maxPixels, file);
    return finish(decodePng(bytes, info, file), info.orientation, options);
  }
  if (format === "jpeg") {
    const info = readJpeg(bytes, file);
    checkSize(info, maxPixels, file);
    return finish(decodeJpeg(bytes, info, file), info.orientation, options);
  }
  throw unreadable(format, file);
}

/**
 * A picture by the decoder in use: setDecoder()'s for the formats it knows, else as decodeImage().
 * @throws DataError as decodeImage()
 */
export function decodeActive(bytes: Uint8Array, options: DecodeOptions): Image | Promise<Image> {
  const { file, maxPixels = MAX_PIXELS } = options;
  const format = formatOf(bytes, file);
  if (!active?.formats.includes(format)) return decodeImage(bytes, options);
  const info = format === "png" || format === "jpeg" ? imageInfo(bytes, file) : undefined;
  if (info) checkSize(info, maxPixels, file);
  if (info?.mode === "CMYK") return decodeImage(bytes, options); // others convert by colour profiles, or not at all
  const { name } = active;
  const fail = (error: unknown): never => {
    throw new DataError(`${file}: cannot be decoded by ${name}; ${(error as Error).message}`);
  };
  const done = (image: Image): Image => finish(image, info?.orientation ?? 1, options);
  try {
    const image = active.decode(bytes, { format, maxPixels });
    return image instanceof Promise ? image.then(done, fail) : done(image);
  } catch (error) {
    return fail(error);
  }
}
