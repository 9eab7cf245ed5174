// 7×7 convolutions of stride 2 on few channels, the first layer of many networks: rows and columns of the padded input by
// parity are four images, here as one of four times the channels; on it the convolution is one of stride 1 with 4×4 taps, of
// which 15 of 64 are zero. That is computed as F(3×3, 4×4) in tiles of 3×3 outputs (winograd/stem-transforms.ts): 36·4
// products for each pair of channels and tile instead of 9·49.
//
// As in winograd.ts a block of tiles is transformed into v[36][panel][channels][MR][4] (fours of phases' channels), multiplied
// by u into m[36][columns / NR][panel][MR][NR], and transformed back. The weight gradient is the adjoint, as in
// winograd/weight.ts; groups of blocks add up on their own.

import { padImage } from "../product/pack";
import { StemConv, StemSums } from "../shapes";
import { at } from "../simd";
import { tileColumns, tileRows } from "../tile/tile";
import { STAGGER } from "./winograd";
import { SUM_SCRATCH, sumTiles } from "./products";
import { stemGradient, stemOutput } from "./stem-transforms";
import { quadsTile } from "../tile/generated/quads";
import { Outputs, Tiles, TRANSFORM_SCRATCH, transformInput } from "./transforms";

/** Bytes before the arrays: a Tiles, an Outputs, scratch of the transforms, a segment, a spare tile. */
const OWN_BYTES: usize = 64 + TRANSFORM_SCRATCH + SUM_SCRATCH;

/** Bytes of six rows of the image of phases: pixels of 4·channels values. */
function stripBytes(tilesWide: i32, channels: i32): i32 {
  return (6 * (3 * tilesWide + 3) * 4 * channels) << 2;
}

/**
 * Fills columns j0 ≤ j < j1 of six rows of the image of phases, from row `first` on: pixel (i, j) is x's pixels (2i, 2j),
 * (2i, 2j + 1), (2i + 1, 2j), (2i + 1, 2j + 1), counted in the padded image.
 */
function fillPhases(
  x: usize,
  height: i32,
  width: i32,
  channels: i32,
  top: i32,
  left: i32,
  first: i32,
  j0: i32,
  j1: i32,
  strip: usize,
  stripWidth: i32,
): void {
  const half = at(0, 2 * channels);
  // Pairs of pixels that lie inside: 0 ≤ 2j − left and 2j + 1 − left < width.
  const inside0 = min(j1, max(j0, (left + 1) >> 1));
  const inside1 = max(inside0, min(j1, (width + left) >> 1));
  for (let r = 0; r < 12; r++) {
    const h = 2 * first + r - top;
    let to = at(strip, ((r >> 1) * stripWidth + j0) * 4 * channels) + <usize>(r & 1) * half;
    const missing = h < 0 || h >= height;
    const row = at(x, h * width * channels);
    let j = j0;
    for (; j < j1; j++, to += 2 * half) {
      if (!missing && j == inside0) {
        let from = at(row, (2 * j - left) * channels);
        for (; j < inside1; j++, to += 2 * half) {
          for (let c = 0; c < channels; c++)
            store<u64>(to + <usize>(c << 3), load<u64>(from + <usize>(c << 3)));
          from += half;
        }
        if (j == j1) break;
      }
      for (let q = 0; q < 2; q++) {
        const w = 2 * j + q - left;
        const zero = missing || w < 0 || w >= width;
        for (let c = 0; c < channels; c++) {
          store<f32>(at(to, q * channels + c), zero ? 0 : load<f32>(at(row, w * channels + c)));
        }
      }
    }
  }
}

function vStep(blockTiles: i32, channels: i32): i32 {
  return ((blockTiles * 4 * channels) << 2) + STAGGER;
}

function mStep(s: StemConv): i32 {
  const NR = tileColumns(s.tile);
  return ((s.blockTiles * ((s.outChannels + NR - 1) / NR) * NR) << 2) + STAGGER;
}

/** Bytes of scratch that one thread needs. */
export function stemConvScratch(shape: usize): i32 {
  const s = changetype<StemConv>(shape);
  const outStrip = (9 * s.tilesWide * s.outChannels) << 2;
  const arrays = 36 * (vStep(s.blockTiles, s.channels) + mStep(s));
  return <i32>OWN_BYTES + stripBytes(s.tilesWide, s.channels) + outStrip + arrays;
}

