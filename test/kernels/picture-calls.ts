// Calls of the kernels on bytes of pictures.

import type { Guarded } from "../helpers/guarded.js";
import { drawIntegers } from "../helpers/random.js";
import { calls, LENGTHS, type Call } from "./calls.js";

const ROWS = 3;

const bytes = (g: Guarded, n: number): number => g.bytes(drawIntegers("bytes", n, 256));

/** Weights of n sums: high parts up to 2048, low ones up to ±1024. */
function weights(g: Guarded, n: number, taps: number): number {
  const parts = drawIntegers("weights", n * taps * 2, 2048).map((v, i) =>
    Math.floor(i / taps) % 2 === 0 ? v : v - 1024,
  );
  return g.bytes([...new Uint8Array(Int16Array.from(parts).buffer)]);
}

const firsts = (g: Guarded, n: number): number => g.ints(Array.from({ length: n }, (_, i) => i % 4));

export const pictureCalls: Readonly<Record<string, readonly Call[]>> = {
  resizeRows: calls(
    ["channels", "yWidth", "pairs"],
    [[1, 3, 4], LENGTHS, [1, 3]],
    (k, g, channels, n, pairs) => {
      const taps = channels === 1 ? 8 * pairs : 2 * pairs;
      const rowBytes = (taps + 3) * channels;
      const x = bytes(g, ROWS * rowBytes);
      const y = g.filledBytes(ROWS * n * channels);
      const tables = { firsts: firsts(g, n), weights: weights(g, n, taps), taps };
      const shape = { x, xRowBytes: rowBytes, y, yWidth: n, channels, ...tables };
      k.resizeRows(g.struct("ResizeRows", shape), 0, ROWS);
    },
  ),
  resizeColumns: calls(
    ["rowBytes", "pairs"],
    [
      [1, 3, 8, 15, 16, 17, 33],
      [1, 3],
    ],
    (k, g, rowBytes, pairs) => {
      const taps = 2 * pairs;
      const x = bytes(g, (taps + 3) * rowBytes);
      const y = g.filledBytes(5 * rowBytes);
      k.resizeColumns(x, y, rowBytes, firsts(g, 5), weights(g, 5, taps), taps, 0, 5);
    },
  ),
  resizeLinear: calls(["channels", "yWidth"], [[1, 3, 4], LENGTHS], (k, g, channels, n) => {
    const rowBytes = 5 * channels;
    const halves = (count: number): number =>
      g.bytes([
        ...new Uint8Array(Int16Array.from({ length: 2 * count }, (_, i) => (i % 2 ? 548 : 1500)).buffer),
      ]);
    const x = bytes(g, 4 * rowBytes);
    const y = g.filledBytes(6 * n * channels);
    const rows = g.ints([-1, 0, 1, 2, 3, 3]);
    const tables = { columns: firsts(g, n), columnWeights: halves(n), rows, rowWeights: halves(6) };
    const shape = { x, xHeight: 4, xRowBytes: rowBytes, y, yWidth: n, channels, ...tables };
    k.resizeLinear(g.struct("ResizeLinear", shape), 0, 6);
  }),
  normalizeBytes: calls(["columns"], [[...LENGTHS, 12, 13, 23, 24, 29]], (k, g, columns) => {
    const x = bytes(g, ROWS * columns);
    k.normalizeBytes(x, g.output(ROWS * columns), g.input(12), g.input(12, "divisor"), columns, 0, ROWS);
  }),
};
