// The weight gradient of a 3×3 convolution of stride 2 by the adjoint of minimal filtering, see winograd/strided.ts:
//
//   dg = Gᵀ[Σ_tiles (Bᵀ d B) ⊙ (A dY Aᵀ)]G     for each of the four phases of the input
//
// All tiles of some rows of tiles are transformed once (stridedTiles); then each strip of input channels of each phase has its
// products, and its sums transformed back while they are in cache (stridedSums).

import { padImage } from "../product/pack";
import { StridedSums } from "../shapes";
import { at, madd } from "../simd";
import { STAGGER } from "./winograd";
import { SUM_SCRATCH, sumTiles } from "./products";
import { startWalk, tilesBefore, tileStart, Walk, WALK, walkOn } from "./walk";
import {
  firstPhase,
  phaseCount,
  phasePlace,
  place,
  POINTS,
  stridedInput,
  TABLE,
  TWO,
} from "./strided-transforms";
import { constant, TRANSFORM_SCRATCH } from "./transforms";

/** Tiles whose products are summed before the next ones: both operands of a register tile stay in L1. */
const BLOCK: i32 = 128;
const OWN_BYTES: usize = WALK + TABLE + 16 + TRANSFORM_SCRATCH;

/** The values d0 + d1·x + … at the points. */
function spread(from: usize, step: usize, to: usize, four: i32, two: v128, fours: v128): void {
  const d0 = v128.load(from);
  const d1 = v128.load(from + step);
  const d2 = v128.load(from + 2 * step);
  const a = f32x4.add(d0, d2);
  v128.store(to, d0);
  if (four) {
    const d3 = v128.load(from + 3 * step);
    const b = f32x4.add(d1, d3);
    v128.store(to, f32x4.add(a, b), 16);
    v128.store(to, f32x4.sub(a, b), 32);
    v128.store(to, madd(two, madd(fours, d3, d1), madd(fours, d2, d0)), 48);
    v128.store(to, d3, 64);
  } else {
    v128.store(to, f32x4.add(a, d1), 16);
    v128.store(to, f32x4.sub(a, d1), 32);
    v128.store(to, d2, 64);
  }
}

/** A d Aᵀ of a tile of gradients at dy, to the places of the points. */
function stridedGradient(
  dy: usize,
  rowBytes: usize,
  pixelBytes: usize,
  channels: i32,
  tall: i32,
  wide: i32,
  table: usize,
  scratch: usize,
): void {
  const two = constant(scratch, 0, 2);
  const fours = constant(scratch, 1, 4);
  let offset: usize = 0;
  for (let c = 0; c < channels; c += 4) {
    let from = dy;
    let to = scratch;
    for (let r = 0; r < 3 + tall; r++) {
      inline.always(spread(from, pixelBytes, to, wide, two, fours));
      from += rowBytes;
      to += 80;
    }
    for (let q = 0; q < 5; q++) {
      if (q == TWO && !wide) continue;
      const points = table + <usize>(q << 2);
      const column = scratch + <usize>(q << 4);
      const d0 = v128.load(column);
      const d1 = v128.load(column, 80);
      const d2 = v128.load(column, 160);
      const a = f32x4.add(d0, d2);
      v128.store(place(points, 0, offset), d0);
      if (tall) {
        const d3 = v128.load(column, 240);
        const b = f32x4.add(d1, d3);
        v128.store(place(points, 1, offset), f32x4.add(a, b));
        v128.store(place(points, 2, offset), f32x4.sub(a, b));
        v128.store(place(points, 3, offset), madd(two, madd(fours, d3, d1), madd(fours, d2, d0)));
        v128.store(place(points, 4, offset), d3);
      } else {
        v128.store(place(points, 1, offset), f32x4.add(a, d1));
        v128.store(place(points, 2, offset), f32x4.sub(a, d1));
        v128.store(place(points, 4, offset), d2);
      }
    }
    dy += 16;
    offset += 16;
  }
}

/** Bytes of a tile's channels; a line more where multiples of 256 bytes would fall on a few lines of L1. */
function tileBytes(channels: i32): i32 {
  return (channels << 2) + (channels >= 64 ? STAGGER : 0);
}

function vStep(s: StridedSums): i32 {
  return s.tileRows * s.tilesWide * tileBytes(4 * s.channels) + STAGGER;
}

function dStep(s: StridedSums): i32 {
  return s.tileRows * s.tilesWide * tileBytes(s.outChannels) + STAGGER;
}

/** Floats of the transformed tiles, of x and of dy. */
export function stridedTilesFloats(shape: usize): i32 {
  const s = changetype<StridedSums>(shape);
  return (POINTS * (vStep(s) + dStep(s))) >> 2;
}