/** Units of work: blocks of tiles. */
export function stemConvUnits(shape: usize): i32 {
  const s = changetype<StemConv>(shape);
  return (s.images * s.tilesHigh * s.tilesWide + s.blockTiles - 1) / s.blockTiles;
}

/** y = conv(x, weights) + bias. Unit = block. */
export function stemConv(shape: usize, scratch: usize, begin: i32, end: i32): void {
  const s = changetype<StemConv>(shape);
  const MR = tileRows(s.tile);
  const NR = tileColumns(s.tile);
  const depth = 4 * s.channels;
  const columns = (s.outChannels + NR - 1) / NR;
  const tiles = s.images * s.tilesHigh * s.tilesWide;
  const places = changetype<Tiles>(scratch);
  const outputs = changetype<Outputs>(scratch + 32);
  const transform = scratch + 64;
  const strip = scratch + OWN_BYTES;
  const outStrip = strip + <usize>stripBytes(s.tilesWide, s.channels);
  places.base = at(outStrip, 9 * s.tilesWide * s.outChannels);
  places.stepBytes = vStep(s.blockTiles, s.channels);
  places.rows = MR;
  places.panelBytes = (MR * depth) << 2;
  places.tileBytes = 16;
  places.quadBytes = MR << 4;
  const m = places.base + <usize>(36 * places.stepBytes);
  outputs.stepBytes = mStep(s);
  outputs.panelChannels = NR;
  outputs.rowBytes = (3 * s.tilesWide * s.outChannels) << 2;
  outputs.pixelBytes = s.outChannels << 2;
  for (let unit = begin; unit < end; unit++) {
    const first = unit * s.blockTiles;
    const count = min(s.blockTiles, tiles - first);
    for (let t = 0; t < count;) {
      const row = (first + t) / s.tilesWide;
      const j = (first + t) % s.tilesWide;
      const run = min(s.tilesWide - j, count - t);
      phasesOf(s.x, s.height, s.width, s.channels, s.top, s.left, s.tilesHigh, s.tilesWide, row, j, run, places, t, strip, transform); // prettier-ignore
      t += run;
    }
    const panels = (count + MR - 1) / MR;
    outputs.panelBytes = (panels * MR * NR) << 2;
    for (let xi = 0; xi < 36; xi++) {
      const a = places.base + <usize>(xi * places.stepBytes);
      let b = s.u + <usize>(xi * s.uStepBytes);
      let c = m + <usize>(xi * outputs.stepBytes);
      for (let o = 0; o < columns; o++) {
        quadsTile(s.tile, a, 0, panels, s.channels, b, c, 0);
        b = at(b, depth * NR);
        c += <usize>outputs.panelBytes;
      }
    }
    for (let t = 0; t < count;) {
      const row = (first + t) / s.tilesWide;
      const j = (first + t) % s.tilesWide;
      const run = min(s.tilesWide - j, count - t);
      for (let k = 0; k < run; k++) {
        const to = at(outStrip, 3 * (j + k) * s.outChannels);
        stemOutput(outputs, at(m, (t + k) * NR), s.outChannels, s.bias, to, transform);
      }
      t += run;
      const i = 3 * (row % s.tilesHigh);
      const bytes = at(0, (min(3 * (j + run), s.outWidth) - 3 * j) * s.outChannels);
      let from = at(outStrip, 3 * j * s.outChannels);
      let to = at(s.y, (((row / s.tilesHigh) * s.outHeight + i) * s.outWidth + 3 * j) * s.outChannels);
      for (let h = min(3, s.outHeight - i); h > 0; h--) {
        memory.copy(to, from, bytes);
        from += <usize>outputs.rowBytes;
        to = at(to, s.outWidth * s.outChannels);
      }
    }
  }
}

/** Transforms tiles j ≤ k < j + run of a row of tiles of x to places from number t on. */
function phasesOf(
  x: usize,
  height: i32,
  width: i32,
  channels: i32,
  top: i32,
  left: i32,
  tilesHigh: i32,
  tilesWide: i32,
  row: i32,
  j: i32,
  run: i32,
  places: Tiles,
  t: i32,
  strip: usize,
  transform: usize,
): void {
  const stripWidth = 3 * tilesWide + 3;
  const image = at(x, (row / tilesHigh) * height * width * channels);
  const i = 3 * (row % tilesHigh);
  fillPhases(image, height, width, channels, top, left, i, 3 * j, 3 * (j + run) + 3, strip, stripWidth);
  const pixel = at(0, 4 * channels);
  for (let k = 0; k < run; k++) {
    const from = strip + <usize>(3 * (j + k)) * pixel;
    transformInput(from, <usize>stripWidth * pixel, pixel, 4 * channels, places, t + k, transform);
  }
}

