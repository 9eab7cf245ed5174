// Sums of squares. They are added up block by block, in an order that depends only on the sizes: the same bits for any
// number of threads.

import type { Tensor } from "../core/tensor.js";
import { GRAIN, parallel } from "../wasm/parallel.js";
import { runtime } from "../wasm/runtime.js";

/** Elements whose squares are summed in f32, 16 KB; the sums of blocks are added in f64. */
export const BLOCK = 4096;
/** Blocks worth handing to another thread. */
export const BLOCK_GRAIN = GRAIN / BLOCK;

/** Memory reserved for sums while withRoom() runs. */
let room: { address: number; sums: number } | undefined;

/** Number of sums that blockSums() needs for a tensor of n elements. */
export const sumsOf = (n: number, columns: number): number => Math.ceil(n / BLOCK) * columns;

/** Runs fn; inside it, sums of up to this many floats cannot run out of memory. */
export function withRoom(sums: number, fn: () => void): void {
  if (sums === 0) return fn();
  runtime().heap.scratch(sums * 4, "block sums", (address) => {
    room = { address, sums };
    try {
      fn();
    } finally {
      room = undefined;
    }
  });
}

/** Runs `fill`, which writes `columns` sums for each block of n elements to an address; adds up each column. */
export function blockSums(
  n: number,
  columns: number,
  fill: (partials: number, blocks: number) => void,
): number[] {
  const blocks = Math.ceil(n / BLOCK);
  const { heap } = runtime();
  const add = (partials: number): number[] => {
    fill(partials, blocks);
    const sums = new Array<number>(columns).fill(0);
    heap.f32(partials, blocks * columns).forEach((v, i) => (sums[i % columns]! += v));
    return sums;
  };
  if (room && room.sums >= blocks * columns) return add(room.address);
  return heap.scratch(blocks * columns * 4, "block sums", add);
}

/** √Σ x² over the elements of all tensors. */
export function norm(tensors: readonly Tensor[]): number {
  let total = 0;
  for (const x of tensors) {
    const [sum] = blockSums(x.size, 1, (partials, blocks) =>
      parallel("squareSums", blocks, BLOCK_GRAIN, x.compute(), x.size, BLOCK, partials),
    );
    total += sum!;
  }
  return Math.sqrt(total);
}
