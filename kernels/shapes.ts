// Structs that TypeScript fills, field by field in this order, as 32-bit words, and constants that both sides use (kernels/table.mjs
// passes them on). `usize` values are byte addresses; Bytes in a name means a distance in bytes.

/** Activations that a kernel applies as it writes; see elementwise/activation.ts. */
export const RELU: i32 = 1;
export const RELU6: i32 = 2;
export const SILU: i32 = 3;
export const HARDSWISH: i32 = 4;
export const HARDSIGMOID: i32 = 5;
export const SIGMOID: i32 = 6;
export const GELU: i32 = 7;
export const GELU_TANH: i32 = 8;

/** Channel pairs of a 3×3 convolution from which transformed weights exceed L2. */
export const FAR_PAIRS: i32 = 65536;
/** Outputs that fewRows computes at a time. */
export const FEW_OUTPUTS: i32 = 3;

/** A matrix product; see product/gemm.ts. */
@unmanaged
export class Gemm {
  m: i32 = 0;
  n: i32 = 0;
  k: i32 = 0;
  a: usize = 0;
  rsa: i32 = 0;
  csa: i32 = 0;
  b: usize = 0;
  rsb: i32 = 0;
  csb: i32 = 0;
  c: usize = 0;
  ldc: i32 = 0;
  accumulate: i32 = 0;
  unitRows: i32 = 0;
  unitColumns: i32 = 0;
  tile: i32 = 0;
}

/** A matrix to be packed; see product/pack.ts. */
@unmanaged
export class PackPanels {
  src: usize = 0;
  rs: i32 = 0;
  cs: i32 = 0;
  k: i32 = 0;
  n: i32 = 0;
  width: i32 = 0;
  dst: usize = 0;
  panelStride: i32 = 0;
}

/** Images to be framed with zeros, or cut; see product/pack.ts. */
@unmanaged
export class PadImages {
  x: usize = 0;
  y: usize = 0;
  height: i32 = 0;
  width: i32 = 0;
  channels: i32 = 0;
  top: i32 = 0;
  left: i32 = 0;
  yHeight: i32 = 0;
  yWidth: i32 = 0;
}

/** A product whose rows are the cells of a grid of pixels; see product/rows-gemm.ts. */
@unmanaged
export class RowsGemm {
  images: i32 = 0;
  height: i32 = 0;
  width: i32 = 0;
  aImageBytes: i32 = 0;
  aRowBytes: i32 = 0;
  aPixelBytes: i32 = 0;
  cImageBytes: i32 = 0;
  cRowBytes: i32 = 0;
  cPixelBytes: i32 = 0;
  a: usize = 0;
  b: usize = 0;
  bias: usize = 0;
  c: usize = 0;
  /** The term added to the sums, in C's layout but separate memory, or 0; the activation, or 0. */
  residual: usize = 0;
  activation: i32 = 0;
  columns: i32 = 0;
  panelBytes: i32 = 0;
  segments: usize = 0;
  segmentCount: i32 = 0;
  segmentBlocks: i32 = 0;
  groups: i32 = 0;
  aGroupBytes: i32 = 0;
  bGroupBytes: i32 = 0;
  cGroupBytes: i32 = 0;
  unitPanels: i32 = 0;
  x: usize = 0;
  xHeight: i32 = 0;
  xWidth: i32 = 0;
  channels: i32 = 0;
  top: i32 = 0;
  left: i32 = 0;
  frameHeight: i32 = 0;
  frameWidth: i32 = 0;
  bandImages: i32 = 0;
  bandRows: i32 = 0;
  stepRows: i32 = 0;
  windowRows: i32 = 0;
  tile: i32 = 0;
}

/** A product summed over pixels; see product/pixels-gemm.ts. */
@unmanaged
export class PixelsGemm {
  rows: i32 = 0;
  columns: i32 = 0;
  a: usize = 0;
  aPixelBytes: i32 = 0;
  b: usize = 0;
  bPixelBytes: i32 = 0;
  c: usize = 0;
  cRowBytes: i32 = 0;
  segments: usize = 0;
  segmentCount: i32 = 0;
  blockSegments: i32 = 0;
  blockPixels: i32 = 0;
  kernelHeight: i32 = 0;
  aHeightBytes: i32 = 0;
  cHeightBytes: i32 = 0;
  kernelWidth: i32 = 0;
  aWidthBytes: i32 = 0;
  cWidthBytes: i32 = 0;
  groups: i32 = 0;
  aGroupBytes: i32 = 0;
  bGroupBytes: i32 = 0;
  cGroupBytes: i32 = 0;
  accumulate: i32 = 0;
  packed: i32 = 0;
  parts: i32 = 0;
  cPartBytes: i32 = 0;
  tile: i32 = 0;
}

