// Names of modules in Paddle's networks, brought to torchvision's and timm's: those of PaddleClas, and of paddle.vision where it has
// others. https://github.com/PaddlePaddle/PaddleClas/tree/v2.6.0/ppcls/arch/backbone

import type { StateDict, StateTensor } from "../core/state.js";

/** What a file's tensors become under a model's names. */
export interface PaddleNetwork {
  /** The model's modules for those of the file. */
  readonly modules: ReadonlyMap<string, string>;
  /** A tensor under its name in the model. */
  tensor(name: string, tensor: StateTensor): StateTensor;
  /** Makes up, in the state under the model's names, for what Paddle's network computes otherwise. */
  finish(state: StateDict): void;
}

interface Family {
  /** Names that all such files have, and all such models. */
  readonly file: readonly string[];
  readonly own: readonly string[];
  /** How one of the file's modules is called in the model; undefined if it has none such. */
  rename(path: string, own: readonly string[], paths: readonly string[]): string | undefined;
  /** A tensor under its name in the model. */
  tensor?(name: string, tensor: StateTensor): StateTensor;
  finish?(state: StateDict, own: readonly string[]): void;
}

/** The first of the rules whose pattern is the whole path, with $1 and $2 in place. */
function byRules(
  path: string,
  rules: readonly (readonly [RegExp, string | ((...parts: string[]) => string | undefined)])[],
): string | undefined {
  for (const [pattern, to] of rules) {
    const found = pattern.exec(path);
    if (found) return typeof to === "function" ? to(...found.slice(1)) : path.replace(pattern, to);
  }
  return undefined;
}

const next = (digit: string, by = 1): number => Number(digit) + by;

/**
 * Of layers behind a dropout of one half in Paddle's older networks (mode="downscale_in_infer"): it halves in evaluation and scales
 * nothing in training, so with half the weights other dropouts do the same.
 */
function halve(state: StateDict, names: readonly string[]): void {
  for (const name of names) {
    const weight = state.get(name);
    if (weight?.dtype !== "F32") continue;
    state.set(name, { ...weight, data: (weight.data as Float32Array).map((w) => w / 2) });
  }
}

/** How the last part of a path says that it is a normalisation. */
const isNorm = (kind: string): boolean => /bn$|norm$/.test(kind);

/** Number of the shortcut's convolution: a pooling may come before it. */
const shortcutOf = (own: readonly string[]): number => (own.includes("layer2.0.downsample.0.weight") ? 0 : 1);

/** A convolution of the stem, which has one or three, or its normalisation. */
const inStem = (own: readonly string[], i: number, kind: string): string => {
  const three = own.includes("conv1.0.weight");
  if (isNorm(kind)) return three && i < 2 ? `conv1.${3 * i + 1}` : "bn1";
  return three ? `conv1.${3 * i}` : "conv1";
};

/** ResNet and its vd form: blocks are counted through all stages. */
const resnet: Family = {
  file: ["stem.0.conv.weight", "blocks.0.conv0.conv.weight"],
  own: ["layer1.0.conv1.weight"],
  rename(path, own) {
    const first = shortcutOf(own);
    const blocks = own.flatMap((name) => /^(layer\d+\.\d+)\.conv1\.weight$/.exec(name)?.[1] ?? []);
    const inBlock = (n: string, to: string): string | undefined => {
      const block = blocks[Number(n)];
      return block && `${block}.${to}`;
    };
    return byRules(path, [
      [/^stem\.(\d)\.(conv|bn)$/, (i, kind) => inStem(own, Number(i), kind!)],
      [/^blocks\.(\d+)\.conv(\d)\.(conv|bn)$/, (n, i, kind) => inBlock(n!, `${kind}${next(i!)}`)],
      [/^blocks\.(\d+)\.short\.conv$/, (n) => inBlock(n!, `downsample.${first}`)],
      [/^blocks\.(\d+)\.short\.bn$/, (n) => inBlock(n!, `downsample.${first + 1}`)],
      [/^fc$/, "fc"],
    ]);
  },
};

