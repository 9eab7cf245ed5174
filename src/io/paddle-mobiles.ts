// Names in Paddle's files of mobile networks.

import { next, NUMBERED, type PaddleSeries, type Rule } from "./paddle-rules.js";

const BLOCKS = /^blocks\.\d+\.\d+/;
const PARTS: readonly Rule[] = [
  [/\.(?:ecn|expand_conv|exp_conv)\./, ".expand."],
  [/\.(?:dcn|depthwise_conv|bottleneck_conv|dw_conv)\./, ".depthwise."],
  [/\.(?:pcn|project_conv|linear_conv|pw_conv)\./, ".project."],
  [/\.(?:mid_)?se\.(?:conv1|se_reduce)(?:\.conv)?$/, ".se.conv_reduce"],
  [/\.(?:mid_)?se\.(?:conv2|se_expand)(?:\.conv)?$/, ".se.conv_expand"],
  [/^(blocks\.\d+\.\d+)\.bn$/, "$1.bn1"],
];
/** A stem and a head under these names. */
const ends = (stem: string, head: string, classifier: string): readonly Rule[] => [
  [new RegExp(`^${stem}conv$`), "conv_stem"],
  [new RegExp(`^${stem}(?:bn|norm)$`), "bn1"],
  [new RegExp(`^${head}conv$`), "conv_head"],
  [new RegExp(`^${head}(?:bn|norm)$`), "bn2"],
  [new RegExp(`^${classifier}$`), "classifier"],
];

const mobilenetV1: PaddleSeries = {
  file: /^(?:blocks\.0|conv2_1)\.depthwise_conv\./,
  counted: [[/^(?:blocks\.\d+|conv\d(?:_\d)?)(?=\.(?:depth|point)wise)/, /^features\.\d+(?=\.1\.)/]],
  rules: [
    ...NUMBERED,
    [/^(?:conv1\.)?conv$/, "features.0.0"],
    [/^(?:conv1\.)?bn$/, "features.0.1"],
    [/\.(depthwise|pointwise)_conv\.(conv|bn)$/, (part, kind) => `.${part === "depthwise" ? 0 : 1}.${kind === "conv" ? 0 : 1}`], // prettier-ignore
    [/^fc$/, "classifier.1"],
  ],
};

const mobilenetV2: PaddleSeries = {
  file: /^conv2\.first_block\.linear_conv\./,
  counted: [[/^conv\d\.(?:first_block|conv\d_\d)/, BLOCKS]],
  rules: [...PARTS, ...ends("conv1\\.", "conv9\\.", "out")],
};

const mobilenetV3: PaddleSeries = {
  file: /^blocks\.0\.bottleneck_conv\.conv$/,
  counted: [[/^(?:blocks\.\d+|last_second_conv)/, BLOCKS]],
  rules: [...PARTS, [/^last_conv$/, "conv_head"], ...ends("", "-", "fc")],
};

const visionV3: PaddleSeries = {
  file: /^blocks\.0\.bottleneck_conv\.0$/,
  counted: [
    [/^blocks\.\d+\.\w+/, /^features\.\d+\.block\.\d+/],
    [/^(?:last)?conv(?=\.[01]$)/, /^features\.\d+(?=\.[01]$)/],
  ],
  rules: [],
  vision: true,
};

/** And TinyNet. */
const efficientnet: PaddleSeries = {
  file: /^ef\.conv_stem\./,
  counted: [[/^ef\.blocks?\.\d+/, BLOCKS]],
  rules: [...PARTS, ...ends("ef\\.conv_stem\\.", "", "fc")],
};

const efficientnetV2: PaddleSeries = {
  file: /^stem\.conv_stem\.conv$/,
  counted: [[/^blocks\.\d+/, BLOCKS]],
  rules: [...PARTS, [/^(stem|head)\.conv_\1(?:\.conv)?$/, "$1.conv"], ...ends("stem\\.", "head\\.", "fc")],
};

const mixnet: PaddleSeries = {
  file: /^features\.init_block\.conv1\.conv$/,
  counted: [[/^features\.stage\d\.unit\d+/, /^blocks\.(?!0\.)\d+\.\d+/]],
  rules: [
    ...ends("features\\.init_block\\.conv1\\.", "features\\.final_block\\.", "output"),
    [/^features\.init_block\.conv2\./, "blocks.0.0."],
    [/^(blocks\S+)\.conv1\.(?=conv|bn)/, "$1.depthwise."],
    [/^(blocks\S+)\.conv2\.(?=conv|bn)/, "$1.project."],
    ...PARTS,
  ],
};

const mobilenetV4: PaddleSeries = {
  file: /^conv_stem\.conv$/,
  counted: [[/^blocks\.\d+/, BLOCKS]],
  rules: [
    [/\.conv_exp\./, ".expand."],
    [/\.conv_pwl\./, ".project."],
    ...PARTS,
    [/^conv_head\.bn$/, "norm_head"],
    ...ends("conv_stem\\.", "conv_head\\.", "classifier"),
  ],
};

