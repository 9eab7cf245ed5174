// ResNet's blocks: two 3×3 convolutions, or 1×1, 3×3, 1×1; resnet.ts names the papers, resnet-middle.ts has ResNeSt's and Res2Net's
// replacements of the 3×3 convolution.

import * as nn from "../nn/index.js";
import { fanOut, toEights } from "./blocks.js";
import { Residual, times, type Layers } from "./layers.js";
import { cascade, SplitAttention } from "./resnet-middle.js";
import type { Place, BlockVariant } from "./resnet-variant.js";

/** A convolution that keeps the size except for its stride. */
export function conv(from: number, to: number, kernelSize: number, stride = 1, groups = 1): nn.Conv2d {
  const padding = (kernelSize - 1) / 2;
  return new nn.Conv2d(from, to, kernelSize, { stride, groups, padding, bias: false, weightInit: fanOut });
}

const norm = (width: number): nn.Module => new nn.BatchNorm2d(width);
const relu = (): nn.Module => new nn.ReLU();

function shortcut({ from, to, stride, first }: Place, { avgDown, paddle }: BlockVariant) {
  if (stride === 1 && from === to && !(first && paddle)) return undefined;
  const pool = new nn.AvgPool2d(stride, { ceilMode: true, countIncludePad: false });
  const layers = [conv(from, to, 1, avgDown ? 1 : stride), norm(to)];
  return new nn.Sequential(...(avgDown ? [pool] : []), ...layers);
}

/** Channels of a bottleneck's 3×3 convolution. */
const widthOf = ({ to }: Place, { groups = 1, widthPerGroup = 64 }: BlockVariant): number =>
  Math.floor(((to / 4) * widthPerGroup) / 64) * groups;

/** 1×1, a layer that sees neighbours, 1×1. */
// prettier-ignore
const widening = ({ from, to }: Place, width: number, middle: () => Layers): Layers => ({
  conv1: conv(from, width, 1), bn1: norm(width), act1: relu(),
  ...middle(),
  conv3: conv(width, to, 1), bn3: norm(to),
});

// prettier-ignore
const basic = ({ from, to, stride }: Place): Layers => ({
  conv1: conv(from, to, 3, stride), bn1: norm(to), act1: relu(),
  conv2: conv(to, to, 3), bn2: norm(to),
});

function bottleneck(place: Place, variant: BlockVariant): Layers {
  const width = widthOf(place, variant);
  const conv2 = () => conv(width, width, 3, place.stride, variant.groups);
  return widening(place, width, () => ({ conv2: conv2(), bn2: norm(width), act2: relu() }));
}

function res2net(place: Place, variant: BlockVariant): Layers {
  const width = widthOf(place, variant);
  const { scale = 4, groups, paddle = false } = variant;
  const { stride, first, from, to } = place;
  const alone = stride > 1 || (from !== to && !(first && paddle));
  const convs = (): nn.Module[] => times(scale - 1, () => conv(width, width, 3, stride, groups));
  return widening(place, width * scale, () => cascade(convs(), { width, stride, alone, padCounts: !paddle }));
}

function resnest(place: Place, variant: BlockVariant): Layers {
  const width = widthOf(place, variant);
  const { radix = 1, groups = 1, avdFirst = false, paddle = false } = variant;
  const { stride } = place;
  const pool = stride > 1 ? new nn.AvgPool2d(3, { stride, padding: 1, countIncludePad: !paddle }) : undefined;
  return widening(place, width, () => ({
    avdFirst: avdFirst ? pool : undefined,
    conv2: new SplitAttention(width, { radix, groups, bias: !paddle }),
    avdLast: avdFirst ? undefined : pool,
  }));
}

/** A network's block at a place. */
export function blockOf(variant: BlockVariant, place: Place): nn.Module {
  const { scale, radix, paddle, se } = variant;
  const { to, drop } = place;
  const layersOf = scale ? res2net : radix ? resnest : variant.bottleneck ? bottleneck : basic;
  const squeezed = paddle ? to / 16 : toEights(to / 16);
  const layers = { ...layersOf(place, variant), se: se ? new nn.SqueezeExcitation(to, squeezed) : undefined };
  return new Residual(layers, { shortcut: { downsample: shortcut(place, variant) }, relu: true, drop });
}
