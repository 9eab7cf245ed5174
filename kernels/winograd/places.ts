// Places of the arrays of Winograd's drivers, for the transforms (transforms.template.mjs).

import { at } from "../simd";
import { STAGGER } from "./points";

/** After the 36 vectors in TRANSFORM_SCRATCH. */
const CONSTANTS: usize = 36 * 16;

/** Numbers as vectors come from memory: V8 rebuilds a constant vector at each use, a loaded one stays in a register. */
export function constant(scratch: usize, i: usize, value: f32): v128 {
  store<f32>(scratch + CONSTANTS + (i << 2), value);
  return v128.load32_splat(scratch + CONSTANTS + (i << 2));
}

/** Places of a block's transformed tiles: tile t at t·tileBytes, or in panels of `rows` tiles. */
@unmanaged
export class Tiles {
  base: usize = 0;
  /** Bytes from the array of one point to the next. */
  stepBytes: i32 = 0;
  /** Tiles of a panel; tile t is number t mod rows of its panel. */
  rows: i32 = 0;
  panelBytes: i32 = 0;
  tileBytes: i32 = 0;
  /** Bytes from four channels to the next four. */
  quadBytes: i32 = 0;
}

export function placeOf(v: Tiles, t: i32): usize {
  return v.base + <usize>((t / v.rows) * v.panelBytes + (t % v.rows) * v.tileBytes);
}

/** Sets tiles one after the other, each with its channels side by side. */
export function setTiles(v: Tiles, base: usize, stepBytes: i32, channels: i32): void {
  v.base = base;
  v.stepBytes = stepBytes;
  v.rows = 1;
  v.panelBytes = tileBytes(channels);
  v.tileBytes = 0;
  v.quadBytes = 16;
}

/** Bytes of a tile's channels; a line more where multiples of 256 bytes would fall on a few lines of L1. */
export function tileBytes(channels: i32): i32 {
  return (channels << 2) + (channels >= 64 ? STAGGER : 0);
}

/** Places of the points of one tile of phases; the table of addresses follows, one for each of the 25 points. */
@unmanaged
export class Points {
  /** Bytes from one phase to the next, or 0, and from four channels to the next four. */
  phaseBytes: i32 = 0;
  quadBytes: i32 = 0;
}
export const POINTS_BYTES: usize = 112;

export function tableOf(points: Points): usize {
  return changetype<usize>(points) + offsetof<Points>();
}

export function setPlace(points: Points, xi: i32, place: usize): void {
  store<u32>(at(tableOf(points), xi), <u32>place);
}

/** Places of products and of outputs. */
@unmanaged
export class Outputs {
  /** Bytes from the array of one point to the next. */
  stepBytes: i32 = 0;
  /** Channels of a panel, and bytes from one panel to the next. */
  panelChannels: i32 = 0;
  panelBytes: i32 = 0;
  /** Channels of all panels, and their biases, or 0. */
  channels: i32 = 0;
  bias: usize = 0;
  /** Bytes from one row of y to the next, and from one pixel to the next; times stride, 2 or 1: of a phase. */
  rowBytes: i32 = 0;
  pixelBytes: i32 = 0;
  stride: i32 = 0;
  /** Bytes from one phase of the products to the next. */
  phaseBytes: i32 = 0;
}
