// Pictures on their way from a file to a batch.

/**
 * Rows of pixels, top to bottom, channels side by side (HWC). Decoders and transforms up to ToTensor work on bytes
 * (0…255), those after it on floats.
 */
export interface RawImage<Data extends Uint8Array | Float32Array = Uint8Array> {
  readonly data: Data;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

export type FloatImage = RawImage<Float32Array>;
export type AnyImage = RawImage | FloatImage;