/** PaddleClas' other ResNets: ResNeXt, vc, SE, Res2Net, ResNeSt, and Facebook's ResNeXts. */
const relatives = (first: string, stem: string): Family => ({
  file: [first, stem],
  own: ["layer1.0.conv1.weight"],
  rename: (path, own) => {
    const short = (kind: string): number => shortcutOf(own) + (isNorm(kind) ? 1 : 0);
    const layer = (kind: string): string => (isNorm(kind) ? "bn" : "conv");
    return byRules(path, [
      [/^(?:conv|conv1|_conv_stem)\.(_\w+)$/, (kind) => inStem(own, 0, kind!)],
      [/^(?:conv1_|stem\.conv)(\d)\.(_\w+)$/, (i, kind) => inStem(own, next(i!, -1), kind!)],
      [
        /^bb_(\d)_(\d+)\.conv(\d)\.(_\w+)$/,
        (s, i, k, kind) => `layer${next(s!)}.${i}.${layer(kind!)}${next(k!)}`,
      ],
      [/^bb_(\d)_(\d+)\.short\.(_\w+)$/, (s, i, kind) => `layer${next(s!)}.${i}.downsample.${short(kind!)}`],
      [/^bb_(\d)_(\d+)\.scale\.squeeze$/, (s, i) => `layer${next(s!)}.${i}.se.fc1`],
      [/^bb_(\d)_(\d+)\.scale\.excitation$/, (s, i) => `layer${next(s!)}.${i}.se.fc2`],
      [
        /^bb_(\d)_(\d+)\.res\w+_branch2b_(\d)\.(_\w+)$/,
        (s, i, k, kind) => `layer${next(s!)}.${i}.${layer(kind!)}s.${next(k!, -1)}`,
      ],
      [
        /^_conv(\d)_(\d+)\._conv(\d)\.(_\w+)$/,
        (s, i, k, kind) => `layer${s}.${i}.${layer(kind!)}${next(k!)}`,
      ],
      [
        /^_conv(\d)_(\d+)\._short\._conv\.(_\w+)$/,
        (s, i, kind) => `layer${s}.${i}.downsample.${short(kind!)}`,
      ],
      [
        /^layer(\d)\.layer\d_bottleneck_(\d+)\.(.+)$/,
        (s, i, rest) => inSplit(rest!, `layer${s}.${i}`, shortcutOf(own)),
      ],
      [/^_?out$/, "fc"],
    ]);
  },
  tensor: (name, tensor) => {
    const { shape } = tensor; // layers of the gate are convolutions here
    return /\.se\.fc\d\.weight$/.test(name) && shape.length === 2
      ? { ...tensor, shape: [...shape, 1, 1] }
      : tensor;
  },
});

/** A module of ResNeSt's block. */
function inSplit(path: string, block: string, shortcut: number): string | undefined {
  const to = byRules(path, [
    [/^conv([13])\._conv$/, "conv$1"],
    [/^conv([13])\._batch_norm$/, "bn$1"],
    [/^conv2\.conv1\._conv$/, "conv2.conv"],
    [/^conv2\.conv1\._batch_norm$/, "conv2.bn0"],
    [/^conv2\.conv2\._conv$/, "conv2.fc1"],
    [/^conv2\.conv2\._batch_norm$/, "conv2.bn1"],
    [/^conv2\.conv3$/, "conv2.fc2"],
    [/^conv4$/, `downsample.${shortcut}`],
    [/^_batch_norm$/, `downsample.${shortcut + 1}`],
  ]);
  return to && `${block}.${to}`;
}

