// Names in Paddle's files of other convolutional networks.

import { next, type PaddleSeries, type Rule } from "./paddle-rules.js";

const IN_ORDER: Rule = [/\.conv(\d)\.(conv|bn)$/, (i, kind) => `.${kind}${next(i)}`];

/** ResNet and its vd form: blocks are counted through all stages. */
const resnet: PaddleSeries = {
  file: /^blocks\.0\.conv0\.conv$/,
  counted: [[/^blocks\.\d+/, /^layer\d\.\d+/]],
  rules: [IN_ORDER, [/\.short\./, ".downsample."]],
};

/** ResNeXt, vc, SE, Res2Net, and Facebook's ResNeXts. */
const relatives: PaddleSeries = {
  file: /^(?:bb_0_0|conv1_0)\.conv0\.conv$/,
  rules: [
    [/^(?:conv1\.|conv_stem\.)?(conv|bn)$/, "stem.0.$1"],
    [/^conv1_(\d)\.(conv|bn)$/, (i, kind) => `stem.${next(i, -1)}.${kind}`],
    [/^bb_(\d)_(\d+)/, (stage, i) => `layer${next(stage)}.${i}`],
    [/^conv(\d)_(\d+)\./, "layer$1.$2."],
    IN_ORDER,
    [/\.short\./, ".downsample."],
    [/\.scale\.squeeze$/, ".se.fc1"],
    [/\.scale\.excitation$/, ".se.fc2"],
    [/\.res\w+_branch2b_(\d)\.(conv|bn)$/, (i, kind) => `.${kind}s.${next(i, -1)}`],
    [/^out$/, "fc"],
  ],
  axes: [/\.se\.fc\d\./, 4],
};

const resnest: PaddleSeries = {
  file: /^layer1\.layer1_bottleneck_0\./,
  rules: [
    [/^stem\.conv(\d)\./, (i) => `stem.${next(i, -1)}.`],
    [/^conv1\.(conv|bn)$/, "stem.0.$1"],
    [/^layer\d\.layer(\d)_bottleneck_(\d+)/, "layer$1.$2"],
    [/\.conv2\.conv1\.conv$/, ".conv2.conv"],
    [/\.conv2\.conv([12])\.bn$/, (i) => `.conv2.bn${next(i, -1)}`],
    [/\.conv2\.conv2\.conv$/, ".conv2.fc1"],
    [/\.conv2\.conv3$/, ".conv2.fc2"],
    [/\.conv([13])\.(conv|bn)$/, ".$2$1"],
    [/\.conv4$/, ".downsample.conv"],
    [/^(layer\d\.\d+)\.bn$/, "$1.downsample.bn"],
    [/^out$/, "fc"],
  ],
};

const densenet: PaddleSeries = {
  file: /^db_conv_2\./,
  rules: [
    [/^conv1_func\.conv$/, "features.conv0"],
    [/^conv1_func\.bn$/, "features.norm0"],
    [
      /^db_conv_(\d)\.conv\d_(\d+)\.bn_ac_func/,
      (b, j) => `features.denseblock${next(b, -1)}.denselayer${j}.`,
    ],
    [/^tr_conv(\d)_blk\.conv_ac_func\./, (b) => `features.transition${next(b, -1)}.`],
    [/^(features\.\w+\.\w+)\.(\d)\.conv$/, "$1.conv$2"],
    [/^(features\.\w+\.\w+)\.(\d)\.bn$/, "$1.norm$2"],
    [/^(features\.transition\d)\.bn$/, "$1.norm"],
    [/^bn$/, "features.norm5"],
    [/^out$/, "classifier"],
  ],
};

const vgg: PaddleSeries = {
  file: /^conv_block_1\.conv1$/,
  counted: [[/^conv_block_\d\.conv\d/, /^features\.\d+/]],
  rules: [[/^fc(\d)$/, (i) => `classifier.${3 * next(i, -1)}`]],
};

const alexnet: PaddleSeries = {
  file: /^fc8$/,
  counted: [[/^conv\d/, /^features\.\d+/]],
  rules: [[/^fc6$/, "classifier.1"], [/^fc7$/, "classifier.4"], [/^fc8$/, "classifier.6"], [/\.conv$/, ""]], // prettier-ignore
};

const squeezenet: PaddleSeries = {
  file: /^conv1\.conv_path1\.conv$/,
  counted: [[/^conv\d(?=\.)/, /^features\.\d+(?=\.squeeze)/]],
  rules: [
    [/^conv$/, "features.0"],
    [/^(features\.\d+)\.conv$/, "$1.squeeze"],
    [/\.conv_path1\.conv$/, ".expand1x1"],
    [/\.conv_path2\.conv$/, ".expand3x3"],
    [/^conv9$/, "classifier.1"],
  ],
};

