// 3×3 convolutions of stride 1 with whole vectors of channels on both sides: Winograd's algorithm, in tiles of 4×4 outputs.
// Sizes around a tile and a register tile, several blocks of tiles and groups of channels; weights transformed on the way
// where they are many and the tiles few, and then the weight gradient strip by strip of channels.

import { algorithms, conv } from "./conv.js";
import { around, type Case } from "./types.js";

const K = [3, 3] as const;

const heights = around(4);

const plain = algorithms("winograd");
const onTheWay = algorithms("winograd on the way", { inference: "winograd", weight: "winograd" });
const inStrips = { ...onTheWay, weight: "winograd strips" };

export const winograd: Case[] = [
  ...heights.flatMap((h, i) => {
    const w = heights[(i * 2 + 1) % heights.length]!;
    return [
      conv(`Winograd to ${h}x${w} outputs`, [2, h + 2, w + 2, 8], K, 12, {}, plain),
      conv(`Winograd to ${w}x${h} outputs, padded`, [1, w, h, 12], K, 8, { padding: 1 }, plain),
    ];
  }),
  ...[4, 8, 12, 16, 20, 24, 28, 36, 44].map((c, i, all) => {
    const out = all[(i * 4 + 3) % all.length]!;
    return conv(`Winograd, channels ${c} to ${out}`, [1, 5, 6, c], K, out, { padding: 1 }, plain);
  }),
  conv("Winograd without bias", [1, 6, 5, 8], K, 8, { padding: 1, bias: false }, plain),
  conv("Winograd, padding 2", [2, 3, 4, 8], K, 12, { padding: 2 }, plain),
  conv("Winograd, padding [0,1]", [1, 7, 5, 12], K, 8, { padding: [0, 1] }, plain),
  conv("Winograd, padding [2,0]", [2, 2, 6, 8], K, 12, { padding: [2, 0] }, plain),
  conv("Winograd on one pixel", [1, 1, 1, 8], K, 8, { padding: 1 }, plain),
  conv("Winograd on frames that need no copy", [2, 6, 10, 8], K, 8, {}, plain),
  conv("Winograd, batch 0", [0, 6, 6, 8], K, 8, { padding: 1 }),
  conv("Winograd on many small images", [23, 5, 3, 12], K, 8, { padding: 1 }, plain),
  conv("Winograd, several blocks of tiles", [2, 21, 23, 68], K, 12, { padding: 1 }, plain),
  conv("Winograd, several groups of output channels", [1, 5, 6, 8], K, 268, { padding: 1 }, plain),
  conv("Winograd, weights transformed on the way", [1, 7, 9, 100], K, 68, { padding: 1 }, onTheWay),
  conv("Winograd, on the way without bias or padding", [2, 8, 7, 44], K, 108, { bias: false }, onTheWay),
  conv("Winograd, the weight gradient in strips", [1, 7, 8, 132], K, 128, { padding: 1 }, inStrips),
  conv("no Winograd: padding 3, windows wholly in it", [1, 4, 3, 8], K, 8, { padding: 3 }),
  conv("no Winograd: padding [4,0]", [2, 2, 6, 8], K, 12, { padding: [4, 0] }),
  conv("no Winograd: channels 12 to 9", [1, 5, 6, 12], K, 9, { padding: 1 }),
  conv("no Winograd: channels 13 to 8", [1, 5, 6, 13], K, 8, { padding: 1 }),
];
