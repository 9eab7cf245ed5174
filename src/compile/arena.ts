// The places of a program's values: one block of memory, in which values with disjoint lifetimes share places.

/** A value that needs memory from the step that computes it to the last that reads it. */
export interface Life {
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
}

/**
 * An offset for each value, and the total number of bytes. Largest first, each at the lowest place that is free during its
 * lifetime: Pisarchyk and Lee, Efficient Memory Management for Deep Neural Net Inference (2020), arXiv 2001.03288, greedy by size.
 */
export function placesFor(lives: readonly Life[]): { offsets: number[]; bytes: number } {
  const offsets = new Array<number>(lives.length).fill(0);
  const placed: number[] = [];
  let bytes = 0;
  const order = lives.map((_, i) => i).sort((a, b) => lives[b]!.bytes - lives[a]!.bytes);
  for (const i of order) {
    const life = lives[i]!;
    const busy = placed
      .filter((j) => lives[j]!.from <= life.to && life.from <= lives[j]!.to)
      .sort((a, b) => offsets[a]! - offsets[b]!);
    let offset = 0;
    for (const j of busy) {
      if (offset + life.bytes <= offsets[j]!) break;
      offset = Math.max(offset, offsets[j]! + lives[j]!.bytes);
    }
    offsets[i] = offset;
    placed.push(i);
    bytes = Math.max(bytes, offset + life.bytes);
  }
  return { offsets, bytes };
}