/** A window sliding over NHWC images: pooling and depthwise convolution. */
@unmanaged
export class Window {
  images: i32 = 0;
  height: i32 = 0;
  width: i32 = 0;
  channels: i32 = 0;
  outHeight: i32 = 0;
  outWidth: i32 = 0;
  kernelHeight: i32 = 0;
  kernelWidth: i32 = 0;
  strideHeight: i32 = 0;
  strideWidth: i32 = 0;
  paddingTop: i32 = 0;
  paddingLeft: i32 = 0;
  paddingBottom: i32 = 0;
  paddingRight: i32 = 0;
  dilationHeight: i32 = 0;
  dilationWidth: i32 = 0;
}

/** A depthwise convolution, or one of its gradients: x, w, bias (or 0) and y, or the gradient of each. */
@unmanaged
export class Depthwise {
  /** The address of a Window. */
  window: usize = 0;
  x: usize = 0;
  w: usize = 0;
  bias: usize = 0;
  y: usize = 0;
  /** Applied to y, or 0. */
  activation: i32 = 0;
  /** Whether to touch rows of images before they are used. */
  ahead: i32 = 0;
  /** Whether registers suffice for the bodies with the most sums. */
  wide: i32 = 0;
  /** Parts of the images, each with its own weight gradient. */
  parts: i32 = 0;
}

/** Bytes of scratch for depthwise and depthwiseBackwardData. */
export const DEPTHWISE_SCRATCH: i32 = 128;
/** Bytes of scratch for winogradWeightBackward: for one of Winograd's transforms, 36 vectors, then constants. */
export const TRANSFORM_SCRATCH: i32 = 640;

/**
 * A convolution by Winograd's minimal filtering, or one of its gradients: 3×3 of stride 1 or 2, or 7×7 of stride 2; see
 * winograd/points.ts.
 */
@unmanaged
export class Winograd {
  /** 3 or 7, and 1 or 2. */
  kernel: i32 = 0;
  stride: i32 = 0;
  /** Whether it is the data gradient: x is dy, y is dx, and the kernel is turned. */
  backward: i32 = 0;
  /** For 3×3 of stride 1: whether tiles have 2×2 outputs. They do not need the points 2 and −2. */
  small: i32 = 0;
  tile: i32 = 0;
  x: usize = 0;
  images: i32 = 0;
  height: i32 = 0;
  width: i32 = 0;
  channels: i32 = 0;
  top: i32 = 0;
  left: i32 = 0;
  /** The output, or for a weight gradient the output's gradient. */
  y: usize = 0;
  outHeight: i32 = 0;
  outWidth: i32 = 0;
  /** Rows and columns of the tiles' outputs before the first of y. */
  outTop: i32 = 0;
  outLeft: i32 = 0;
  outChannels: i32 = 0;
  /** Floats from one pixel of y to the next: outChannels, or more. */
  yStep: i32 = 0;
  tilesHigh: i32 = 0;
  tilesWide: i32 = 0;
  /** Number of whole ones, which come first. */
  fullHigh: i32 = 0;
  fullWide: i32 = 0;
  /** Tiles that are transformed, multiplied and transformed back together. */
  blockTiles: i32 = 0;
  /**
   * Transformed weights, or otherwise weights to be transformed on the way: element (k, j) of tap t is at
   * w + 4·(k·wRow + j·wColumn) + t·tapBytes.
   */
  u: usize = 0;
  w: usize = 0;
  wRow: i32 = 0;
  wColumn: i32 = 0;
  tapBytes: i32 = 0;
  bias: usize = 0;
  /** Where to sum y − pivot and its square, of each block of tiles: [block][2][outChannels]. Or 0. */
  moments: usize = 0;
  pivot: usize = 0;
  /** Panels of columns computed from a block at a time. */
  groupPanels: i32 = 0;
  /** For a weight gradient: groups of blocks that are summed separately, and channels of x computed at a time. */
  groups: i32 = 0;
  stripChannels: i32 = 0;
  /** Sums at the points, or transformed tiles: `tileRows` rows of tiles from number firstRow on. */
  sums: usize = 0;
  firstRow: i32 = 0;
  tileRows: i32 = 0;
  /** Whether to add to y, or dw, rather than write it. */
  accumulate: i32 = 0;
  /** As in RowsGemm. */
  residual: usize = 0;
  activation: i32 = 0;
}
