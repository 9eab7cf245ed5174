/** Among the bits of `inside`: whether outputs are cut. */
export const CUT: i32 = 256;

/** A sliding sum along one row (depthwise/rows.ts) or two (depthwise/blocks.ts), in DEPTHWISE_SCRATCH; distances are in bytes. */
@unmanaged
export class Sliding {
  /** Pixel 0 of the first of `rows` rows of x, of `width` pixels each. */
  x: usize = 0;
  xRow: usize = 0;
  rows: i32 = 0;
  width: i32 = 0;
  /** The pixel that the first tap of output 0 meets, and pixels from output to output and from tap to tap. */
  start: i32 = 0;
  stride: i32 = 0;
  dilation: i32 = 0;
  taps: i32 = 0;
  /** The first tap of the first row. */
  w: usize = 0;
  wRow: usize = 0;
  wStep: usize = 0;
  bias: usize = 0;
  /** Whether outputs are cut to [0, high]. */
  cuts: i32 = 0;
  high: f32 = 0;
  y: usize = 0;
  yStep: usize = 0;
  count: i32 = 0;
  channels: i32 = 0;
  /** Number of outputs from doneFrom on that are already done. */
  doneFrom: i32 = 0;
  done: i32 = 0;
  /** Number of outputs of a row that go in blocks, from firstBlock on; yRow: bytes to the row below. */
  blocks: i32 = 0;
  firstBlock: i32 = 0;
  yRow: usize = 0;
  /** Rows of the image, of which a block sees those with a bit in `inside`. */
  height: i32 = 0;
  inside: i32 = 0;
  /** Channels that blocks do at once, and their bias. */
  chunk: i32 = 0;
  chunkBias: usize = 0;
  /** Whether blocks may be 2 × 4. */
  wide: i32 = 0;
}

/** Where outputs are cut: loaded where that is done, since registers are few in the loops around. */
export function most(s: Sliding): v128 {
  return v128.load32_splat(changetype<usize>(s), offsetof<Sliding>("high"));
}

/** Sums of a weight gradient (depthwise/weight.ts), at the start of its scratch; distances are in bytes. */
@unmanaged
export class WeightSums {
  /** `count` channels of all of x and dy, and of the taps of dw. */
  x: usize = 0;
  dy: usize = 0;
  dw: usize = 0;
  count: i32 = 0;
  pixel: usize = 0;
  /** [count/4][kernelHeight·kernelWidth][4], of which fours of outputs take sums from rowSums on; sumsNext to the next four channels. */
  sums: usize = 0;
  rowSums: usize = 0;
  sumsNext: usize = 0;
  /** The rows of x that lie inside the image. */
  rows: i32 = 0;
  xRow: usize = 0;
  stride: i32 = 0;
  taps: i32 = 0;
  ahead: i32 = 0;
  /** Whether outputs go in runs; then a TapRow for each of three rows of taps follows. */
  runs: i32 = 0;
}

/** Where a row of taps meets x, and where its sums are, for four channels and the next four. */
@unmanaged
export class TapRow {
  x: usize = 0;
  sums: usize = 0;
  next: usize = 0;
}

export function tapRow(s: WeightSums, p: i32): TapRow {
  return changetype<TapRow>(changetype<usize>(s) + offsetof<WeightSums>() + p * offsetof<TapRow>());
}
