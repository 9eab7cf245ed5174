// The tiles of a 3×3 convolution of stride 2, see winograd/strided.ts: rows and columns of tiles of four outputs, then of
// three, which leave out point 2.

import { TWO } from "./strided-transforms";

/** The tiles of a block one after the other: where one is, and how many before it a point has. */
@unmanaged
export class Walk {
  /** Row of tiles, over all images, and column. */
  row: i32 = 0;
  column: i32 = 0;
  /** Tiles before; those of four rows, of four columns, of both. */
  all: i32 = 0;
  tall: i32 = 0;
  wide: i32 = 0;
  both: i32 = 0;
}
/** Bytes of a Walk. */
export const WALK: usize = 32;

/** Tiles before the walk's that a point has. */
export function tilesBefore(walk: Walk, xi: i32): i32 {
  if (xi / 5 == TWO) return xi % 5 == TWO ? walk.both : walk.tall;
  return xi % 5 == TWO ? walk.wide : walk.all;
}

/** Starts at tile number `first`. */
export function startWalk(walk: Walk, first: i32, tilesWide: i32): void {
  walk.row = first / tilesWide;
  walk.column = first % tilesWide;
  walk.all = 0;
  walk.tall = 0;
  walk.wide = 0;
  walk.both = 0;
}

/** Goes on to the next tile. */
export function walkOn(walk: Walk, tall: i32, wide: i32, tilesWide: i32): void {
  walk.all++;
  walk.tall += tall;
  walk.wide += wide;
  walk.both += tall & wide;
  if (++walk.column == tilesWide) {
    walk.column = 0;
    walk.row++;
  }
}

/** The first output of tile number i, of which `fours` have four outputs and the rest three. */
export function tileStart(i: i32, fours: i32): i32 {
  return 4 * i - max(0, i - fours);
}
