// Blocks of mobile networks, under timm's names: the parts of MobileNet V1 to V4, EfficientNet and their relatives.
// mobile-variant.ts describes them; the networks' files name the papers.

import * as nn from "../nn/index.js";
import { toEights } from "./blocks.js";
import { Apply, Residual, type Layers } from "./layers.js";
import { depthwise, mobileConv, normedBy, pointwise, squeezeExcite } from "./mobile-parts.js";
import type { MobileVariant, Row } from "./mobile-variant.js";

/** Facts about a block: channels inside, and makers of its small layers. */
interface Known {
  variant: MobileVariant;
  row: Row;
  from: number;
  stride: number;
  wide: number;
  se: nn.Module | undefined;
  norm: (width: number) => nn.Module;
  act: () => nn.Module;
}

function conv({ variant, row: [, kernel, , , to], from, stride, norm, act }: Known): Layers {
  return { conv: mobileConv(variant, from, to, kernel as number, { stride }), bn1: norm(to), act1: act() };
}

function separable({ variant, row: [kind, kernel, , , to], from, stride, se, norm, act }: Known): Layers {
  const [convDw, convPw] = [depthwise(variant, from, kernel, stride), mobileConv(variant, from, to, 1)];
  const act2 = kind === "pair" ? act() : undefined;
  return { convDw, bn1: norm(from), act1: act(), se, convPw, bn2: norm(to), act2 };
}

function inverted({ variant, row, from, stride, wide, se, norm, act }: Known): Layers {
  const [, kernel, , , to, , more] = row;
  const [first, last] = more?.parts ?? [1, 1];
  const convPw = pointwise(variant, from, wide, first);
  const convDw = depthwise(variant, wide, kernel, stride);
  const convPwl = pointwise(variant, wide, to, last);
  const widened = { convPw, bn1: norm(wide), act1: act() };
  return { ...widened, convDw, bn2: norm(wide), act2: act(), se, convPwl, bn3: norm(to) };
}

function fused({ variant, row: [, kernel, , , to], from, stride, wide, se, norm, act }: Known): Layers {
  const convExp = mobileConv(variant, from, wide, kernel as number, { stride });
  const convPwl = mobileConv(variant, wide, to, 1);
  return { convExp, bn1: norm(wide), act1: act(), se, convPwl, bn2: norm(to) };
}

function universal({ variant, row, from, stride, wide, act }: Known): Layers {
  const [, middle, , , to, , { start = 0 } = {}] = row;
  const normed = (a: number, b: number, kernel: number, stride = 1, groups = 1): nn.Module =>
    normedBy(variant.norm, mobileConv(variant, a, b, kernel, { stride, groups }));
  const dwStart = start ? normed(from, from, start, middle ? 1 : stride, from) : undefined;
  const pwExp = normed(from, wide, 1);
  const dwMid = middle ? normed(wide, wide, middle as number, stride, wide) : undefined;
  const act2 = middle ? act() : undefined;
  return { dwStart, pwExp, act1: act(), dwMid, act2, pwProj: normed(wide, to, 1) };
}

const KINDS = { conv, pair: separable, separable, inverted, fused, universal } as const;

/** The layers that weigh channels come first among the parameters: optimizer files depend on the order. */
class MobileBlock extends Residual {
  override namedChildren(): [name: string, child: nn.Module][] {
    const all = super.namedChildren();
    return [...all.filter(([name]) => name === "se"), ...all.filter(([name]) => name !== "se")];
  }
}

/** The block of a row. drop: probability of leaving it out in training. */
// prettier-ignore
export function mobileBlock(variant: MobileVariant, row: Row, from: number, stride: number, drop: number): nn.Module {
  const [kind, , , expansion, to, , more = {}] = row;
  const { activation = variant.activation, skip = kind !== "conv" && kind !== "pair" } = more;
  const { round = toEights } = variant;
  const wide = kind === "pair" || kind === "separable" ? from : (more.wide ?? round(from * expansion));
  const squeezed = (): number => variant.squeezed?.(wide) ?? Math.round(from * more.se!);
  const se = more.se ? squeezeExcite(wide, squeezed(), variant.squeezeActivation ?? activation, variant.gate) : undefined;
  const norm = (width: number): nn.Module => new nn.BatchNorm2d(width, variant.norm);
  const act = (): nn.Module => new Apply(activation);
  const layers = KINDS[kind]({ variant, row, from, stride, wide, se, norm, act });
  return new MobileBlock(layers, { adds: skip && stride === 1 && from === to, drop });
}
