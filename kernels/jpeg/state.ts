// What the JPEG decoder keeps between calls. TypeScript fills it and gives it its memory (src/data/decode/jpeg.ts); everything
// else happens in these kernels, which are a binary of their own: pages that let the browser decode do without them.

/** A picture that is being decoded. Addresses are of bytes; tables and arrays are in one block of the heap. */
@unmanaged
export class Jpeg {
  /** JpegComponent, one after the other. */
  components: usize = 0;
  componentCount: i32 = 0;
  width: i32 = 0;
  height: i32 = 0;
  /** The largest sampling factors. */
  mostH: i32 = 0;
  mostV: i32 = 0;
  /** Units of mostH × mostV blocks. */
  unitsWide: i32 = 0;
  unitsHigh: i32 = 0;
  /** u8 [80]: twice the place in its block of coefficient k in zigzag order; beyond 63 the last place, as in libjpeg. */
  places: usize = 0;
  /** What the components are: one of the COLOURS_…. */
  colours: i32 = 0;
  /** Room for a row of each component at the picture's resolution, `rowBytes` apart. */
  rows: usize = 0;
  rowBytes: i32 = 0;

  /** The scan: its kind, one of SEQUENTIAL, DC_FIRST, …; coefficients first ≤ k ≤ last, shifted by `bit`. */
  kind: i32 = 0;
  first: i32 = 0;
  last: i32 = 0;
  bit: i32 = 0;
  /** Number of its components, and their numbers, a byte each. */
  scanCount: i32 = 0;
  scanComponents: i32 = 0;
  /** Units between two restarts, 0 for no restarts. */
  interval: i32 = 0;
  /** The scan's bytes that are not yet read. */
  from: usize = 0;
  end: usize = 0;

  /** The end of the room for a segment's bits; see bits.ts. */
  top: usize = 0;
  /** Where the bits that are in `buffer` end. */
  p: usize = 0;
  /** Bits of the segment. */
  available: i32 = 0;
  /** The next bits, from the highest one on: 64, in two words. */
  buffer: i32 = 0;
  bufferHigh: i32 = 0;
  /** The number of bits in `buffer` that count. */
  count: i32 = 0;
  /** The marker that ended the segment. */
  marker: i32 = 0;
  /** Units until the next restart. */
  togo: i32 = 0;
  /** Number of the next restart, 0…7. */
  restart: i32 = 0;
  /** Whether the segment ended before its last unit; the units after it are zero. */
  exhausted: i32 = 0;
  /** Blocks that a progressive scan leaves unchanged but for bits of what they have. */
  skip: i32 = 0;
  /** Problems that libjpeg would warn about. */
  warnings: i32 = 0;
}

/** A component of the picture. */
@unmanaged
export class JpegComponent {
  h: i32 = 0;
  v: i32 = 0;
  /** Blocks in a row of the units, and rows of them. */
  blocksWide: i32 = 0;
  blocksHigh: i32 = 0;
  /** Samples that are part of the picture. */
  samplesWide: i32 = 0;
  samplesHigh: i32 = 0;
  /** i16 [64]: the quantisation table, row by row. */
  quantisation: usize = 0;
  /** i16 [coefficientRows, blocksWide, 64]: block row r is row r modulo coefficientRows. */
  coefficients: usize = 0;
  coefficientRows: i32 = 0;
  /** The samples: blocksHigh · 8 rows, `stride` bytes apart, with a byte before and one after each that may be written. */
  plane: usize = 0;
  stride: i32 = 0;
  /** Huffman tables (huffman.ts) of the scan. */
  dcTable: usize = 0;
  acTable: usize = 0;
  /** The last DC coefficient. */
  dc: i32 = 0;
  /** Blocks that are needed: columns first ≤ x < end, and rows. */
  firstColumn: i32 = 0;
  endColumn: i32 = 0;
  firstRow: i32 = 0;
  endRow: i32 = 0;
}

/** Kinds of scans. */
export const SEQUENTIAL: i32 = 0;
export const DC_FIRST: i32 = 1;
export const DC_REFINE: i32 = 2;
export const AC_FIRST: i32 = 3;
export const AC_REFINE: i32 = 4;

/** What components are. */
export const COLOURS_GREY: i32 = 0;
export const COLOURS_RGB: i32 = 1;
export const COLOURS_YCC: i32 = 2;
export const COLOURS_CMYK: i32 = 3;
export const COLOURS_YCCK: i32 = 4;

/** Bytes that are zero after a segment: more than a unit of ten blocks can take, whatever its bits. */
export const ZEROS: i32 = 4096;
/** Bits that are looked up at once. */
export const LOOK: i32 = 10;
/** Bytes of a Huffman table; see huffman.ts. */
export const HUFFMAN_BYTES: i32 = 4608;

/** Component i. */
export function component(s: Jpeg, i: i32): JpegComponent {
  return changetype<JpegComponent>(s.components + i * offsetof<JpegComponent>());
}
