// Minimal filtering for 3×3 convolutions of stride 2. Rows and columns of the (padded) input by parity are four images, its
// phases; the convolution is the sum of four of stride 1 over them: of the kernel's 2×2, 1×2, 2×1 and 1×1 taps that meet
// them. Each is computed as F(4, 2) at the same five points (winograd/strided-transforms.ts), one tap being two of which the
// second is zero: its product at ∞ is left out. Sums over channels and phases happen before the one transform back:
//
//   Y = Aᵀ[Σ_phases (G g Gᵀ) ⊙ (Bᵀ d B)]A
//
// 81 products for each pair of channels and 4×4 outputs instead of 144. Where a side of the output is no multiple of 4,
// up to three tiles have three outputs there; they leave out point 2.
//
// The data gradient is the transpose: one transform of dy, and one transform back for each phase of dx.
//
// As in winograd.ts a block of tiles is transformed into v[ξ][panel][channels / 4][MR][4], channels of all phases, multiplied
// by the weights (winograd/strided-weights.ts) into m[ξ][columns / NR][panel][MR][NR], columns of all phases, and transformed back.
// A point has no place for tiles that leave it out. Lavin and Gray (2015), arXiv 1509.09308; on strides: Yepez and Ko, Stride
// 2 1-D, 2-D and 3-D Winograd for Convolutional Neural Networks (2020), IEEE TVLSI 28(4).

import { padImage } from "../product/pack";
import { WinogradStrided } from "../shapes";
import { at } from "../simd";
import { tileColumns, tileRows } from "../tile/tile";
import { copyPixels, STAGGER } from "./winograd";
import {
  firstPhase,
  phaseCount,
  phasePlace,
  POINTS,
  stridedInput,
  stridedOutput,
  TABLE,
} from "./strided-transforms";
import { stridedPanel, stridedWeightAt, stridedWeightFloats, stridedWeightsScratch } from "./strided-weights";
import { quadsTile } from "../tile/generated/quads";
import { TRANSFORM_SCRATCH } from "./transforms";
import { startWalk, tilesBefore, tileStart, Walk, WALK, walkOn } from "./walk";

/** Channels of each phase that are multiplied at a time where the weights are transformed on the way: they stay in L2. */
const DEPTH: i32 = 64;
const OWN_BYTES: usize = WALK + TABLE + 16 + TRANSFORM_SCRATCH;

/** Rows and columns of input, or of output, that one of the other side comes from. */
function inputStep(s: WinogradStrided): i32 {
  return s.backward ? 1 : 2;
}

function stripWidth(s: WinogradStrided): i32 {
  return inputStep(s) * tileStart(s.tilesWide, s.foursWide) + 1;
}

function stripBytes(s: WinogradStrided): i32 {
  return ((4 * inputStep(s) + 1) * stripWidth(s) * s.channels) << 2;
}

function outStripBytes(s: WinogradStrided): i32 {
  const step = 3 - inputStep(s);
  return (4 * step * step * tileStart(s.tilesWide, s.foursWide) * s.groupPanels * tileColumns(s.tile)) << 2;
}

/** Bytes of a point's values of one block: v and m. */
function vStep(s: WinogradStrided): i32 {
  return ((s.blockTiles * s.channels * (s.backward ? 1 : 4)) << 2) + STAGGER;
}

function mStep(s: WinogradStrided): i32 {
  return ((s.blockTiles * s.groupPanels * tileColumns(s.tile) * (s.backward ? 4 : 1)) << 2) + STAGGER;
}

function columnPanels(s: WinogradStrided): i32 {
  const NR = tileColumns(s.tile);
  return (s.outChannels + NR - 1) / NR;
}

function columnGroups(s: WinogradStrided): i32 {
  return (columnPanels(s) + s.groupPanels - 1) / s.groupPanels;
}