const densenet: Family = {
  file: ["conv1_func._conv.weight", "db_conv_2.conv2_1.bn_ac_func1._conv.weight"],
  own: ["features.denseblock1.denselayer1.conv1.weight"],
  rename: (path) =>
    byRules(path, [
      [/^conv1_func\._conv$/, "features.conv0"],
      [/^conv1_func\._batch_norm$/, "features.norm0"],
      [
        /^db_conv_(\d)\.conv\d_(\d+)\.bn_ac_func([12])\.(_conv|_batch_norm)$/,
        (b, j, k, kind) =>
          `features.denseblock${next(b!, -1)}.denselayer${j}.${kind === "_conv" ? "conv" : "norm"}${k}`,
      ],
      [/^tr_conv(\d)_blk\.conv_ac_func\._conv$/, (b) => `features.transition${next(b!, -1)}.conv`],
      [/^tr_conv(\d)_blk\.conv_ac_func\._batch_norm$/, (b) => `features.transition${next(b!, -1)}.norm`],
      [/^batch_norm$/, "features.norm5"],
      [/^out$/, "classifier"],
    ]),
};

/** VGG, whose convolutions have no biases: in torchvision's form they get zeros, in PaddleClas's own nothing is made up for. */
const vgg: Family = {
  file: ["conv_block_1.conv1.weight", "fc3.weight"],
  own: ["features.0.weight", "classifier.6.weight"],
  rename(path, own, paths) {
    const layers = own.flatMap((name) => /^(features\.\d+)\.weight$/.exec(name)?.[1] ?? []);
    const convolutions = layers.filter((layer) => !own.includes(`${layer}.running_mean`));
    const theirs = paths.filter((each) => each.startsWith("conv_block_")).sort();
    return byRules(path, [
      [/^conv_block_\d\.conv\d$/, () => convolutions[theirs.indexOf(path)]],
      [/^fc(\d)$/, (i) => `classifier.${3 * next(i!, -1)}`],
    ]);
  },
  finish(state, own) {
    if (!own.includes("features.0.bias")) return;
    for (const name of own) {
      const bias = /^(features\.\d+)\.bias$/.exec(name);
      const weight = bias && state.get(`${bias[1]}.weight`);
      if (!weight || state.has(name)) continue;
      const [channels] = weight.shape as [number];
      state.set(name, { dtype: "F32", shape: [channels], data: new Float32Array(channels) });
    }
    halve(state, ["classifier.3.weight", "classifier.6.weight"]);
  },
};

const ALEXNET: Record<string, string> = {
  "_conv1._conv": "features.0",
  "_conv2._conv": "features.3",
  _conv3: "features.6",
  _conv4: "features.8",
  "_conv5._conv": "features.10",
  _fc6: "classifier.1",
  _fc7: "classifier.4",
  _fc8: "classifier.6",
};

const alexnet: Family = {
  file: ["_conv1._conv.weight", "_fc8.weight"],
  own: ["features.10.weight", "classifier.6.weight"],
  rename: (path) => (Object.hasOwn(ALEXNET, path) ? ALEXNET[path] : undefined),
  finish: (state) => halve(state, ["classifier.1.weight", "classifier.4.weight"]),
};

const FAMILIES: readonly Family[] = [
  resnet,
  relatives("bb_0_0.conv0._conv.weight", "conv._conv.weight"),
  relatives("bb_0_0.conv0._conv.weight", "conv1._conv.weight"),
  relatives("bb_0_0.conv0._conv.weight", "conv1_1._conv.weight"),
  relatives("_conv1_0._conv0._conv.weight", "_conv_stem._conv.weight"),
  relatives("layer1.layer1_bottleneck_0.conv1._conv.weight", "stem.conv1._conv.weight"),
  densenet,
  vgg,
  alexnet,
];

/** What a file of Paddle's becomes for a model; undefined unless it is one whose names these are. `names`: the file's, `own`: the model's. */
export function paddleNetwork(names: readonly string[], own: readonly string[]): PaddleNetwork | undefined {
  const family = FAMILIES.find(
    (one) => one.file.every((name) => names.includes(name)) && one.own.every((name) => own.includes(name)),
  );
  if (!family) return undefined;
  const paths = [...new Set(names.map((name) => name.slice(0, name.lastIndexOf("."))))];
  const modules = new Map<string, string>();
  for (const path of paths) {
    const to = family.rename(path, own, paths);
    if (to !== undefined) modules.set(path, to);
  }
  return {
    modules,
    tensor: (name, tensor) => family.tensor?.(name, tensor) ?? tensor,
    finish: (state) => family.finish?.(state, own),
  };
}
