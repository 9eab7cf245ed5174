// One fused, in-place update of parameters begin ≤ i < end. Formulas and defaults are PyTorch's.
// Reads whole vectors, up to three floats past the end of each array.

import { Adam, RmsProp, Sgd } from "../arguments";
import { at, firstLanes, loadLanes, madd, storeLanes, sumLanes } from "../simd";

/**
 * g ← scale·(grad + weightDecay·p);  b ← g on the first step, otherwise momentum·b + (1 − dampening)·g;
 * p ← p − lr·(nesterov ? g + momentum·b : b). buffer (b) may be 0: plain gradient descent.
 * Sutskever et al., On the importance of initialization and momentum (2013).
 */
export function sgd(shape: usize, begin: i32, end: i32): void {
  const s = changetype<Sgd>(shape);
  const p = s.p;
  const grad = s.grad;
  const buffer = s.buffer;
  const nesterov = s.nesterov;
  const first = s.first;
  const rate = f32x4.splat(-s.lr);
  const mu = f32x4.splat(s.momentum);
  const gain = f32x4.splat(<f32>1 - s.dampening);
  const decay = f32x4.splat(s.weightDecay);
  const by = f32x4.splat(s.scale);
  for (let i = begin; i < end; i += 4) {
    const left = end - i;
    const w = v128.load(at(p, i));
    let g = f32x4.mul(by, madd(decay, w, v128.load(at(grad, i))));
    if (buffer) {
      const b = first ? g : madd(mu, v128.load(at(buffer, i)), f32x4.mul(gain, g));
      inline.always(storeLanes(at(buffer, i), b, left));
      g = nesterov ? madd(mu, b, g) : b;
    }
    inline.always(storeLanes(at(p, i), madd(rate, g, w), left));
  }
}

/**
 * g ← grad + l2·p;  p ← p·(1 − lr·decay);  m ← β₁m + (1 − β₁)g;  v ← β₂v + (1 − β₂)g²;
 * p ← p − (lr/c₁)·(m + now·g) / (√v/√c₂ + ε),  c₁ = 1 − β₁ᵗ, c₂ = 1 − β₂ᵗ; for Adam, now is 0.
 * Kingma and Ba, Adam (2014), arXiv 1412.6980; decay: Loshchilov and Hutter, AdamW (2017), arXiv 1711.05101.
 */
export function adam(shape: usize, begin: i32, end: i32): void {
  const s = changetype<Adam>(shape);
  const p = s.p;
  const grad = s.grad;
  const m = s.m;
  const v = s.v;
  const keep = f32x4.splat(<f32>1 - s.lr * s.decay);
  const rate = f32x4.splat(-s.lr / s.correction1);
  const root = f32x4.splat(<f32>1 / sqrt<f32>(s.correction2));
  const e = f32x4.splat(s.eps);
  const l = f32x4.splat(s.l2);
  const b1 = f32x4.splat(s.beta1);
  const b2 = f32x4.splat(s.beta2);
  const r1 = f32x4.splat(<f32>1 - s.beta1);
  const r2 = f32x4.splat(<f32>1 - s.beta2);
  const now = f32x4.splat(s.now);
  for (let i = begin; i < end; i += 4) {
    const left = end - i;
    let w = v128.load(at(p, i));
    const g = madd(l, w, v128.load(at(grad, i)));
    const mi = madd(b1, v128.load(at(m, i)), f32x4.mul(r1, g));
    const vi = madd(b2, v128.load(at(v, i)), f32x4.mul(r2, f32x4.mul(g, g)));
    inline.always(storeLanes(at(m, i), mi, left));
    inline.always(storeLanes(at(v, i), vi, left));
    w = f32x4.mul(w, keep);
    const step = f32x4.div(madd(now, g, mi), madd(f32x4.sqrt(vi), root, e));
    inline.always(storeLanes(at(p, i), madd(rate, step, w), left));
  }
}

/**
 * p ← p·(1 − lr·decay) − lr·sign(β₁m + (1 − β₁)grad);  m ← β₂m + (1 − β₂)grad; the sign of 0 is 0.
 * Chen et al., Symbolic Discovery of Optimization Algorithms (2023), arXiv 2302.06675.
 */