/** Bytes of scratch that one thread needs. */
export function winogradStridedScratch(shape: usize): i32 {
  const s = changetype<WinogradStrided>(shape);
  const NR = tileColumns(s.tile);
  const local = s.w ? 4 * stridedWeightFloats(DEPTH, NR) + stridedWeightsScratch(NR) : 0;
  return <i32>OWN_BYTES + stripBytes(s) + outStripBytes(s) + POINTS * (vStep(s) + mStep(s)) + local;
}

/** Units of work: blocks of tiles, times groups of columns. */
export function winogradStridedUnits(shape: usize): i32 {
  const s = changetype<WinogradStrided>(shape);
  const tiles = s.images * s.tilesHigh * s.tilesWide;
  return ((tiles + s.blockTiles - 1) / s.blockTiles) * columnGroups(s);
}

/** y = conv(x, weights) + bias, or its data gradient. Unit = block · groups + group of columns. */
export function winogradStrided(shape: usize, scratch: usize, begin: i32, end: i32): void {
  const s = changetype<WinogradStrided>(shape);
  const NR = tileColumns(s.tile);
  const groups = columnGroups(s);
  const tiles = s.images * s.tilesHigh * s.tilesWide;
  const walk = changetype<Walk>(scratch);
  const strip = scratch + OWN_BYTES;
  const outStrip = strip + stripBytes(s);
  const v = outStrip + outStripBytes(s);
  const m = v + POINTS * vStep(s);
  const local = m + POINTS * mStep(s);
  let transformed = -1;
  for (let unit = begin; unit < end; unit++) {
    const block = unit / groups;
    const first = block * s.blockTiles;
    const count = min(s.blockTiles, tiles - first);
    startWalk(walk, first, s.tilesWide);
    if (block != transformed) {
      inputBlock(s, count, walk, strip, v);
      transformed = block;
    } else {
      for (let t = 0; t < count; t++) {
        walkOn(walk, isTall(s, walk), isWide(s, walk), s.tilesWide);
      }
    }
    const o0 = (unit % groups) * s.groupPanels;
    const o1 = min(o0 + s.groupPanels, columnPanels(s));
    if (s.w) multiplyOnTheWay(s, walk, v, o0, o1, m, local);
    else multiply(s, walk, v, o0, o1, m);
    startWalk(walk, first, s.tilesWide);
    outputBlock(s, count, walk, o0, o1, m, outStrip);
  }
}

/** m[ξ][phase][o − o0] = v[ξ]·u[ξ][…][o] for panels o0 ≤ o < o1 of columns. */
function multiply(s: WinogradStrided, walk: Walk, v: usize, o0: i32, o1: i32, m: usize): void {
  const MR = tileRows(s.tile);
  const NR = tileColumns(s.tile);
  const panels = columnPanels(s);
  const cBytes = (s.blockTiles * NR) << 2;
  for (let xi = 0; xi < POINTS; xi++) {
    const tiles = (tilesBefore(walk, xi) + MR - 1) / MR;
    const phases = phaseCount(xi);
    const depth = s.backward ? s.channels : phases * s.channels;
    const from = stridedWeightAt(s.u, xi, s.channels, panels * NR);
    const a = v + <usize>(xi * vStep(s));
    for (let z = 0; z < (s.backward ? phases : 1); z++) {
      let b = at(from, (z * panels + o0) * depth * NR);
      let c = m + <usize>(xi * mStep(s) + z * s.groupPanels * cBytes);
      for (let o = o0; o < o1; o++) {
        quadsTile(s.tile, a, 0, tiles, depth >> 2, b, c, 0);
        b = at(b, depth * NR);
        c += cBytes;
      }
    }
  }
}

/** The same with weights that are transformed at u, a panel and DEPTH channels at a time. */
function multiplyOnTheWay(
  s: WinogradStrided,
  walk: Walk,
  v: usize,
  o0: i32,
  o1: i32,
  m: usize,
  u: usize,
): void {
  const NR = tileColumns(s.tile);
  const packing = at(u, stridedWeightFloats(DEPTH, NR));
  for (let k = 0; k < s.channels; k += DEPTH) {
    const depth = min(DEPTH, s.channels - k);
    for (let o = o0; o < o1; o++) {
      const from = at(s.w, k * s.wRow + o * NR * s.wColumn);
      const columns = min(NR, s.outChannels - o * NR);
      stridedPanel(from, s.wRow, s.wColumn, s.tapBytes, depth, columns, NR, s.backward, u, 0, 1, packing);
      multiplyPanel(s, walk, v, k, depth, u, m, o - o0);
    }
  }
}

