// Converts browsers' pictures to pixels and back.

import { checkTensors, tensor, type Tensor } from "../core/tensor.js";
import { DataError, reason, ShapeError } from "../errors.js";
import { wrongKind } from "../errors/options.js";
import { dropAlpha } from "./decode/bitmap.js";
import { withChannels } from "./decode/color.js";
import { isImage, type RawImage } from "./image.js";

/** RGBA pixels, as in ImageData. */
export interface RgbaImage {
  /** Red, green, blue and alpha of each pixel, row after row. */
  readonly data: Uint8ClampedArray;
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
}

/** What has pixels: bytes, and in browsers whatever a canvas draws. */
export type PixelSource =
  | RawImage
  | RgbaImage
  | ImageBitmap
  | OffscreenCanvas
  | HTMLCanvasElement
  | HTMLImageElement
  | HTMLVideoElement
  | VideoFrame;

const isRgba = (source: unknown): source is RgbaImage => {
  const { data, width, height, channels } = (source ?? {}) as Partial<RgbaImage> & { channels?: unknown };
  return channels === undefined && ArrayBuffer.isView(data) && data.byteLength === 4 * width! * height!;
};

/** Width and height of what a canvas draws. Each kind has its own names for them. */
function sizeOf(source: object): [width: number, height: number] {
  const { naturalWidth, naturalHeight, videoWidth, videoHeight, displayWidth, displayHeight, width, height } =
    source as Record<string, number | undefined>;
  return [
    naturalWidth ?? videoWidth ?? displayWidth ?? width ?? 0,
    naturalHeight ?? videoHeight ?? displayHeight ?? height ?? 0,
  ];
}

function drawn(source: Exclude<PixelSource, RawImage | RgbaImage>): RgbaImage {
  const [width, height] = sizeOf(source);
  if (!(width > 0 && height > 0)) {
    throw new DataError(`fromPixels: a picture of ${width}×${height}; expected one that has been loaded`);
  }
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
  try {
    context.drawImage(source, 0, 0);
    return context.getImageData(0, 0, width, height);
  } catch (error) {
    throw new DataError(`fromPixels: its pixels cannot be read: ${reason(error)}`);
  }
}

/**
 * The pixels as bytes, 3 channels or 1 (grey, as Pillow's convert("L")). Alpha is dropped.
 * @throws DataError for anything other than a picture, one that has not been loaded, or of another site without its leave
 */
export function rawImageOf(source: PixelSource, channels: 1 | 3 = 3): RawImage {
  if (isImage(source, false)) {
    if (source.channels === 1 || source.channels === 3) return withChannels(source, channels);
    if (source.channels !== 4) {
      throw new DataError(`fromPixels: a picture of ${source.channels} channels; expected 1, 3 or 4`);
    }
    return withChannels({ ...source, data: dropAlpha(source.data), channels: 3 }, channels);
  }
  const canDraw = typeof OffscreenCanvas === "function" && typeof source === "object" && source !== null;
  if (!isRgba(source) && !(canDraw && "close" in source) && !(canDraw && "width" in source)) {
    throw wrongKind("fromPixels", "source", source, "pixels, ImageData, a canvas, a picture or a video");
  }
  const { data, width, height } = isRgba(source) ? source : drawn(source);
  return withChannels({ data: dropAlpha(data), width, height, channels: 3 }, channels);
}

/**
 * Pixels as a tensor f32 [1, height, width, channels] of 0…1, as ToTensor makes them. source: ImageData, a canvas, an
 * ImageBitmap, a VideoFrame, an element that shows a picture or a video, or { data, height, width, channels }.
 * @throws DataError for something else than a picture, or one whose pixels cannot be read
 */
export function fromPixels(source: PixelSource, channels: 1 | 3 = 3): Tensor {
  const { data, height, width } = rawImageOf(source, channels);
  return tensor(
    Float32Array.from(data, (v) => v / 255),
    [1, height, width, channels],
  );
}

/**
 * A picture as ImageData, for canvases, from a tensor [height, width, channels] or [1, height, width, channels] of 0…1, with 1 or
 * 3 channels. Values outside are cut off. If there is no ImageData, a plain object with the same fields.
 * @throws ShapeError for another shape
 */
export function toImageData(image: Tensor): ImageData {
  checkTensors("toImageData", { image });
  const [height, width, channels] = image.shape.length === 4 ? image.shape.slice(1) : image.shape;
  const one = image.shape.length === 3 || (image.shape.length === 4 && image.shape[0] === 1);
  if (!one || (channels !== 1 && channels !== 3)) {
    throw new ShapeError(
      `toImageData: got [${image.shape.join(",")}]; expected [1,height,width,channels] with 1 or 3 channels`,
    );
  }
  const values = image.data();
  const data = new Uint8ClampedArray(4 * width! * height!);
  for (let i = 0; i < width! * height!; i++) {
    for (let c = 0; c < 3; c++) data[4 * i + c] = 255 * values[i * channels + (c % channels)]!;
    data[4 * i + 3] = 255;
  }
  return typeof ImageData === "function"
    ? new ImageData(data, width!, height!)
    : ({ data, width: width!, height: height!, colorSpace: "srgb" } as ImageData);
}