const regnet: PaddleSeries = {
  file: /^s1_b1\.conv0\.conv$/,
  rules: [
    [/^(conv|bn)$/, "stem.$1"],
    [/^s(\d)_b(\d+)\./, "s$1.b$2."],
    [/\.conv(\d)\./, (i) => `.conv${next(i)}.`],
    [/\.short\./, ".downsample."],
    [/^out$/, "head.fc"],
  ],
};

const dpn: PaddleSeries = {
  file: /^dpn1\.c1x1_a_func\.conv$/,
  counted: [
    [/^dpn\d+\.c1x1_w_func/, /^features\.conv\d_\d+\.c1x1_w_s\d/],
    [/^dpn\d+/, /^features\.conv[2-5]_\d+/],
  ],
  rules: [
    [/_func\./, "."],
    [/^conv1_x_1/, "features.conv1_1"],
    [/^conv5_x_x_bn$/, "features.conv5_bn_ac.bn"],
    [/^out$/, "classifier"],
  ],
  axes: [/^classifier\./, 4],
};

const darknet: PaddleSeries = {
  file: /^basic_block_01\./,
  rules: [
    [/^conv1\./, "stem.conv1."],
    [/^conv2\./, "stages.0.conv_down."],
    [/^downsample_(\d)\./, (i) => `stages.${next(i)}.conv_down.`],
    [/^basic_block_(\d)(\d)\./, (stage, i) => `stages.${stage}.blocks.${next(i, -1)}.`],
    [/^out$/, "head.fc"],
  ],
};

const cspnet: PaddleSeries = { file: /^stages\.0\.conv_transition_b\.conv$/, rules: [[/^fc$/, "head.fc"]] };

const hgnet: PaddleSeries = {
  file: /^stages\.0\.blocks\.0\.aggregation_(?:squeeze_)?conv\.conv$/,
  rules: [
    [/^stem\.(?=\d\.)/, "stem.stem."],
    [/\.aggregation_(?:squeeze_)?conv\./, ".aggregation.0."],
    [/\.(?:aggregation_excitation_conv|att)\./, ".aggregation.1."],
    [/^last_conv$/, "head.last_conv.0"],
    [/^lab$/, "head.last_conv.2"],
    [/^fc$/, "head.fc"],
  ],
};

const repvgg: PaddleSeries = {
  file: /^stage0\.rbr_dense\.conv$/,
  rules: [
    [/^stage0\./, "stem."],
    [/^stage(\d)\./, (i) => `stages.${next(i, -1)}.`],
    [/\.rbr_dense\./, ".conv_kxk."],
    [/\.rbr_/, "."],
    [/\.1x1\./, ".conv_1x1."],
    [/\.se\.down$/, ".attn.fc1"],
    [/\.se\.up$/, ".attn.fc2"],
    [/^linear$/, "head.fc"],
  ],
};

const hrnet: PaddleSeries = {
  file: /^conv_layer1_1\.conv$/,
  counted: [
    [
      /^st\d\.stage_func_list\.\d+\.fuse_func\.residual_func_list\.\d+/,
      /^stage\d\.\d+\.fuse_layers\.[\d.]+(?=\.0$)/,
    ],
  ],
  rules: [
    [/^conv_layer1_(\d)\.(conv|bn)$/, "$2$1"],
    [/^conv_tr1_1\./, "transition1.0."],
    [/^conv_tr1_2\./, "transition1.1.0."],
    [/^conv_tr(\d)\./, "transition$1.$1.0."],
    [/^st(\d)\.stage_func_list\.(\d+)\.basic_block_list\./, "stage$1.$2.branches."],
    [/^last_cls\.func_list\.(\d)\./, "incre_modules.$1.0."],
    [/^cls_head_conv_list\./, "downsamp_modules."],
    [/^conv_last\./, "final_layer."],
    [/\.conv_down\./, ".downsample."],
    [/\.conv(\d)\.(conv|bn)$/, ".$2$1"],
    [/^((?:stage\d\.\d+\.fuse_layers|transition\d|downsamp_modules|final_layer)\b.*)\.(conv|bn)$/, (at, kind) => `${at}.${kind === "conv" ? 0 : 1}`], // prettier-ignore
    [/\.se\.fc_squeeze$/, ".se.fc1"],
    [/\.se\.fc_excitation$/, ".se.fc2"],
    [/^fc$/, "classifier"],
  ],
  axes: [/\.se\.fc\d\./, 4],
};

export const CONVOLUTIONAL: readonly PaddleSeries[] = [resnet, relatives, resnest, hrnet, densenet, vgg, alexnet, squeezenet, regnet, dpn, darknet, cspnet, hgnet, repvgg]; // prettier-ignore
