// Names in Paddle's files of GoogLeNet, Inception and Xception.

import { next, NUMBERED, type PaddleSeries } from "./paddle-rules.js";

const PARTS: Record<string, string> = { conv1: "1", conv3r: "2.0", conv3: "2.1", conv5r: "3.0", conv5: "3.1", convprj: "4.1" }; // prettier-ignore
const googlenet: PaddleSeries = {
  file: /^ince3a\.conv1\.conv$/,
  rules: [
    [/^conv$/, "conv1"],
    [/^conv_(\d)\.conv$/, (i) => `conv${next(i)}`],
    [/^ince(\d\w)\.(\w+)\.conv$/, (block, part) => `inception${block}.branch${PARTS[part!]}`],
    [/^conv_o(\d)\.conv$/, "aux$1.conv"],
    [/^fc_o(\d)$/, "aux$1.fc1"],
    [/^out(\d)$/, "aux$1.fc2"],
    [/^fc_out$/, "fc"],
  ],
};

const inceptionV3: PaddleSeries = {
  file: /^inception_stem\.conv_1a_3x3\./,
  counted: [[/^inception_block_list\.\d+/, /^Mixed_\d\w/]],
  rules: [...NUMBERED, [/^inception_stem\.conv_/, "Conv2d_"], [/\.branch_pool_conv\./, ".branch_pool."]],
};

const LAST: Record<string, string> = { "3_0": "1_0", "3_1": "1_1a", "3_2": "1_1b", "4_0": "2_0", "4_00": "2_1", "4_000": "2_2", "4_1": "2_3a", "4_2": "2_3b" }; // prettier-ignore
const inceptionV4: PaddleSeries = {
  file: /^inceptionA_1\.conv1\.conv$/,
  rules: [
    [/^inception_stem\.conv_(\d)\./, (i) => `features.${next(i, -1)}.`],
    [/^inception_stem\.conv2\./, "features.3.conv."],
    [/^inception_stem\.conv([12])_(\d)\./, (b, i) => `features.4.branch${next(b, -1)}.${next(i, -1)}.`],
    [/^inception_stem\.conv3\./, "features.5.conv."],
    [/^inceptionC_(\d)\.conv(\d_\d+)\./, (i, part) => `features.${next(i, 18)}.branch${LAST[part!]}.`],
    [/^reductionA\.conv2\./, "features.10.branch0."],
    [/^reduction(A|B)\.conv(\d)_(\d)\./, (which, b, i) => `features.${which === "A" ? 10 : 18}.branch${next(b, -2)}.${next(i, -1)}.`], // prettier-ignore
    [/^inception(A|B|C)_(\d)\./, (which, i) => `features.${next(i, { A: 5, B: 10, C: 18 }[which!])}.`],
    [/^(features\.\d+)\.conv1\./, "$1.branch3.1."],
    [/^(features\.\d+)\.conv2\./, "$1.branch0."],
    [/^(features\.\d+)\.conv(\d)_(\d)\./, (at, b, i) => `${at}.branch${next(b, -2)}.${next(i, -1)}.`],
    [/^out$/, "last_linear"],
  ],
};

/** Number of blocks of a model, and of those before the middle; the first block has three convolutions. */
function blocksOf(own: readonly string[]): { all: number; before: number } {
  const numbers = (pattern: RegExp): number[] => own.flatMap((path) => pattern.exec(path)?.[1] ?? []).map(Number); // prettier-ignore
  const all = Math.max(...numbers(/^blocks\.(\d+)\./)) + 1;
  return { all, before: Math.min(...numbers(/^blocks\.(\d+)\.stack\.conv3\./)) };
}

const xception: PaddleSeries = {
  file: /^entry_flow\.conv1\.conv$/,
  rules: (own) => {
    const { all, before } = blocksOf(own);
    return [
      [/^entry_flow\.conv(\d)\.(?=conv|bn)/, (i) => `stem.${next(i, -1)}.`],
      [/^entry_flow\.conv_(\d+)/, "blocks.$1"],
      [/^middle_flow\.conv_(\d+)\.conv_(\d)/, (i, k) => `blocks.${next(i, before)}.conv${next(k)}`],
      [/^exit_flow\.conv_0\.(?:conv_(?=\d))?(short$|)/, (short) => `blocks.${all - 2}.${short || "conv"}`],
      [/^exit_flow\.conv_(\d)/, `blocks.${all - 1}.conv$1`],
      [/^(blocks\.\d+)\.conv(\d)\.(point|depth)wise_conv\.(conv|bn)$/, (at, k, part, kind) => `${at}.stack.conv${k}.${kind}_${part === "point" ? "pw" : "dw"}`], // prettier-ignore
      [/\.short$/, ".shortcut"],
      [/^exit_flow\.out$/, "head.fc"],
    ];
  },
};

const deeplab: PaddleSeries = {
  file: /^xception_\d+\/entry_flow\/block1\.conv1\.conv1$/,
  rules: (own) => {
    const { all } = blocksOf(own);
    return [
      [/^conv(\d)\.(?=conv|bn)/, (i) => `stem.${next(i, -1)}.`],
      [/^xception_\d+\/entry_flow\/block(\d+)/, (i) => `blocks.${next(i, -1)}`],
      [/^xception_\d+\/middle_flow\/block(\d+)/, (i) => `blocks.${next(i, 2)}`],
      [/^exit_flow_(\d)/, (i) => `blocks.${next(i, all - 3)}`],
      [/^(blocks\.\d+)\.conv(\d)\.(conv|bn)([12])$/, (at, k, kind, i) => `${at}.stack.conv${k}.${kind}_${i === "1" ? "dw" : "pw"}`], // prettier-ignore
      [/\.short\./, ".shortcut."],
      [/^fc$/, "head.fc"],
    ];
  },
};

export const INCEPTIONS: readonly PaddleSeries[] = [googlenet, inceptionV3, inceptionV4, xception, deeplab]; // prettier-ignore
