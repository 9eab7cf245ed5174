// The structs of kernels/shapes.ts: field names in the order of declaration there (a test compares them).

export const structs = {
  RowsGemm: [
    "images",
    "height",
    "width",
    "aImageBytes",
    "aRowBytes",
    "aPixelBytes",
    "cImageBytes",
    "cRowBytes",
    "cPixelBytes",
    "a",
    "b",
    "bias",
    "c",
    "columns",
    "panelBytes",
    "segments",
    "segmentCount",
    "batch",
    "aBatchBytes",
    "bBatchBytes",
    "cBatchBytes",
    "tile",
  ],
  PixelsGemm: [
    "rows",
    "columns",
    "a",
    "aPixelBytes",
    "b",
    "bPixelBytes",
    "c",
    "cRowBytes",
    "segments",
    "segmentCount",
    "blockSegments",
    "batch",
    "aBatchBytes",
    "bBatchBytes",
    "cBatchBytes",
    "accumulate",
    "tile",
  ],
  Window: [
    "images",
    "height",
    "width",
    "channels",
    "outHeight",
    "outWidth",
    "kernelHeight",
    "kernelWidth",
    "strideHeight",
    "strideWidth",
    "paddingTop",
    "paddingLeft",
    "dilationHeight",
    "dilationWidth",
  ],
} as const;

export type Struct<K extends keyof typeof structs> = Record<(typeof structs)[K][number], number>;

/** The struct's fields as the i32 words that the kernel reads. */
export function structWords<K extends keyof typeof structs>(name: K, fields: Struct<K>): number[] {
  const values: Record<string, number> = fields;
  return structs[name].map((field) => values[field]!);
}