/** Scratch of one thread of stridedTiles. */
export function stridedTilesScratch(shape: usize): i32 {
  const s = changetype<StridedSums>(shape);
  const width = tileStart(s.tilesWide, s.foursWide);
  return <i32>OWN_BYTES + ((9 * (2 * width + 1) * s.channels + 4 * width * s.outChannels) << 2);
}

/** The walk at the beginning of row number `row` of the tiles transformed together. */
function walkTo(s: StridedSums, walk: Walk, row: i32): void {
  const all = s.firstRow + row;
  const talls = tallRows(s, all) - tallRows(s, s.firstRow);
  startWalk(walk, all * s.tilesWide, s.tilesWide);
  walk.all = row * s.tilesWide;
  walk.tall = talls * s.tilesWide;
  walk.wide = row * s.foursWide;
  walk.both = talls * s.foursWide;
}

/** Rows of tiles with four rows of outputs, of the first so many. */
function tallRows(s: StridedSums, rows: i32): i32 {
  return (rows / s.tilesHigh) * s.foursHigh + min(rows % s.tilesHigh, s.foursHigh);
}

/** Transforms the tiles of x and dy to s.tiles. Unit = row of tiles, from s.firstRow on. */
export function stridedTiles(shape: usize, scratch: usize, begin: i32, end: i32): void {
  const s = changetype<StridedSums>(shape);
  const walk = changetype<Walk>(scratch);
  const table = scratch + WALK;
  const transform = table + TABLE + 16;
  const width = tileStart(s.tilesWide, s.foursWide);
  const xStrip = scratch + OWN_BYTES;
  const xWidth = 2 * width + 1;
  const dyStrip = at(xStrip, 9 * xWidth * s.channels);
  const d = s.tiles + <usize>(POINTS * vStep(s));
  const pixel = at(0, s.channels);
  const dyPixel = at(0, s.outChannels);
  for (let unit = begin; unit < end; unit++) {
    walkTo(s, walk, unit);
    const n = walk.row / s.tilesHigh;
    const tall = i32(walk.row % s.tilesHigh < s.foursHigh);
    const i = tileStart(walk.row % s.tilesHigh, s.foursHigh);
    const x = at(s.x, n * s.height * s.width * s.channels);
    padImage(
      x,
      xStrip,
      s.height,
      s.width * s.channels,
      s.top - 2 * i,
      s.left * s.channels,
      9,
      xWidth * s.channels,
    );
    const dy = at(s.dy, n * s.outHeight * s.outWidth * s.outChannels);
    padImage(dy, dyStrip, s.outHeight, s.outWidth * s.outChannels, -i, 0, 4, width * s.outChannels);
    for (let j = 0; j < s.tilesWide; j++) {
      const wide = i32(j < s.foursWide);
      const start = <usize>tileStart(j, s.foursWide);
      for (let xi = 0; xi < POINTS; xi++) {
        const bytes = tilesBefore(walk, xi) * tileBytes(phaseCount(xi) * s.channels);
        const skipped = firstPhase(xi) * (s.channels << 2);
        store<u32>(at(table, xi), <u32>(s.tiles + <usize>(xi * vStep(s) + bytes - skipped)));
      }
      for (let phase = 0; phase < 4; phase++) {
        const r = phase >> 1;
        const q = phase & 1;
        const from = xStrip + (2 * start + <usize>q) * pixel + <usize>(r * xWidth) * pixel;
        const offset = <usize>phasePlace(r, q) * pixel;
        const rowBytes = <usize>(2 * xWidth) * pixel;
        stridedInput(from, rowBytes, 2 * pixel, s.channels, tall, wide, r, q, table, offset, 16, transform);
      }
      for (let xi = 0; xi < POINTS; xi++) {
        const bytes = tilesBefore(walk, xi) * tileBytes(s.outChannels);
        store<u32>(at(table, xi), <u32>(d + <usize>(xi * dStep(s) + bytes)));
      }
      const from = dyStrip + start * dyPixel;
      stridedGradient(from, <usize>width * dyPixel, dyPixel, s.outChannels, tall, wide, table, transform);
      walkOn(walk, tall, wide, s.tilesWide);
    }
  }
}

/** Bytes of one point's sums. */
function sumStep(s: StridedSums): i32 {
  return ((s.stripChannels * s.outChannels) << 2) + STAGGER;
}

/** Scratch of one thread of stridedSums. */
export function stridedSumsScratch(shape: usize): i32 {
  const s = changetype<StridedSums>(shape);
  return <i32>OWN_BYTES + SUM_SCRATCH + POINTS * sumStep(s);
}