export function lion(shape: usize, begin: i32, end: i32): void {
  const s = changetype<Adam>(shape);
  const p = s.p;
  const grad = s.grad;
  const m = s.m;
  const lr = f32x4.splat(s.lr);
  const keep = f32x4.splat(<f32>1 - s.lr * s.decay);
  const b1 = f32x4.splat(s.beta1);
  const b2 = f32x4.splat(s.beta2);
  for (let i = begin; i < end; i += 4) {
    const g = v128.load(at(grad, i));
    const old = v128.load(at(m, i));
    const c = madd(b1, f32x4.sub(old, g), g);
    const rate = v128.andnot(lr, f32x4.eq(c, f32x4.splat(0)));
    const step = v128.xor(rate, v128.and(c, f32x4.splat(-0.0)));
    inline.always(storeLanes(at(m, i), madd(b2, f32x4.sub(old, g), g), end - i));
    inline.always(storeLanes(at(p, i), f32x4.sub(f32x4.mul(v128.load(at(p, i)), keep), step), end - i));
  }
}

/**
 * g ← grad + weightDecay·p;  s ← keep·s + take·g²;  a ← keep·a + take·g;
 * b ← momentum·b + gain·g / (√(s − a² + inner) + outer);  p ← p − rate·b.
 * mean (a) and buffer (b) may be 0: without a², and with b for this step alone.
 * RMSProp has take = 1 − keep, Adagrad keeps and takes all.
 * Tieleman and Hinton, Lecture 6.5: rmsprop (2012); centred: Graves (2013), arXiv 1308.0850; Duchi et al., Adagrad (2011).
 */
export function rmsprop(shape: usize, begin: i32, end: i32): void {
  const s = changetype<RmsProp>(shape);
  const p = s.p;
  const grad = s.grad;
  const square = s.square;
  const mean = s.mean;
  const buffer = s.buffer;
  const decay = f32x4.splat(s.weightDecay);
  const a = f32x4.splat(s.keep);
  const r = f32x4.splat(s.take);
  const e = f32x4.splat(s.inner);
  const o = f32x4.splat(s.outer);
  const mu = f32x4.splat(s.momentum);
  const into = f32x4.splat(s.gain);
  const out = f32x4.splat(-s.rate);
  for (let i = begin; i < end; i += 4) {
    const left = end - i;
    const w = v128.load(at(p, i));
    const g = madd(decay, w, v128.load(at(grad, i)));
    let q = madd(a, v128.load(at(square, i)), f32x4.mul(r, f32x4.mul(g, g)));
    inline.always(storeLanes(at(square, i), q, left));
    if (mean) {
      const m = madd(a, v128.load(at(mean, i)), f32x4.mul(r, g));
      inline.always(storeLanes(at(mean, i), m, left));
      q = f32x4.max(f32x4.sub(q, f32x4.mul(m, m)), f32x4.splat(0)); // a variance, except for rounding
    }
    let b = f32x4.mul(into, f32x4.div(g, f32x4.add(f32x4.sqrt(f32x4.add(q, e)), o)));
    if (buffer) {
      b = madd(mu, v128.load(at(buffer, i)), b);
      inline.always(storeLanes(at(buffer, i), b, left));
    }
    inline.always(storeLanes(at(p, i), madd(out, b, w), left));
  }
}

/** partials[b] = Σ x² over the elements of block b, for blocks begin ≤ b < end of `block` elements (a multiple of 16). */
export function squareSums(x: usize, n: i32, block: i32, partials: usize, begin: i32, end: i32): void {
  for (let b = begin; b < end; b++) {
    const last = min(n, (b + 1) * block);
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let i = b * block;
    for (; i + 16 <= last; i += 16) {
      const from = at(x, i);
      const x0 = v128.load(from);
      const x1 = v128.load(from, 16);
      const x2 = v128.load(from, 32);
      const x3 = v128.load(from, 48);
      s0 = madd(x0, x0, s0);
      s1 = madd(x1, x1, s1);
      s2 = madd(x2, x2, s2);
      s3 = madd(x3, x3, s3);
    }
    for (; i < last; i += 4) {
      const v = loadLanes(at(x, i), last - i);
      s0 = madd(v, v, s0);
    }
    store<f32>(at(partials, b), sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3))));
  }
}