/** Bytes of a tile's gradients; a line more where multiples of 256 bytes would fall on a few lines of L1. */
function gradientBytes(channels: i32): i32 {
  return (channels << 2) + (channels >= 64 ? STAGGER : 0);
}

/** Bytes of scratch that one thread needs. */
export function stemSumsScratch(shape: usize): i32 {
  const s = changetype<StemSums>(shape);
  const dyStrip = (9 * s.tilesWide * s.outChannels) << 2;
  const dStep = s.blockTiles * gradientBytes(s.outChannels) + STAGGER;
  const arrays = 36 * (vStep(s.blockTiles, s.channels) + dStep);
  return <i32>OWN_BYTES + stripBytes(s.tilesWide, s.channels) + dyStrip + arrays;
}

/** sums[group][ξ][c][o] = Σ over the group's tiles of Bᵀ d B · A dY Aᵀ, c over channels of all phases. Unit = group. */
export function stemSums(shape: usize, scratch: usize, begin: i32, end: i32): void {
  const s = changetype<StemSums>(shape);
  const depth = 4 * s.channels;
  const tiles = s.images * s.tilesHigh * s.tilesWide;
  const blocks = (tiles + s.blockTiles - 1) / s.blockTiles;
  const places = changetype<Tiles>(scratch);
  const transform = scratch + 64;
  const own = transform + TRANSFORM_SCRATCH;
  const strip = scratch + OWN_BYTES;
  const dyStrip = strip + <usize>stripBytes(s.tilesWide, s.channels);
  const width = 3 * s.tilesWide;
  const dBytes = gradientBytes(s.outChannels);
  const dStep = s.blockTiles * dBytes + STAGGER;
  places.base = at(dyStrip, 9 * s.tilesWide * s.outChannels);
  places.stepBytes = vStep(s.blockTiles, s.channels);
  places.rows = 1;
  places.panelBytes = depth << 2;
  places.tileBytes = 0;
  places.quadBytes = 16;
  const d = places.base + <usize>(36 * places.stepBytes);
  const pixel = at(0, s.outChannels);
  for (let unit = begin; unit < end; unit++) {
    const firstBlock = (unit * blocks) / s.groups;
    const lastBlock = ((unit + 1) * blocks) / s.groups;
    for (let block = firstBlock; block < lastBlock; block++) {
      const first = block * s.blockTiles;
      const count = min(s.blockTiles, tiles - first);
      for (let t = 0; t < count;) {
        const row = (first + t) / s.tilesWide;
        const j = (first + t) % s.tilesWide;
        const run = min(s.tilesWide - j, count - t);
        phasesOf(s.x, s.height, s.width, s.channels, s.top, s.left, s.tilesHigh, s.tilesWide, row, j, run, places, t, strip, transform); // prettier-ignore
        const dy = at(s.dy, (row / s.tilesHigh) * s.outHeight * s.outWidth * s.outChannels);
        const i = 3 * (row % s.tilesHigh);
        padImage(dy, dyStrip, s.outHeight, s.outWidth * s.outChannels, -i, 0, 3, width * s.outChannels);
        for (let k = 0; k < run; k++) {
          const from = dyStrip + <usize>(3 * (j + k)) * pixel;
          const to = d + <usize>((t + k) * dBytes);
          stemGradient(from, <usize>width * pixel, pixel, s.outChannels, to, dStep, transform);
        }
        t += run;
      }
      const accumulate = i32(block > firstBlock);
      for (let xi = 0; xi < 36; xi++) {
        const a = places.base + <usize>(xi * places.stepBytes);
        const b = d + <usize>(xi * dStep);
        const c = s.sums + <usize>(unit * s.groupBytes + xi * s.sumStepBytes);
        sumTiles(s.tile, a, depth << 2, b, dBytes, count, c, accumulate, depth, s.outChannels, own);
      }
    }
  }
}
