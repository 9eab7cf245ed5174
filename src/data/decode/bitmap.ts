// Decodes pictures with the browser's own decoders.

import { DataError } from "../../errors.js";
import type { RawImage } from "../image.js";
import type { ImageDecoder } from "./index.js";

/**
 * A decoder by createImageBitmap() and OffscreenCanvas, for setDecoder(), in pages and their workers. Colour profiles are
 * ignored. PNG and BMP are built in: a canvas multiplies colours by alpha.
 * @throws DataError if the engine has neither
 */
export function imageBitmapDecoder(): ImageDecoder {
  if (typeof createImageBitmap !== "function" || typeof OffscreenCanvas !== "function") {
    throw new DataError("imageBitmapDecoder: no createImageBitmap or OffscreenCanvas; expected a browser");
  }
  return {
    name: "createImageBitmap",
    formats: ["jpeg", "webp", "avif", "gif"],
    async decode(bytes, { maxPixels }): Promise<RawImage> {
      const bitmap = await createImageBitmap(new Blob([Uint8Array.from(bytes)]), {
        imageOrientation: "none",
        premultiplyAlpha: "none",
        colorSpaceConversion: "none",
      });
      try {
        const { width, height } = bitmap;
        if (width * height > maxPixels)
          throw new Error(`got ${width}×${height}; expected ${maxPixels} pixels at most`);
        const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
        context.drawImage(bitmap, 0, 0);
        return {
          data: dropAlpha(context.getImageData(0, 0, width, height).data),
          width,
          height,
          channels: 3,
        };
      } finally {
        bitmap.close();
      }
    },
  };
}

/** RGB of RGBA pixels. */
export function dropAlpha(rgba: ArrayLike<number>): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let i = 0, from = 0; i < rgb.length; i += 3, from += 4) {
    rgb[i] = rgba[from]!;
    rgb[i + 1] = rgba[from + 1]!;
    rgb[i + 2] = rgba[from + 2]!;
  }
  return rgb;
}
