// 3×3 convolutions of stride 1 with at least 8 channels on both sides: Winograd's algorithm, in tiles of 4×4 outputs.

import { conv } from "./conv.js";
import { around, type Case } from "./types.js";

const K = [3, 3] as const;

const heights = around(4);

export const winograd: Case[] = [
  ...heights.flatMap((h, i) => {
    const w = heights[(i * 2 + 1) % heights.length]!;
    return [
      conv(`Winograd to ${h}x${w} outputs`, [2, h + 2, w + 2, 8], K, 9),
      conv(`Winograd to ${w}x${h} outputs, padded`, [1, w, h, 9], K, 8, { padding: 1 }),
    ];
  }),
  ...[8, 9, 11, 12, 13, 16, 17, 24, 25].map((c, i, all) => {
    const out = all[(i * 4 + 3) % all.length]!;
    return conv(`Winograd, channels ${c} to ${out}`, [1, 5, 6, c], K, out, { padding: 1 });
  }),
  conv("Winograd without bias", [1, 6, 5, 8], K, 8, { padding: 1, bias: false }),
  conv("Winograd, padding 2", [2, 3, 4, 8], K, 10, { padding: 2 }),
  conv("Winograd, padding 3: windows wholly in it", [1, 4, 3, 8], K, 8, { padding: 3 }),
  conv("Winograd, padding [0,1]", [1, 7, 5, 10], K, 8, { padding: [0, 1] }),
  conv("Winograd, padding [4,0]", [2, 2, 6, 8], K, 9, { padding: [4, 0] }),
  conv("Winograd on one pixel", [1, 1, 1, 8], K, 8, { padding: 1 }),
  conv("Winograd on frames that need no copy", [2, 6, 10, 8], K, 8),
  conv("Winograd, batch 0", [0, 6, 6, 8], K, 8, { padding: 1 }),
  conv("Winograd, several images in a chunk, chunks unlike", [23, 14, 13, 12], K, 9, { padding: 1 }),
  conv("Winograd, an image larger than a chunk", [2, 40, 41, 40], K, 8, { padding: 1 }),
  conv("Winograd, several blocks of tiles", [2, 9, 9, 130], K, 136, { padding: 1 }),
];
