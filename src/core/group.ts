// Processes that train or predict together, as the layers that compute see them. src/mpi connects them.

import { GRAIN, parallel } from "../wasm/parallel.js";
import { aboutToWrite, type AnyTensor, type Tensor } from "./tensor.js";

/** A sum over the processes of a group that is under way. */
export interface PendingSum {
  /** Moves it on, and those that were started before it. Returns whether the sum is there. */
  advance(): boolean;
}

/**
 * Processes that work together, each with a rank from 0 to size − 1. Every method is collective: all processes call it, in the same
 * order. Sums add up in the order of the ranks, whatever connects the processes, so that the same group always gets the same bits.
 */
export interface Group {
  /** This process's number. */
  readonly rank: number;
  /** How many processes there are. */
  readonly size: number;
  /** Sums the tensors of all processes, in place. @throws ShapeError if they differ in size */
  allReduce(tensor: Tensor): void;
  /** Begins to sum elements begin ≤ i < end of the processes' tensors, in place. Nobody may touch them until the sum is there. */
  startAllReduce(tensor: Tensor, begin: number, end: number): PendingSum;
  /** The bytes that each process brings, in the order of the ranks. They may differ in length. */
  allGather(bytes: Uint8Array): Uint8Array[];
  /** Overwrites the elements with those of rank 0. */
  broadcast(data: AnyTensor | ArrayBufferView): void;
}

/** y[at + i] = rows[0][i] + rows[1][i] + …, added in this order, for rows:[n, count] and i < count. */
export function addRows(rows: Tensor, y: Tensor, at: number): void {
  const [n, count] = rows.shape as [number, number];
  aboutToWrite([rows, y]);
  const to = y.compute() + 4 * at;
  const row = (i: number): number => rows.compute() + 4 * i * count;
  if (n === 1) return void parallel("affine", count, GRAIN, row(0), to, 1, 0);
  parallel("add", count, GRAIN, row(0), row(1), to, 0);
  for (let i = 2; i < n; i++) parallel("add", count, GRAIN, to, row(i), to, 0);
}

const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** The numbers of every process, in the order of the ranks. */
export function gatherNumbers(group: Group, own: readonly number[]): Float64Array[] {
  return group
    .allGather(bytesOf(Float64Array.from(own)))
    .map((bytes) => new Float64Array(bytes.slice().buffer));
}

/** A value of every process, in the order of the ranks: anything that JSON can hold. */
export function gatherValues<T>(group: Group, own: T): T[] {
  const all = group.allGather(new TextEncoder().encode(JSON.stringify({ value: own })));
  return all.map((bytes) => (JSON.parse(new TextDecoder().decode(bytes)) as { value: T }).value);
}

/** The sums of the processes' numbers, each by itself. */
export function sumNumbers(group: Group, own: readonly number[]): number[] {
  const all = gatherNumbers(group, own);
  return own.map((_, i) => all.reduce((sum, numbers) => sum + numbers[i]!, 0));
}
