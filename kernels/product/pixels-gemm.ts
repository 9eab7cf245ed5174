// C = Aᵀ·B summed over pixels, both operands read in place: weight gradients without im2col.

import { packMatrix, packPanel } from "./pack";
import { PixelsGemm } from "../shapes";
import { at } from "../simd";
import { Operands, setPanels, tileColumns, tileRows, TILE_SCRATCH } from "../tile/tile";
import { panelTile } from "../tile/generated/panel";
import { touchPixels } from "../window";

/** Bytes of one segment, and of what a thread needs besides packed operands. */
const SEGMENT_BYTES: i32 = 64;
const OWN_BYTES: i32 = SEGMENT_BYTES + TILE_SCRATCH;

function strips(s: PixelsGemm): i32 {
  const MR = tileRows(s.tile);
  return (s.rows + MR - 1) / MR;
}

/** Units of work: strips of MR rows of C, for each tap and group; or parts of the pixels. */
export function pixelsGemmUnits(shape: usize): i32 {
  const s = changetype<PixelsGemm>(shape);
  if (s.parts > 1) return s.parts;
  return s.kernelHeight * s.kernelWidth * s.groups * strips(s);
}

/** Bytes of scratch that one thread needs: packed operands of a block of pixels, and its segment. */
export function pixelsGemmScratch(shape: usize): i32 {
  const s = changetype<PixelsGemm>(shape);
  if (!s.packed) return OWN_BYTES;
  const NR = tileColumns(s.tile);
  return OWN_BYTES + ((s.blockPixels * (12 + ((s.columns + NR - 1) / NR) * NR)) << 2);
}

/**
 * C[i][j] (+)= Σ_s Σ_p A[s.a + p·aPixelBytes][i] · B[s.b + p·bPixelBytes][j]: segments are runs of pixels, a row of
 * an image each. blockSegments of them are summed at a time, so that their pixels stay in cache for all of C and
 * rounding errors grow with the blocks and not with the pixels; each sum is added to C. There is a C for each tap of a
 * kernel and each group. Packed: a block's operands are copied together first, where pixels lie so far apart that few
 * lines of L1 would hold them; then there is one tap and one group, and if there are several parts, each part of the
 * blocks is summed in a C of its own, cPartBytes after the one before: threads then read different pixels. Reads up to
 * MR − 1 floats past A's and NR − 1 past B's last element.
 */
export function pixelsGemm(shape: usize, scratch: usize, begin: i32, end: i32): void {
  const s = changetype<PixelsGemm>(shape);
  const blocks = (s.segmentCount + s.blockSegments - 1) / s.blockSegments;
  if (s.parts <= 1) {
    someBlocks(s, 0, blocks, s.c, scratch, begin, end);
    return;
  }
  for (let part = begin; part < end; part++) {
    const first = (part * blocks) / s.parts;
    const last = ((part + 1) * blocks) / s.parts;
    someBlocks(s, first, last, s.c + part * s.cPartBytes, scratch, 0, strips(s));
  }
}

/** Blocks first ≤ block < last of pixels, strips begin ≤ strip < end. */
function someBlocks(
  s: PixelsGemm,
  first: i32,
  last: i32,
  c: usize,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  for (let block = first; block < last; block++) {
    const from = block * s.blockSegments;
    const segments = s.segments + from * 12;
    const count = min(s.blockSegments, s.segmentCount - from);
    const accumulate = s.accumulate | i32(block > first);
    if (s.packed) packedBlock(s, segments, count, c, accumulate, scratch, begin, end);
    else blockInPlace(s, segments, count, accumulate, scratch, begin, end);
  }
}

function blockInPlace(
  s: PixelsGemm,
  segments: usize,
  count: i32,
  accumulate: i32,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const MR = tileRows(s.tile);
  const NR = tileColumns(s.tile);
  const perTap = strips(s);
  const operands = changetype<Operands>(scratch + SEGMENT_BYTES);
  operands.segments = segments;
  operands.segmentCount = count;
  operands.aStep = s.aPixelBytes;
  operands.bStep = s.bPixelBytes;
  operands.cRow = s.cRowBytes;
  for (let unit = begin; unit < end;) {
    const z = unit / perTap;
    const last = min(end, (z + 1) * perTap);
    const g = z % s.groups;
    const q = (z / s.groups) % s.kernelWidth;
    const p = z / s.groups / s.kernelWidth;
    const a = s.a + p * s.aHeightBytes + q * s.aWidthBytes + g * s.aGroupBytes;
    const b = s.b + g * s.bGroupBytes;
    const c = s.c + p * s.cHeightBytes + q * s.cWidthBytes + g * s.cGroupBytes;
    const i0 = (unit - z * perTap) * MR;
    const i1 = (last - z * perTap) * MR;
    for (let o = 0; o < s.columns; o += NR) {
      for (let i = i0; i < i1; i += MR) {
        const to = c + i * s.cRowBytes + at(0, o);
        panelTile(s.tile, operands, at(a, i), at(b, o), to, accumulate, s.rows - i, s.columns - o);
      }
    }
    unit = last;
  }
}

/** Pixels of B packed at a time, from L1. */
const FEW: i32 = 16;

function packedBlock(
  s: PixelsGemm,
  segments: usize,
  count: i32,
  c: usize,
  accumulate: i32,
  scratch: usize,
  begin: i32,
  end: i32,
): void {
  const MR = tileRows(s.tile);
  const NR = tileColumns(s.tile);
  const i0 = begin * MR;
  const width = min(end * MR, s.rows) - i0;
  const aPanel = scratch + OWN_BYTES;
  const bPanels = at(aPanel, s.blockPixels * 12);
  let pixels = 0;
  for (let k = 0; k < count; k++) {
    const segment = segments + 12 * k;
    const from = s.b + <usize>load<i32>(segment, 4);
    const length = load<i32>(segment, 8);
    touchPixels(at(s.a + <usize>load<i32>(segment), i0), s.aPixelBytes, width, length);
    for (let p = 0; p < length; p += FEW) {
      const few = min(FEW, length - p);
      const first = from + <usize>p * s.bPixelBytes;
      touchPixels(first, s.bPixelBytes, s.columns, few);
      const to = at(bPanels, (pixels + p) * NR);
      packMatrix(first, s.bPixelBytes >> 2, 1, few, s.columns, NR, to, s.blockPixels * NR);
    }
    pixels += length;
  }
  const operands = changetype<Operands>(scratch + SEGMENT_BYTES);
  setPanels(operands, scratch, pixels, at(0, MR), at(0, NR), s.cRowBytes);
  for (let unit = begin; unit < end; unit++) {
    const i = unit * MR;
    const rows = min(MR, s.rows - i);
    let to = aPanel;
    for (let k = 0; k < count; k++) {
      const segment = segments + 12 * k;
      const length = load<i32>(segment, 8);
      packPanel(at(s.a + <usize>load<i32>(segment), i), s.aPixelBytes >> 2, 1, length, rows, MR, to);
      to = at(to, length * MR);
    }
    for (let o = 0; o < s.columns; o += NR) {
      const b = at(bPanels, o * s.blockPixels);
      const cTile = c + i * s.cRowBytes + at(0, o);
      panelTile(s.tile, operands, aPanel, b, cTile, accumulate, s.rows - i, s.columns - o);
    }
  }
}
