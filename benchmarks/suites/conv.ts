// Convolutions of well-known networks: forward and each gradient separately.

import { conv2d, tensor, tidy, noGrad } from "../../src/index.js";
import { convOf } from "../../src/ops/conv/sizes.js";
import { algorithmFor, algorithms, type Pass } from "../../src/ops/conv/table.js";
import {
  outputSize,
  randomFloats,
  type Algorithms,
  type Case,
  type ConvSpec,
  type Prepared,
} from "../workload.js";
import { gradientRule } from "./rule.js";

type Shape = [kernel: number, stride: number, size: number, channels: number, outChannels: number];

/** The four stages of ResNet-18 and -34: He et al. (2015), arXiv 1512.03385, table 1. */
const RESNET: Shape[] = [
  [3, 1, 56, 64, 64],
  [3, 1, 28, 128, 128],
  [3, 1, 14, 256, 256],
  [3, 1, 7, 512, 512],
];
/** The three stages of the CIFAR ResNets: the same paper, section 4.2. */
const CIFAR: Shape[] = [
  [3, 1, 32, 16, 16],
  [3, 1, 16, 32, 32],
  [3, 1, 8, 64, 64],
];
/** 1×1 convolutions of ResNet-50, and the strided ones of ResNet-18: stages' first layers and a shortcut. */
const RESNET50: Shape[] = [
  [1, 1, 56, 64, 256],
  [1, 1, 56, 256, 64],
  [1, 1, 28, 512, 128],
  [1, 1, 14, 1024, 256],
  [1, 1, 7, 512, 2048],
  [3, 2, 56, 64, 128],
  [3, 2, 28, 128, 256],
  [3, 2, 14, 256, 512],
  [1, 2, 56, 64, 128],
];
const STEM: Shape[] = [[7, 2, 224, 3, 64]];
/** Sandler et al., MobileNetV2 (2018), arXiv 1801.04381, table 2. */
const MOBILENET: Shape[] = [
  [3, 1, 112, 32, 32],
  [3, 2, 112, 96, 96],
  [3, 1, 56, 144, 144],
  [3, 1, 28, 192, 192],
  [3, 1, 14, 384, 384],
  [3, 2, 14, 576, 576],
  [3, 1, 7, 960, 960],
];

function specs(op: ConvSpec["op"], batch: number, shapes: Shape[]): ConvSpec[] {
  return shapes.map(([kernel, stride, size, channels, outChannels]) => ({
    op,
    batch,
    height: size,
    width: size,
    channels,
    outChannels,
    kernel,
    stride,
    padding: (kernel - 1) / 2,
    groups: op.startsWith("depthwise") ? channels : 1,
  }));
}

function shapesOf(spec: ConvSpec): { xShape: number[]; wShape: number[]; yShape: number[] } {
  const { batch, height, width, channels, outChannels, kernel, groups } = spec;
  return {
    xShape: [batch, height, width, channels],
    wShape: [kernel, kernel, channels / groups, outChannels],
    yShape: [batch, outputSize(height, spec), outputSize(width, spec), outChannels],
  };
}

function passOf(op: ConvSpec["op"]): Pass {
  return op.endsWith("BackwardData") ? "data" : op.endsWith("BackwardWeight") ? "weight" : "forward";
}

function algorithmsOf(spec: ConvSpec): Algorithms {
  const { xShape, wShape, yShape } = shapesOf(spec);
  const { stride, padding, groups } = spec;
  const conv = convOf(xShape, wShape, { stride, padding, groups, dilation: 1, algorithm: undefined }, yShape);
  const pass = passOf(spec.op);
  // Forward runs as in inference, where values derived from the weights are kept.
  const chosen = algorithmFor(pass, conv, pass === "forward").name;
  return { chosen, fitting: algorithms.filter((row) => row[pass] && row.fits(conv)).map(({ name }) => name) };
}

function prepare(spec: ConvSpec, algorithm?: string): Prepared {
  const { xShape, wShape, yShape } = shapesOf(spec);
  const { stride, padding, groups } = spec;
  const random = (shape: number[], seed: number) =>
    tensor(randomFloats(shape.reduce((a, b) => a * b), seed), shape); // prettier-ignore
  const x = random(xShape, 1);
  const weight = random(wShape, 2);
  const options = { stride, padding, groups, ...(algorithm && { algorithm }) };
  const pass = passOf(spec.op);
  if (pass === "data") {
    x.requiresGrad = true;
    return gradientRule(conv2d(x, weight, undefined, options), "x", random(yShape, 3), [x, weight]);
  }
  if (pass === "weight") {
    weight.requiresGrad = true;
    return gradientRule(conv2d(x, weight, undefined, options), "weight", random(yShape, 3), [x, weight]);
  }
  return {
    run: () => noGrad(() => tidy(() => conv2d(x, weight, undefined, options).compute())),
    dispose() {
      x.dispose();
      weight.dispose();
    },
  };
}

function caseOf(spec: ConvSpec): Case {
  const { op, batch, height, width, channels, outChannels, kernel, stride, groups } = spec;
  const outputs = batch * outputSize(height, spec) * outputSize(width, spec) * outChannels;
  return {
    suite: "conv",
    name: `${op}-${kernel}x${kernel}-s${stride}-${height}x${width}x${channels}-${outChannels}-b${batch}`,
    workload: { kind: "conv", ...spec },
    flops: (2 * outputs * kernel * kernel * channels) / groups,
    algorithms: () => algorithmsOf(spec),
    prepare: (algorithm) => prepare(spec, algorithm),
  };
}

const ops = ["conv2d", "conv2dBackwardData", "conv2dBackwardWeight"] as const;
const depthwiseOps = ["depthwise", "depthwiseBackwardData", "depthwiseBackwardWeight"] as const;

export const convCases: Case[] = [
  ...ops.flatMap((op) => [
    ...specs(op, 1, [...RESNET, ...RESNET50, ...STEM]),
    ...specs(op, 8, [...RESNET, ...RESNET50, ...STEM]),
    ...specs(op, 128, CIFAR),
  ]),
  ...depthwiseOps.flatMap((op) => [...specs(op, 1, MOBILENET), ...specs(op, 8, MOBILENET)]),
].map(caseOf);
