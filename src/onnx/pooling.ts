// Pooling in operators of ONNX. The result of ceil_mode differs between versions of ONNX and its runtimes, so it is never
// written: the part of the last window beyond the image becomes padding.

import { pair, sidesOf, type Padding2d, type Pair } from "../ops/window.js";
import { NCHW } from "./file-graph.js";
import type { NodeWriter, Row } from "./node-writer.js";

/** Sizes of a node's input and output images: [height, width]. */
const spatial = (n: NodeWriter): [from: number[], to: number[]] => [
  n.input("x").shape.slice(1, 3),
  n.shape.slice(1, 3),
];

interface Window {
  kernel_shape: readonly number[];
  strides: readonly number[];
  dilations: readonly number[];
  /** At the beginning and the end of both axes. */
  begin: readonly number[];
  /** The part at the end that is the specified padding. */
  after: readonly number[];
  end: readonly number[];
}

function windowOf(n: NodeWriter): Window {
  const of = (name: string): readonly number[] => pair(n.attr<Pair>(name));
  const kernel_shape = of("kernelSize");
  const [strides, dilations] = [of("stride"), of("dilation")];
  const sides = sidesOf(n.attr<Padding2d>("padding"));
  const begin = sides.map(([before]) => before);
  const after = sides.map(([, behind]) => behind);
  const [from, to] = spatial(n);
  const end = to.map((size, i) => {
    const reach = (size - 1) * strides[i]! + dilations[i]! * (kernel_shape[i]! - 1) + 1;
    return Math.max(after[i]!, reach - from[i]! - begin[i]!);
  });
  return { kernel_shape, strides, dilations, begin, after, end };
}

const maxPool: Row = (n) => {
  const { begin, after: _, end, ...window } = windowOf(n);
  return n.result(n.add("MaxPool", [n.in("x", NCHW)], { ...window, pads: [...begin, ...end] }), NCHW);
};

/**
 * Elements beyond the padding count in no mean. If padding counts and windows reach beyond it, zeros are added to the image,
 * and only the rest is padding.
 */
const avgPool: Row = (n) => {
  const { begin, after, end, dilations, ...window } = windowOf(n);
  const count = n.attr<boolean>("countIncludePad");
  const beyond = end.map((size, i) => size - after[i]!);
  let x = n.in("x", NCHW);
  let pads = [...begin, ...end];
  const split = count && beyond.some((size) => size > 0);
  if (split) {
    if ([...begin, ...after].some((size) => size > 0)) {
      x = n.add("Pad", [x, n.file.integers([0, 0, ...begin, 0, 0, ...after])]);
    }
    pads = [0, 0, ...beyond];
  }
  const count_include_pad = count && !split ? 1 : 0;
  return n.result(n.add("AveragePool", [x], { ...window, pads, count_include_pad }), NCHW);
};

/** Row i holds the shares of the pixels of one axis in mean i: windows from ⌊i·from/to⌋ to ⌈(i + 1)·from/to⌉. */
function meansOf(from: number, to: number): number[][] {
  return Array.from({ length: to }, (_, i) => {
    const [begin, end] = [Math.floor((i * from) / to), Math.ceil(((i + 1) * from) / to)];
    return Array.from({ length: from }, (_, j) => (j >= begin && j < end ? 1 / (end - begin) : 0));
  });
}

/** Windows of different sizes are matrix products along both axes. */
const adaptiveAvgPool: Row = (n) => {
  const x = n.input("x");
  const [[h, w], [oh, ow]] = spatial(n) as [[number, number], [number, number]];
  if (oh === h && ow === w) return n.result(x.name, x.axes);
  const image = n.in("x", NCHW);
  if (oh === 1 && ow === 1) return n.result(n.add("GlobalAveragePool", [image]), NCHW);
  if (h % oh === 0 && w % ow === 0) {
    const size = [h / oh, w / ow];
    return n.result(n.add("AveragePool", [image], { kernel_shape: size, strides: size }), NCHW);
  }
  const across = meansOf(w, ow);
  const columns = across[0]!.flatMap((_, j) => across.map((row) => row[j]!)); // [w, ow]
  const narrow = n.add("MatMul", [image, n.file.floats(columns, [w, ow])]);
  return n.result(n.add("MatMul", [n.file.floats(meansOf(h, oh).flat(), [oh, h]), narrow]), NCHW);
};

const interpolate: Row = (n) => {
  const scales = n.file.floats([1, 1, ...pair(n.attr<Pair>("scaleFactor"))]);
  const how = { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" };
  return n.result(n.add("Resize", [n.in("x", NCHW), "", scales], how), NCHW);
};

export const POOLING: Readonly<Record<string, Row>> = {
  maxPool2d: maxPool,
  avgPool2d: avgPool,
  adaptiveAvgPool2d: adaptiveAvgPool,
  interpolate,
};