/** m[ξ][phase][to] (+)= v[ξ]·u[ξ], channels k … k + depth of each phase; added unless they are the first. */
function multiplyPanel(
  s: WinogradStrided,
  walk: Walk,
  v: usize,
  k: i32,
  depth: i32,
  u: usize,
  m: usize,
  to: i32,
): void {
  const MR = tileRows(s.tile);
  const NR = tileColumns(s.tile);
  const cBytes = (s.blockTiles * NR) << 2;
  for (let xi = 0; xi < POINTS; xi++) {
    const tiles = (tilesBefore(walk, xi) + MR - 1) / MR;
    const phases = phaseCount(xi);
    const skip = ((s.backward ? s.channels : phases * s.channels) - depth) * MR;
    const from = stridedWeightAt(u, xi, depth, NR);
    for (let z = 0; z < phases; z++) {
      const a = at(v + <usize>(xi * vStep(s)), ((s.backward ? 0 : z * s.channels) + k) * MR);
      const b = at(from, z * depth * NR);
      const c = m + <usize>(xi * mStep(s) + ((s.backward ? z * s.groupPanels : 0) + to) * cBytes);
      quadsTile(s.tile, a, skip << 2, tiles, depth >> 2, b, c, i32(k > 0 || (z > 0 && !s.backward)));
    }
  }
}

function isTall(s: WinogradStrided, walk: Walk): i32 {
  return i32(walk.row % s.tilesHigh < s.foursHigh);
}

function isWide(s: WinogradStrided, walk: Walk): i32 {
  return i32(walk.column < s.foursWide);
}

/** Transforms `count` tiles of the input to v. */
function inputBlock(s: WinogradStrided, count: i32, walk: Walk, strip: usize, v: usize): void {
  const MR = tileRows(s.tile);
  const table = changetype<usize>(walk) + WALK;
  const transform = table + TABLE + 16;
  const step = inputStep(s);
  const width = stripWidth(s);
  const pixel = at(0, s.channels);
  const rowBytes = <usize>width * pixel;
  const phaseBytes = (s.channels * MR) << 2;
  for (let t = 0; t < count; t++) {
    if (t == 0 || walk.column == 0) {
      const x = at(s.x, (walk.row / s.tilesHigh) * s.height * s.width * s.channels);
      const top = s.top - step * tileStart(walk.row % s.tilesHigh, s.foursHigh);
      padImage(
        x,
        strip,
        s.height,
        s.width * s.channels,
        top,
        s.left * s.channels,
        4 * step + 1,
        width * s.channels,
      );
    }
    for (let xi = 0; xi < POINTS; xi++) {
      const i = tilesBefore(walk, xi);
      const phases = s.backward ? 1 : phaseCount(xi);
      const skipped = s.backward ? 0 : firstPhase(xi);
      const address = xi * vStep(s) + ((i % MR) << 4) + ((i / MR) * phases - skipped) * phaseBytes;
      store<u32>(at(table, xi), <u32>(v + <usize>address));
    }
    const tall = isTall(s, walk);
    const wide = isWide(s, walk);
    const from = strip + <usize>(step * tileStart(walk.column, s.foursWide)) * pixel;
    if (s.backward) {
      stridedInput(from, rowBytes, pixel, s.channels, tall, wide, 0, 0, table, 0, MR << 4, transform);
    } else {
      for (let phase = 0; phase < 4; phase++) {
        const r = phase >> 1;
        const q = phase & 1;
        const x = from + <usize>r * rowBytes + <usize>q * pixel;
        const offset = <usize>(phasePlace(r, q) * phaseBytes);
        stridedInput(
          x,
          2 * rowBytes,
          2 * pixel,
          s.channels,
          tall,
          wide,
          r,
          q,
          table,
          offset,
          MR << 4,
          transform,
        );
      }
    }
    walkOn(walk, tall, wide, s.tilesWide);
  }
}

