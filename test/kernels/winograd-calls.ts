// Calls of Winograd's transforms: images whose sizes are and are not multiples of the tile's 4, channels around a vector.

import { calls, LENGTHS, type Call } from "./calls.js";

const POINTS = 36;
const SCRATCH = 640;
/** Words between the arrays of one point and the next. */
const GAP = 16;

const CHANNELS = LENGTHS.slice(1);
const TILES_IN_A_ROW = [1, 3];

const vector = (channels: number): number => Math.ceil(channels / 4) * 4;
/** Bytes from one point's array to the next. */
const step = (tiles: number, channels: number): number => (tiles * vector(channels) + GAP) * 4;

/** Two images of 2 × wide tiles, each reading a square of `size` pixels and advancing by 4. */
const transform = (kernel: "winogradInput" | "winogradGradient", size: 4 | 6): Call[] =>
  calls(["wide", "channels"], [TILES_IN_A_ROW, CHANNELS], (k, g, wide, c) => {
    const [height, width] = [4 + size, 4 * (wide - 1) + size];
    const tiles = 2 * 2 * wide;
    const x = g.input(2 * height * width * c);
    const v = g.padded(POINTS, tiles, c, GAP);
    const rowBytes = width * c * 4;
    k[kernel](
      x,
      height * rowBytes,
      rowBytes,
      c,
      2,
      wide,
      v,
      vector(c) * 4,
      step(tiles, c),
      0,
      tiles,
      g.scratch(SCRATCH),
    );
  });

const winogradOutput = calls(
  ["height", "width", "channels", "bias"],
  [[1, 3, 4, 5], [2, 4, 7], CHANNELS, [0, 1]],
  (k, g, height, width, c, bias) => {
    const [high, wide] = [Math.ceil(height / 4), Math.ceil(width / 4)];
    const tiles = 2 * high * wide;
    const m = g.input((POINTS * step(tiles, c)) / 4);
    const y = g.output(2 * height * width * c);
    const b = bias ? g.input(vector(c)) : 0;
    k.winogradOutput(
      m,
      vector(c) * 4,
      step(tiles, c),
      y,
      height,
      width,
      c,
      b,
      high,
      wide,
      0,
      tiles,
      g.scratch(SCRATCH),
    );
  },
);

export const winogradCalls: Readonly<Record<string, readonly Call[]>> = {
  winogradInput: transform("winogradInput", 6),
  winogradGradient: transform("winogradGradient", 4),
  winogradOutput,
  winogradWeight: calls(["n", "flipped"], [CHANNELS, [0, 1]], (k, g, n, flipped) =>
    k.winogradWeight(
      g.input(9 * (n + GAP)),
      (n + GAP) * 4,
      n,
      flipped,
      g.matrix(POINTS, n, n + GAP),
      (n + GAP) * 4,
      g.scratch(SCRATCH),
    ),
  ),
  winogradWeightBackward: calls(["n"], [CHANNELS], (k, g, n) =>
    k.winogradWeightBackward(
      g.input(POINTS * (n + GAP)),
      (n + GAP) * 4,
      n,
      g.output(9 * n),
      g.scratch(SCRATCH),
    ),
  ),
};
