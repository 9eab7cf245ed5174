// The units of a scan in their order (ITU-T T.81, A.2), and a picture's samples from its coefficients.

import { beginBits, checkBits, restartBits } from "./bits";
import { acFirst, acRefine, dcFirst, dcRefine, sequentialBlock } from "./blocks";
import { idct } from "./generated/idct";
import { AC_FIRST, component, DC_FIRST, DC_REFINE, Jpeg, JpegComponent, SEQUENTIAL } from "./state";

/** Address of a block's coefficients. */
function blockAt(c: JpegComponent, row: i32, column: i32): usize {
  return c.coefficients + (((row % c.coefficientRows) * c.blocksWide + column) << 7);
}

function decodeBlock(s: Jpeg, c: JpegComponent, to: usize): void {
  const kind = s.kind;
  if (kind == SEQUENTIAL) sequentialBlock(s, c, to);
  else if (kind == DC_FIRST) dcFirst(s, c, to);
  else if (kind == DC_REFINE) dcRefine(s, to);
  else if (kind == AC_FIRST) acFirst(s, c, to);
  else acRefine(s, c, to);
}

/** Before a unit: whether its bits are there. */
function due(s: Jpeg): bool {
  if (s.interval) {
    if (s.togo == 0) restartBits(s);
    s.togo--;
  }
  return !s.exhausted;
}

/** A row of units of several components. */
function unitRow(s: Jpeg, row: i32): void {
  for (let unit = 0; unit < s.unitsWide; unit++) {
    if (!due(s)) continue;
    for (let i = 0; i < s.scanCount; i++) {
      const c = component(s, (s.scanComponents >> (8 * i)) & 3);
      for (let y = 0; y < c.v; y++) {
        const first = blockAt(c, row * c.v + y, unit * c.h);
        for (let x = 0; x < c.h; x++) decodeBlock(s, c, first + (x << 7));
      }
    }
    checkBits(s);
  }
}

/** Clears the coefficients of a row of units. */
function clearRow(s: Jpeg, row: i32): void {
  for (let i = 0; i < s.componentCount; i++) {
    const c = component(s, i);
    memory.fill(blockAt(c, row * c.v, 0), 0, (c.v * c.blocksWide) << 7);
  }
}

/** Samples of the blocks that are needed in the unit rows begin ≤ row < end. */
function samples(s: Jpeg, begin: i32, end: i32): void {
  for (let i = 0; i < s.componentCount; i++) {
    const c = component(s, i);
    const last = min(c.endRow, end * c.v);
    for (let row = max(c.firstRow, begin * c.v); row < last; row++) {
      const to = c.plane + row * 8 * c.stride;
      const from = blockAt(c, row, 0);
      for (let x = c.firstColumn; x < c.endColumn; x++) {
        idct(from + (x << 7), c.quantisation, to + (x << 3), c.stride);
      }
    }
  }
}

/** Decodes a picture of one sequential scan of all components, up to the unit row `end`: coefficients are kept for a row only. */
export function decodeWhole(state: usize, end: i32): void {
  const s = changetype<Jpeg>(state);
  beginBits(s);
  for (let row = 0; row < end; row++) {
    clearRow(s, row);
    unitRow(s, row);
    samples(s, row, row + 1);
  }
}

/** Adds a scan to the coefficients of the picture. A component alone has units of a block, and none that only pad. */
export function decodeScan(state: usize): void {
  const s = changetype<Jpeg>(state);
  beginBits(s);
  if (s.scanCount > 1) {
    for (let row = 0; row < s.unitsHigh; row++) unitRow(s, row);
    return;
  }
  const c = component(s, s.scanComponents);
  const columns = (c.samplesWide + 7) >> 3;
  const rows = (c.samplesHigh + 7) >> 3;
  for (let row = 0; row < rows; row++) {
    for (let x = 0; x < columns; x++) {
      if (!due(s)) continue;
      decodeBlock(s, c, blockAt(c, row, x));
      checkBits(s);
    }
  }
}

/** The samples of a picture whose scans are decoded. */
export function samplesOf(state: usize): void {
  const s = changetype<Jpeg>(state);
  samples(s, 0, s.unitsHigh);
}
