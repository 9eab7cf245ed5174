// Convolutions of stride 2 by minimal filtering: 3×3 in tiles of 4×4 and 3×3 outputs, from 16 tiles and 16 channels on (the
// weight gradient from 32), where tiles fit the outputs; 7×7 on up to 4 channels in tiles of 3×3 outputs, from 400 pixels on.

import { algorithms, conv } from "./conv.js";
import type { Case } from "./types.js";

const S = { stride: 2, padding: 1 };

const plain = algorithms("winograd-stride2");
const narrow = algorithms("winograd-stride2", { weight: "direct" });
const onTheWay = algorithms("winograd-stride2 on the way", {
  inference: "winograd-stride2",
  weight: "winograd-stride2",
});
const stem = algorithms("winograd-stem", { data: "direct" });

export const stride2: Case[] = [
  ...[3, 4, 6, 7, 8, 9, 10, 11].map((n, i) => {
    const w = [8, 4, 11, 4, 3, 10, 6, 7][i]!;
    return conv(`3x3 stride 2 to ${n}x${w} outputs`, [16, 2 * n, 2 * w - 1, 16], [3, 3], 16, S, narrow);
  }),
  conv("3x3 stride 2, channels 32 to 36", [4, 15, 14, 32], [3, 3], 36, S, plain),
  conv(
    "3x3 stride 2, channels 44 to 32 without bias",
    [4, 12, 13, 44],
    [3, 3],
    32,
    { ...S, bias: false },
    plain,
  ),
  conv("3x3 stride 2 without padding, even", [4, 16, 14, 32], [3, 3], 32, { stride: 2 }, plain),
  conv("3x3 stride 2 without padding, odd", [4, 15, 13, 32], [3, 3], 32, { stride: 2 }, plain),
  conv("3x3 stride 2, padding 2", [4, 9, 14, 32], [3, 3], 32, { stride: 2, padding: 2 }, plain),
  conv("3x3 stride 2, padding [0,1]", [4, 13, 14, 32], [3, 3], 32, { stride: 2, padding: [0, 1] }, plain),
  conv("3x3 stride 2, padding [2,0]", [4, 12, 14, 32], [3, 3], 32, { stride: 2, padding: [2, 0] }, plain),
  conv("3x3 stride 2, several blocks and depths", [4, 13, 27, 68], [3, 3], 72, S, onTheWay),
  conv("7x7 stride 2 to 20x20 outputs", [1, 39, 40, 3], [7, 7], 16, { stride: 2, padding: 3 }, stem),
  conv(
    "7x7 stride 2 to 21x22 outputs",
    [1, 42, 43, 1],
    [7, 7],
    20,
    { stride: 2, padding: 3, bias: false },
    stem,
  ),
  conv("7x7 stride 2 without padding", [2, 45, 32, 2], [7, 7], 16, { stride: 2 }, stem),
  conv("7x7 stride 2, padding [1,4]", [2, 33, 30, 4], [7, 7], 16, { stride: 2, padding: [1, 4] }, stem),
  conv("7x7 stride 2, images smaller than the kernel", [64, 4, 5, 3], [7, 7], 16, { stride: 2, padding: 3 }),
];
