// The sizes of a convolution.

import type { Shape } from "../../core/shape.js";
import { pair, sidesOf, type Padding2dOption, type Pair, type WindowAttrs } from "../window.js";

/** Options of conv2d(). */
export interface Conv2dOptions {
  /** Step from one window to the next, down and across. Default 1. */
  stride?: Pair;
  /** Rows and columns of zeros around the image. Default 0. */
  padding?: Padding2dOption;
  /** Distance between the elements of a window. Default 1. */
  dilation?: Pair;
  /** Groups of channels that do not see each other. Default 1. */
  groups?: number;
  /**
   * The algorithm to use in every pass that it implements, for comparisons: "depthwise", "winograd" (3×3 of stride 1),
   * "winograd-stride2" (3×3), "winograd-stem" (7×7 of stride 2, up to 4 channels), "one-pixel" (1×1 on one
   * pixel) or "direct". Default: the fastest.
   */
  algorithm?: string;
}

export interface Conv2dAttrs extends WindowAttrs {
  groups: number;
  /** Name of the algorithm (table.ts) to use; undefined: the best. */
  algorithm: string | undefined;
}

export interface Conv {
  images: number;
  height: number;
  width: number;
  channels: number;
  kernelHeight: number;
  kernelWidth: number;
  /** Input channels that one output channel sees. */
  groupChannels: number;
  outChannels: number;
  groupOutChannels: number;
  groups: number;
  outHeight: number;
  outWidth: number;
  strideHeight: number;
  strideWidth: number;
  paddingTop: number;
  paddingLeft: number;
  paddingBottom: number;
  paddingRight: number;
  dilationHeight: number;
  dilationWidth: number;
}

/** The sizes of a convolution by name. */
export function convOf(x: Shape, weight: Shape, attrs: Conv2dAttrs, y: Shape): Conv {
  const [n, h, w, c] = x as [number, number, number, number];
  const [kh, kw, cg, o] = weight as [number, number, number, number];
  const [strideHeight, strideWidth] = pair(attrs.stride);
  const [[paddingTop, paddingBottom], [paddingLeft, paddingRight]] = sidesOf(attrs.padding);
  const [dilationHeight, dilationWidth] = pair(attrs.dilation);
  return {
    images: n,
    height: h,
    width: w,
    channels: c,
    kernelHeight: kh,
    kernelWidth: kw,
    groupChannels: cg,
    outChannels: o,
    groupOutChannels: o / attrs.groups,
    groups: attrs.groups,
    outHeight: y[1]!,
    outWidth: y[2]!,
    strideHeight,
    strideWidth,
    paddingTop,
    paddingLeft,
    paddingBottom,
    paddingRight,
    dilationHeight,
    dilationWidth,
  };
}

/** The sizes for an error's message. */
export function describeConv(conv: Conv): string {
  const { images, height, width, channels, kernelHeight, kernelWidth, groupChannels, outChannels } = conv;
  const { strideHeight, strideWidth, dilationHeight, dilationWidth, groups } = conv;
  const { paddingTop: top, paddingLeft: left, paddingBottom: bottom, paddingRight: right } = conv;
  const padding =
    top === bottom && left === right ? [top, left] : [`[${top},${bottom}]`, `[${left},${right}]`];
  return (
    `x:[${images},${height},${width},${channels}] ` +
    `weight:[${kernelHeight},${kernelWidth},${groupChannels},${outChannels}] stride [${strideHeight},${strideWidth}] ` +
    `padding [${padding.join()}] dilation [${dilationHeight},${dilationWidth}] groups ${groups}`
  );
}
