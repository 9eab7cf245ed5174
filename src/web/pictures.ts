// Pictures on their way from a page to its worker, where they are decoded.

import type { RawImage } from "../data/image.js";
import type { RgbaImage } from "../data/pixels.js";
import { DataError, reason } from "../errors.js";
import { wrongKind } from "../errors/options.js";

/** A picture that a page has: a file, pixels, or whatever shows one. */
export type PagePicture =
  | Blob
  | Uint8Array
  | ArrayBuffer
  | ImageBitmap
  | ImageData
  | HTMLCanvasElement
  | OffscreenCanvas
  | HTMLImageElement
  | HTMLVideoElement
  | VideoFrame
  | RawImage;

/** What of these can be sent. Bytes are those of a file. */
export type WirePicture = Blob | Uint8Array | ImageBitmap | VideoFrame | RgbaImage | RawImage;

const kindOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

/** Elements are drawn by the page, everything else can be sent unchanged. */
const DRAWN = ["HTMLCanvasElement", "OffscreenCanvas", "HTMLImageElement", "HTMLVideoElement"];
const SENT = ["Blob", "File", "Uint8Array", "ImageBitmap", "ImageData", "VideoFrame"];

/**
 * The picture as it is sent, and what of it may be given away: bitmaps that were made here. The caller keeps its own.
 * @throws DataError for something else than a picture, or one that cannot be had
 */
export async function wirePicture(
  op: string,
  picture: PagePicture,
): Promise<{ picture: WirePicture; transfer: Transferable[] }> {
  const kind = kindOf(picture);
  if (DRAWN.includes(kind)) {
    try {
      const image = picture as HTMLImageElement;
      if (kind === "HTMLImageElement" && !image.complete) await image.decode();
      const bitmap = await createImageBitmap(picture as ImageBitmapSource);
      return { picture: bitmap, transfer: [bitmap] };
    } catch (error) {
      throw new DataError(`${op}: the picture cannot be had: ${reason(error)}`);
    }
  }
  if (picture instanceof ArrayBuffer) return { picture: new Uint8Array(picture), transfer: [] };
  if (picture instanceof Uint8Array && picture.length < picture.buffer.byteLength) {
    return { picture: picture.slice(), transfer: [] }; // of a view the whole buffer would be sent
  }
  const pixels = (picture as RawImage | undefined)?.data;
  if (!SENT.includes(kind) && !ArrayBuffer.isView(pixels)) {
    throw wrongKind(
      op,
      "picture",
      picture,
      "a file, bytes, ImageData, an ImageBitmap, a canvas, a picture or a video",
    );
  }
  return { picture: picture as WirePicture, transfer: [] };
}
