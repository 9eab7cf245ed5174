// Pictures in the worker: decoded by the browser where it can, resized by fovea's own transforms, so that numbers are Node's.

import { decodeActive, imageBitmapDecoder, rawImageOf, setDecoder, type RawImage } from "../../data/index.js";
import type { WirePicture } from "../pictures.js";

/** Has the browser decode what it can: many times as fast, and more formats. */
export function useBrowserDecoder(): void {
  if (typeof createImageBitmap === "function" && typeof OffscreenCanvas === "function") {
    setDecoder(imageBitmapDecoder());
  }
}

/** The pixels of a picture, upright. @throws DataError if it is not a picture */
export async function decoded(picture: WirePicture, channels: 1 | 3): Promise<RawImage> {
  if (picture instanceof Blob) {
    const file = (picture as Partial<File>).name ?? "picture";
    return decodeActive(new Uint8Array(await picture.arrayBuffer()), { file, channels });
  }
  if (picture instanceof Uint8Array) return decodeActive(picture, { file: "picture", channels });
  try {
    return rawImageOf(picture, channels);
  } finally {
    if ("close" in picture) picture.close(); // a copy: the page's own is the page's
  }
}
