// Convolution of NHWC images with weights [kernelHeight, kernelWidth, channels / groups, outChannels].

import { pair, values, type Values } from "./values.js";

type Pair = number | readonly [number, number];

export interface ConvAttrs {
  stride: Pair;
  padding: Pair;
  dilation: Pair;
  groups: number;
}

/** Number of windows along one direction. */
export function windows(
  size: number,
  kernel: number,
  stride: number,
  padding: number,
  dilation: number,
  ceilMode = false,
): number {
  const reach = dilation * (kernel - 1) + 1;
  const end = size + 2 * padding;
  let n = 0;
  while (n * stride + reach <= end) n++;
  // One more for a rest that no window has reached, unless it would begin behind the image.
  const rest = n > 0 && (n - 1) * stride + reach < end && n * stride < size + padding;
  return ceilMode && rest ? n + 1 : n;
}

/**
 * Calls visit(xi, wi) for every product x.data[xi]·weight.data[wi] in output element (image, i, j, o).
 */
export function eachProduct(
  x: readonly number[],
  weight: readonly number[],
  attrs: ConvAttrs,
  [image, i, j, o]: readonly [number, number, number, number],
  visit: (xi: number, wi: number) => void,
): void {
  const [, height, width, channels] = x as [number, number, number, number];
  const [kh, kw, cg, outChannels] = weight as [number, number, number, number];
  const stride = pair(attrs.stride);
  const padding = pair(attrs.padding);
  const dilation = pair(attrs.dilation);
  const first = Math.floor(o / (outChannels / attrs.groups)) * cg;
  for (let p = 0; p < kh; p++) {
    const row = i * stride[0] + p * dilation[0] - padding[0];
    if (row < 0 || row >= height) continue;
    for (let q = 0; q < kw; q++) {
      const column = j * stride[1] + q * dilation[1] - padding[1];
      if (column < 0 || column >= width) continue;
      const xi = ((image * height + row) * width + column) * channels + first;
      const wi = (p * kw + q) * cg * outChannels + o;
      for (let c = 0; c < cg; c++) visit(xi + c, wi + c * outChannels);
    }
  }
}

export function convShape(x: readonly number[], weight: readonly number[], attrs: ConvAttrs): number[] {
  const [n, height, width] = x as [number, number, number];
  const [kh, kw, , outChannels] = weight as [number, number, number, number];
  const stride = pair(attrs.stride);
  const padding = pair(attrs.padding);
  const dilation = pair(attrs.dilation);
  return [
    n,
    windows(height, kh, stride[0], padding[0], dilation[0]),
    windows(width, kw, stride[1], padding[1], dilation[1]),
    outChannels,
  ];
}

export function conv2d(
  { x, weight, bias }: { x: Values; weight: Values; bias?: Values },
  attrs: ConvAttrs,
): Values {
  const y = values(convShape(x.shape, weight.shape, attrs));
  const [images, height, width, outChannels] = y.shape as [number, number, number, number];
  let at = 0;
  for (let n = 0; n < images; n++) {
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) {
        for (let o = 0; o < outChannels; o++) {
          let total = bias?.data[o] ?? 0;
          eachProduct(x.shape, weight.shape, attrs, [n, i, j, o], (xi, wi) => {
            total += x.data[xi]! * weight.data[wi]!;
          });
          y.data[at++] = total;
        }
      }
    }
  }
  return y;
}