/** Units of work of stridedSums: phases, times strips of input channels. */
export function stridedSumsUnits(shape: usize): i32 {
  const s = changetype<StridedSums>(shape);
  return 4 * ((s.channels + s.stripChannels - 1) / s.stripChannels);
}

/** dw (+)= its part from the tiles that stridedTiles left. Unit = phase · strips + strip. */
export function stridedSums(shape: usize, dw: usize, scratch: usize, begin: i32, end: i32): void {
  const s = changetype<StridedSums>(shape);
  const strips = (s.channels + s.stripChannels - 1) / s.stripChannels;
  const walk = changetype<Walk>(scratch);
  const own = scratch + OWN_BYTES;
  const sums = own + SUM_SCRATCH;
  const step = sumStep(s);
  const d = s.tiles + <usize>(POINTS * vStep(s));
  const bStep = tileBytes(s.outChannels);
  walkTo(s, walk, s.tileRows);
  for (let unit = begin; unit < end; unit++) {
    const oddRow = (unit / strips) >> 1;
    const oddColumn = (unit / strips) & 1;
    const c0 = (unit % strips) * s.stripChannels;
    const channels = min(s.stripChannels, s.channels - c0);
    for (let xi = 0; xi < POINTS; xi++) {
      if ((oddRow && xi >= 20) || (oddColumn && xi % 5 == 4)) continue;
      const tiles = tilesBefore(walk, xi);
      const aStep = tileBytes(phaseCount(xi) * s.channels);
      const place = (phasePlace(oddRow, oddColumn) - firstPhase(xi)) * s.channels + c0;
      const a = at(s.tiles, place) + <usize>(xi * vStep(s));
      const b = d + <usize>(xi * dStep(s));
      const c = sums + <usize>(xi * step);
      let t = 0;
      do {
        const from = a + <usize>(t * aStep);
        const d0 = b + <usize>(t * bStep);
        const count = min(BLOCK, tiles - t);
        sumTiles(s.tile, from, aStep, d0, bStep, count, c, i32(t > 0), channels, s.outChannels, own);
        t += BLOCK;
      } while (t < tiles);
    }
    const tap = at(dw, ((oddRow * 3 + oddColumn) * s.channels + c0) * s.outChannels);
    const tapBytes = (s.channels * s.outChannels) << 2;
    narrowAll(
      sums,
      step,
      oddRow,
      oddColumn,
      tap,
      tapBytes,
      s.accumulate,
      channels * s.outChannels,
      scratch + WALK + TABLE + 16,
    );
  }
}

/** Gᵀ·(s0, …, s4): the taps of an even phase, or the one of an odd phase. */
function narrow(
  from: usize,
  step: usize,
  odd: i32,
  half: v128,
  sixth: v128,
  third: v128,
  to: usize,
  toStep: usize,
): void {
  const s1 = v128.load(from + step);
  const s2 = v128.load(from + 2 * step);
  const s3 = v128.load(from + 3 * step);
  v128.store(to, madd(half, f32x4.add(s1, s2), madd(sixth, s3, v128.load(from))));
  if (odd) return;
  const far = madd(third, s3, v128.load(from + 4 * step));
  v128.store(to + toStep, madd(half, f32x4.sub(s1, s2), far));
}

/** dw (+)= Gᵀ s G of one phase for n channel pairs. dw: the phase's first tap; its others are two rows or columns on. */
function narrowAll(
  s: usize,
  sStep: i32,
  oddRow: i32,
  oddColumn: i32,
  dw: usize,
  tapBytes: i32,
  accumulate: i32,
  n: i32,
  scratch: usize,
): void {
  const half = constant(scratch, 0, 0.5);
  const sixth = constant(scratch, 1, -1 / 6);
  const third = constant(scratch, 2, -1 / 3);
  const step = <usize>sStep;
  for (let k = 0; k < n; k += 4) {
    const from = at(s, k);
    for (let q: usize = 0; q < <usize>(5 - oddColumn); q++) {
      inline.always(narrow(from + q * step, 5 * step, oddRow, half, sixth, third, scratch + q * 16, 80));
    }
    for (let p = 0; p < 2 - oddRow; p++) {
      const row = scratch + <usize>(80 * p);
      inline.always(narrow(row, 16, oddColumn, half, sixth, third, scratch + 160, 16));
      let to = at(dw, k) + <usize>(6 * p * tapBytes);
      for (let q: usize = 0; q < <usize>(2 - oddColumn); q++) {
        let v = v128.load(scratch + 160 + 16 * q);
        if (accumulate) v = f32x4.add(v128.load(to), v);
        v128.store(to, v);
        to += 2 * tapBytes;
      }
    }
  }
}