/** Transforms the products of panels o0 ≤ o < o1 of columns back, in a strip of a row of tiles that is copied to y whole. */
function outputBlock(
  s: WinogradStrided,
  count: i32,
  walk: Walk,
  o0: i32,
  o1: i32,
  m: usize,
  strip: usize,
): void {
  const NR = tileColumns(s.tile);
  const table = changetype<usize>(walk) + WALK;
  const transform = table + TABLE + 16;
  const step = 3 - inputStep(s);
  const c0 = o0 * NR;
  const channels = min(s.outChannels, o1 * NR) - c0;
  const pixel = at(0, channels);
  const rowBytes = <usize>(step * tileStart(s.tilesWide, s.foursWide)) * pixel;
  const bias = s.bias ? at(s.bias, c0) : 0;
  const panelBytes = (s.blockTiles * NR) << 2;
  const phaseBytes = s.groupPanels * panelBytes;
  let begin = walk.column;
  for (let t = 0; t < count; t++) {
    for (let xi = 0; xi < POINTS; xi++) {
      const skipped = s.backward ? firstPhase(xi) * phaseBytes : 0;
      const address = xi * mStep(s) + ((tilesBefore(walk, xi) * NR) << 2) - skipped;
      store<u32>(at(table, xi), <u32>(m + <usize>address));
    }
    const tall = isTall(s, walk);
    const wide = isWide(s, walk);
    const to = strip + <usize>(step * tileStart(walk.column, s.foursWide)) * pixel;
    if (s.backward) {
      for (let phase = 0; phase < 4; phase++) {
        const r = phase >> 1;
        const q = phase & 1;
        const y = to + <usize>(1 - r) * rowBytes + <usize>(1 - q) * pixel;
        const offset = <usize>(phasePlace(r, q) * phaseBytes);
        stridedOutput(
          table,
          offset,
          NR,
          panelBytes,
          channels,
          tall,
          wide,
          r,
          q,
          0,
          y,
          2 * rowBytes,
          2 * pixel,
          transform,
        );
      }
    } else {
      stridedOutput(
        table,
        0,
        NR,
        panelBytes,
        channels,
        tall,
        wide,
        0,
        0,
        bias,
        to,
        rowBytes,
        pixel,
        transform,
      );
    }
    const row = walk.row;
    const column = walk.column;
    walkOn(walk, tall, wide, s.tilesWide);
    if (t + 1 < count && walk.column) continue;
    copyRows(s, row, tall, begin, column + 1, strip, rowBytes, channels, c0);
    begin = 0;
  }
}

/** Copies what a row of tiles, columns j0 ≤ j < j1 of it, has of y from its strip. */
function copyRows(
  s: WinogradStrided,
  row: i32,
  tall: i32,
  j0: i32,
  j1: i32,
  strip: usize,
  rowBytes: usize,
  channels: i32,
  c0: i32,
): void {
  const step = 3 - inputStep(s);
  const top = step * tileStart(row % s.tilesHigh, s.foursHigh) - s.outTop;
  const first = max(0, step * tileStart(j0, s.foursWide) - s.outLeft);
  const end = min(s.outWidth, step * tileStart(j1, s.foursWide) - s.outLeft);
  const image = at(s.y, (row / s.tilesHigh) * s.outHeight * s.outWidth * s.outChannels + c0);
  let from = at(strip, (first + s.outLeft) * channels);
  for (let h = top; h < top + step * (3 + tall); h++) {
    if (h >= 0 && h < s.outHeight) {
      const to = at(image, (h * s.outWidth + first) * s.outChannels);
      copyPixels(from, to, end - first, channels, s.outChannels);
    }
    from += rowBytes;
  }
}
