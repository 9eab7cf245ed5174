// Where a network looks, as a layer over the picture.

import type { Explanation } from "fovea/web";
import { make } from "./dom.js";

/** From cold to warm; what counts for nothing stays clear. */
function colour(share: number): [number, number, number, number] {
  const warm = Math.min(1, share * 1.6);
  return [
    255,
    Math.round(200 - 150 * warm),
    Math.round(60 * (1 - warm)),
    Math.round(255 * Math.min(1, share * 1.4)),
  ];
}

/** A canvas of the picture's size; `box` is the part of the picture that the network saw. */
export function heatLayer(
  { map, width, height, box }: Explanation,
  picture: { readonly width: number; readonly height: number },
): HTMLCanvasElement {
  const small = new OffscreenCanvas(width, height);
  const pixels = new ImageData(width, height);
  map.forEach((share, i) => pixels.data.set(colour(share), 4 * i));
  small.getContext("2d")!.putImageData(pixels, 0, 0);
  const layer = make("canvas", { className: "heat", width: picture.width, height: picture.height });
  layer.setAttribute("aria-hidden", "true");
  const context = layer.getContext("2d")!;
  context.imageSmoothingQuality = "high";
  const [left, top, right, bottom] = box;
  context.drawImage(
    small,
    left * picture.width,
    top * picture.height,
    (right - left) * picture.width,
    (bottom - top) * picture.height,
  );
  return layer;
}
