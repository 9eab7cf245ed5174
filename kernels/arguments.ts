// More structs that TypeScript fills, as those of shapes.ts: the arguments of kernels with too many to pass.

/** How a and b of an element-wise operation walk along rows of y; see elementwise/maps.template.mjs. */
@unmanaged
export class Broadcast {
  columns: i32 = 0;
  aRow: i32 = 0;
  bRow: i32 = 0;
  aStep: i32 = 0;
  bStep: i32 = 0;
}

/** A linear layer of few rows; see product/few-rows.ts. */
@unmanaged
export class FewRows {
  x: usize = 0;
  w: usize = 0;
  bias: usize = 0;
  /** As in RowsGemm. */
  residual: usize = 0;
  activation: i32 = 0;
  y: usize = 0;
  rows: i32 = 0;
  inner: i32 = 0;
  outputs: i32 = 0;
}

/** A copy between strided arrays of four axes: sizes n, strides s of x, t of y. */
@unmanaged
export class Strided {
  x: usize = 0;
  y: usize = 0;
  n0: i32 = 0;
  n1: i32 = 0;
  n2: i32 = 0;
  n3: i32 = 0;
  s0: i32 = 0;
  s1: i32 = 0;
  s2: i32 = 0;
  s3: i32 = 0;
  t0: i32 = 0;
  t1: i32 = 0;
  t2: i32 = 0;
  t3: i32 = 0;
}

/** The gradient of a cross-entropy; see reduce/softmax.ts. */
@unmanaged
export class LossGradient {
  dy: usize = 0;
  dyStep: i32 = 0;
  x: usize = 0;
  target: usize = 0;
  soft: i32 = 0;
  stats: usize = 0;
  dx: usize = 0;
  rows: i32 = 0;
  n: i32 = 0;
  smoothing: f32 = 0;
  scale: f32 = 0;
}

/** Steps of batch normalisation and its gradient; see norm/batch-norm.ts. */
@unmanaged
export class Norm {
  dy: usize = 0;
  y: usize = 0;
  scale: usize = 0;
  activation: i32 = 0;
  x: usize = 0;
  mean: usize = 0;
  variance: usize = 0;
  weight: usize = 0;
  eps: f32 = 0;
  out: usize = 0;
  rows: i32 = 0;
  channels: i32 = 0;
  blockRows: i32 = 0;
  partials: usize = 0;
  sums: usize = 0;
  dots: usize = 0;
  coefficients: usize = 0;
}

/** Rows of pictures to be resized; see image/resize.ts. */
@unmanaged
export class ResizeRows {
  x: usize = 0;
  xRowBytes: i32 = 0;
  y: usize = 0;
  yWidth: i32 = 0;
  channels: i32 = 0;
  firsts: usize = 0;
  weights: usize = 0;
  taps: i32 = 0;
}

@unmanaged
export class ResizeLinear {
  x: usize = 0;
  xHeight: i32 = 0;
  xRowBytes: i32 = 0;
  y: usize = 0;
  yWidth: i32 = 0;
  channels: i32 = 0;
  columns: usize = 0;
  columnWeights: usize = 0;
  rows: usize = 0;
  rowWeights: usize = 0;
}

/** Steps of optimizers; see optimizer/optimizer.ts. */
@unmanaged
export class Sgd {
  p: usize = 0;
  grad: usize = 0;
  buffer: usize = 0;
  lr: f32 = 0;
  momentum: f32 = 0;
  dampening: f32 = 0;
  weightDecay: f32 = 0;
  scale: f32 = 0;
  nesterov: i32 = 0;
  first: i32 = 0;
}

/** LAMB too, for which l2 is not, and whose blocks have `partials`. */
@unmanaged
export class Adam {
  p: usize = 0;
  grad: usize = 0;
  m: usize = 0;
  v: usize = 0;
  lr: f32 = 0;
  beta1: f32 = 0;
  beta2: f32 = 0;
  eps: f32 = 0;
  l2: f32 = 0;
  decay: f32 = 0;
  correction1: f32 = 0;
  correction2: f32 = 0;
  /** Weight of the gradient itself, beside m. */
  now: f32 = 0;
  gain: f32 = 0;
  n: i32 = 0;
  block: i32 = 0;
  partials: usize = 0;
}

@unmanaged
export class RmsProp {
  p: usize = 0;
  grad: usize = 0;
  square: usize = 0;
  mean: usize = 0;
  buffer: usize = 0;
  gain: f32 = 0;
  rate: f32 = 0;
  keep: f32 = 0;
  take: f32 = 0;
  inner: f32 = 0;
  outer: f32 = 0;
  momentum: f32 = 0;
  weightDecay: f32 = 0;
}