const lcnet: PaddleSeries = {
  file: /^blocks2\.0\.dw_conv\.conv$/,
  counted: [[/^blocks\d\.\d+/, BLOCKS]],
  rules: [...PARTS, [/^last_conv$/, "conv_head"], ...ends("conv1\\.", "-", "fc")],
};

/** Besides the branches, files hold the tensors that re_parameterize() fills. */
const lcnetV2: PaddleSeries = {
  file: /^stages\.2\.0\.pw_conv_1\.conv$/,
  rules: [
    [/\.se\.conv(?=\d$)/, ".se.fc"],
    [/\.pw_conv_(\d)\./, (i) => `.pw_conv.${next(i, -1)}.`],
    [/^last_conv$/, "conv_head"],
    [/^fc$/, "classifier"],
  ],
  left: /^stages\.\d\.\d+\.dw_conv$/,
};

const ghostnet: PaddleSeries = {
  file: /^ghostbottleneck_0\./,
  counted: [[/^ghostbottleneck_\d+/, BLOCKS]],
  rules: [
    [/\.ghost_module_(\d)\.(\w+)\.(conv|bn)$/, (i, part, kind) => `.ghost${i}.${part}.${kind === "conv" ? 0 : 1}`], // prettier-ignore
    [/\.depthwise_conv\.(conv|bn)$/, ".$1_dw"],
    [/\.conv_dw$/, ".conv_dw"],
    [/\.shortcut_(depthwise|conv)\.(conv|bn)$/, (part, kind) => `.shortcut.${(part === "conv" ? 2 : 0) + (kind === "bn" ? 1 : 0)}`], // prettier-ignore
    [/\.se_block\.squeeze$/, ".se.conv_reduce"],
    [/\.se_block\.excitation$/, ".se.conv_expand"],
    [/^conv_last\.conv$/, "blocks.9.0.conv"],
    [/^conv_last\.bn$/, "blocks.9.0.bn1"],
    [/^fc_0\.bn$/, "norm_head"],
    ...ends("conv1\\.", "fc_0\\.", "fc_1"),
  ],
  axes: [/\.se\.conv_/, 4],
};

const esnet: PaddleSeries = {
  file: /^blocks\.0\.pw_2_1\.conv$/,
  rules: [[/\.se\.conv(?=\d$)/, ".se.fc"]],
};

const BRANCHES: Record<string, number> = { dw_1: 0, linear_1: 2, pw: 0, dw: 3, linear: 5 };
const shufflenet: PaddleSeries = {
  file: /^2_1\.conv_dw_1\./,
  rules: [
    ...NUMBERED,
    [/^(\d)_(\d+)\.conv_(?:(\w+_1)|([a-z]+)(?:_2)?)\.(conv|bn)$/, (stage, i, first, second, kind) => `stage${stage}.${next(i, -1)}.branch${first ? 1 : 2}.${BRANCHES[first || second!]! + (kind === "bn" ? 1 : 0)}`], // prettier-ignore
    [/^last_conv\./, "conv5."],
    [/^(conv[15])\.(conv|bn)$/, (at, kind) => `${at}.${kind === "conv" ? 0 : 1}`],
  ],
};

const rexnet: PaddleSeries = {
  file: /^features\.3\.out\.0$/,
  counted: [[/^features\.\d+\.out\.\d+$/, /^features\.\d+\.conv_\w+\.(?:conv|bn)$/]],
  rules: [
    [/^features\.0$/, "stem.conv"],
    [/^features\.1$/, "stem.bn"],
    [/^features\.19$/, "features.16.conv"],
    [/^features\.20$/, "features.16.bn"],
    [/^features\.(\d+)\.out\.5\.fc\.(\d)$/, (n, i) => `features.${next(n, -3)}.se.${["fc1", "bn", "", "fc2"][Number(i)]}`], // prettier-ignore
    [/^output\.1$/, "head.fc"],
  ],
  axes: [/^head\.fc\./, 2],
};

const fasternet: PaddleSeries = {
  file: /^avgpool_pre_head\.1$/,
  rules: [
    [/^stages\.(\d)\.blocks/, (i) => `stages.${Number(i) / 2}.blocks`],
    [/^stages\.(\d)\.(reduction|norm)$/, (i, part) => `stages.${next(i) / 2}.downsample.${part}`],
    [/^avgpool_pre_head\.1$/, "conv_head"],
    [/^head$/, "classifier"],
  ],
};

export const MOBILES: readonly PaddleSeries[] = [mobilenetV1, mobilenetV2, mobilenetV3, visionV3, efficientnet, efficientnetV2, mixnet, mobilenetV4, lcnet, lcnetV2, ghostnet, esnet, shufflenet, rexnet, fasternet]; // prettier-ignore
