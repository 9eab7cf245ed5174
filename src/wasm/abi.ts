// The exports of the kernel binaries with their parameters' names. A test compares this table with both binaries.
// Pointers are byte addresses, sizes and strides count elements, unless a name says Bytes.

const binary = ["a", "b", "y", "rows", "columns", "aRow", "bRow", "aStep", "bStep"] as const;
const unary = ["x", "y", "n"] as const;

export const abi = {
  // tiles and matrix products
  tileCount: [],
  tileRows: ["tile"],
  tileColumns: ["tile"],
  gemmScratch: ["m", "n", "k"],
  gemm: ["m", "n", "k", "a", "rsa", "csa", "b", "rsb", "csb", "c", "ldc", "accumulate", "tile", "scratch"],
  rowsGemmUnits: ["pixels", "tile"],
  rowsGemmScratch: [],
  rowsGemm: ["shape", "scratch", "begin", "end"],
  pixelsGemmUnits: ["rows", "tile"],
  pixelsGemm: ["shape", "begin", "end"],
  packPanels: ["src", "rs", "cs", "k", "n", "width", "dst", "panelStride"],
  padImages: [
    "x",
    "y",
    "images",
    "height",
    "width",
    "xChannels",
    "channels",
    "top",
    "left",
    "yHeight",
    "yWidth",
  ],
  // windows
  depthwise: ["window", "x", "w", "bias", "y"],
  depthwiseBackwardData: ["window", "dy", "w", "dx"],
  depthwiseBackwardWeight: ["window", "x", "dy", "dw"],
  maxPool2d: ["window", "x", "y", "taps"],
  maxPool2dBackward: ["window", "dy", "taps", "dx"],
  avgPool2d: ["window", "x", "y", "countPad"],
  avgPool2dBackward: ["window", "dy", "dx", "countPad"],
  // element-wise
  relu: unary,
  sigmoid: unary,
  tanh: unary,
  exp: unary,
  log: unary,
  sqrt: unary,
  abs: unary,
  neg: unary,
  add: binary,
  sub: binary,
  mul: binary,
  div: binary,
  maximum: binary,
  minimum: binary,
  greaterEqual: binary,
  reluBackward: ["dy", "y", "dx", "n"],
  sigmoidBackward: ["dy", "y", "dx", "n"],
  tanhBackward: ["dy", "y", "dx", "n"],
  absBackward: ["dy", "x", "dx", "n"],
  affine: ["x", "y", "n", "scale", "shift"],
  fill: ["y", "n", "value"],
  stridedCopy: ["x", "y", "n0", "n1", "n2", "n3", "s0", "s1", "s2", "s3"],
  dropout: ["x", "y", "n", "p", "seed"],
  // reductions
  sum: ["x", "y", "outer", "n", "inner", "scale"],
  sumBackward: ["dy", "dx", "outer", "n", "inner", "scale"],
  argmax: ["x", "y", "indices", "outer", "n", "inner"],
  maxBackward: ["dy", "indices", "dx", "outer", "n", "inner"],
  // softmax and cross-entropy
  logSoftmax: ["x", "y", "rows", "n"],
  logSoftmaxBackward: ["dy", "y", "dx", "rows", "n"],
  softmax: ["x", "y", "rows", "n"],
  softmaxBackward: ["dy", "y", "dx", "rows", "n"],
  crossEntropy: ["x", "labels", "losses", "lse", "rows", "n", "smoothing"],
  crossEntropyBackward: ["dy", "dyStep", "x", "labels", "lse", "dx", "rows", "n", "smoothing", "scale"],
  softCrossEntropy: ["x", "targets", "losses", "lse", "rows", "n", "smoothing"],
  softCrossEntropyBackward: ["dy", "dyStep", "x", "targets", "lse", "dx", "rows", "n", "smoothing", "scale"],
  // batch normalisation
  channelMoments: ["x", "rows", "channels", "mean", "variance"],
  foldNorm: ["mean", "variance", "weight", "bias", "eps", "channels", "scale", "shift"],
  scaleShift: ["x", "y", "rows", "channels", "scale", "shift"],
  normSums: ["dy", "x", "mean", "rows", "channels", "sums", "dots"],
  normCoefficients: ["mean", "variance", "weight", "sums", "dots", "eps", "rows", "channels", "a", "b", "d"],
  normBackward: ["dy", "x", "dx", "rows", "channels", "a", "b", "d"],
  // optimizers
  sgd: ["p", "grad", "buffer", "n", "lr", "momentum", "dampening", "weightDecay", "nesterov", "first"],
  adam: [
    "p",
    "grad",
    "m",
    "v",
    "n",
    "lr",
    "beta1",
    "beta2",
    "eps",
    "l2",
    "decay",
    "correction1",
    "correction2",
  ],
} as const satisfies Record<string, readonly string[]>;

type Numbers<T extends readonly string[]> = { [I in keyof T]: number };

/** The kernels as TypeScript calls them: numbers in, a number (or nothing) out. */
export type Kernels = { readonly [K in keyof typeof abi]: (...args: Numbers<(typeof abi)[K]>) => number };