/** u = (m/c₁) / (√v/√c₂ + ε) + decay·p: LAMB's update before its length is chosen. */
function lambStep(p: v128, m: v128, v: v128, first: v128, root: v128, eps: v128, decay: v128): v128 {
  return madd(decay, p, f32x4.div(f32x4.mul(m, first), madd(f32x4.sqrt(v), root, eps)));
}

/**
 * g ← gain·grad;  m ← β₁m + (1 − β₁)g;  v ← β₂v + (1 − β₂)g²;  partials[b] = (Σp², Σu²) over block b,
 * for blocks begin ≤ b < end of `block` elements (a multiple of 4). u: lambStep().
 * You et al., LAMB (2019), arXiv 1904.00962.
 */
export function lambMoments(shape: usize, begin: i32, end: i32): void {
  const s = changetype<Adam>(shape);
  const p = s.p;
  const grad = s.grad;
  const m = s.m;
  const v = s.v;
  const scale = f32x4.splat(s.gain);
  const b1 = f32x4.splat(s.beta1);
  const b2 = f32x4.splat(s.beta2);
  const r1 = f32x4.splat(<f32>1 - s.beta1);
  const r2 = f32x4.splat(<f32>1 - s.beta2);
  const first = f32x4.splat(<f32>1 / s.correction1);
  const root = f32x4.splat(<f32>1 / sqrt<f32>(s.correction2));
  const e = f32x4.splat(s.eps);
  const decay = f32x4.splat(s.decay);
  for (let b = begin; b < end; b++) {
    const last = min(s.n, (b + 1) * s.block);
    let ps = f32x4.splat(0);
    let us = ps;
    for (let i = b * s.block; i < last; i += 4) {
      const left = last - i;
      const w = firstLanes(v128.load(at(p, i)), left);
      const g = f32x4.mul(scale, v128.load(at(grad, i)));
      const mi = madd(b1, v128.load(at(m, i)), f32x4.mul(r1, g));
      const vi = madd(b2, v128.load(at(v, i)), f32x4.mul(r2, f32x4.mul(g, g)));
      inline.always(storeLanes(at(m, i), mi, left));
      inline.always(storeLanes(at(v, i), vi, left));
      const u = firstLanes(inline.always(lambStep(w, mi, vi, first, root, e, decay)), left);
      ps = madd(w, w, ps);
      us = madd(u, u, us);
    }
    store<f32>(at(s.partials, 2 * b), sumLanes(ps));
    store<f32>(at(s.partials, 2 * b + 1), sumLanes(us));
  }
}

/** p ← p − lr·u, with u from the moments that lambMoments() left. */
export function lambUpdate(shape: usize, begin: i32, end: i32): void {
  const s = changetype<Adam>(shape);
  const p = s.p;
  const m = s.m;
  const v = s.v;
  const by = f32x4.splat(-s.lr);
  const first = f32x4.splat(<f32>1 / s.correction1);
  const root = f32x4.splat(<f32>1 / sqrt<f32>(s.correction2));
  const e = f32x4.splat(s.eps);
  const decay = f32x4.splat(s.decay);
  for (let i = begin; i < end; i += 4) {
    const w = v128.load(at(p, i));
    const u = inline.always(lambStep(w, v128.load(at(m, i)), v128.load(at(v, i)), first, root, e, decay));
    inline.always(storeLanes(at(p, i), madd(by, u, w), end - i));
  }
}

/** y ← y + weight·(x − y). */
export function lerp(x: usize, y: usize, weight: f32, begin: i32, end: i32): void {
  const w = f32x4.splat(weight);
  for (let i = begin; i < end; i += 4) {
    const old = v128.load(at(y, i));
    inline.always(storeLanes(at(y, i), madd(w, f32x4.sub(v128.load(at(x, i)), old), old), end - i));
  }
}
