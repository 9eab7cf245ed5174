// One fused, in-place update of parameters begin ≤ i < end. Formulas and defaults are PyTorch's.
// Reads whole vectors, up to three floats past the end of each array.

import { at, madd, storeLanes } from "./simd";

/**
 * g ← grad + weightDecay·p;  b ← g on the first step, else momentum·b + (1 − dampening)·g;
 * p ← p − lr·(nesterov ? g + momentum·b : b). buffer (b) may be 0: plain gradient descent.
 * Sutskever et al., On the importance of initialization and momentum (2013).
 */
export function sgd(
  p: usize,
  grad: usize,
  buffer: usize,
  lr: f32,
  momentum: f32,
  dampening: f32,
  weightDecay: f32,
  nesterov: i32,
  first: i32,
  begin: i32,
  end: i32,
): void {
  const rate = f32x4.splat(-lr);
  const mu = f32x4.splat(momentum);
  const gain = f32x4.splat(<f32>1 - dampening);
  const decay = f32x4.splat(weightDecay);
  for (let i = begin; i < end; i += 4) {
    const left = end - i;
    const w = v128.load(at(p, i));
    let g = madd(decay, w, v128.load(at(grad, i)));
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
 * p ← p − (lr/c₁)·m / (√v/√c₂ + ε),  c₁ = 1 − β₁ᵗ, c₂ = 1 − β₂ᵗ.
 * Kingma and Ba, Adam (2014), arXiv 1412.6980; decay: Loshchilov and Hutter, AdamW (2017), arXiv 1711.05101.
 */
export function adam(
  p: usize,
  grad: usize,
  m: usize,
  v: usize,
  lr: f32,
  beta1: f32,
  beta2: f32,
  eps: f32,
  l2: f32,
  decay: f32,
  correction1: f32,
  correction2: f32,
  begin: i32,
  end: i32,
): void {
  const keep = f32x4.splat(<f32>1 - lr * decay);
  const rate = f32x4.splat(-lr / correction1);
  const root = f32x4.splat(<f32>1 / sqrt<f32>(correction2));
  const e = f32x4.splat(eps);
  const l = f32x4.splat(l2);
  const b1 = f32x4.splat(beta1);
  const b2 = f32x4.splat(beta2);
  const r1 = f32x4.splat(<f32>1 - beta1);
  const r2 = f32x4.splat(<f32>1 - beta2);
  for (let i = begin; i < end; i += 4) {
    const left = end - i;
    let w = v128.load(at(p, i));
    const g = madd(l, w, v128.load(at(grad, i)));
    const mi = madd(b1, v128.load(at(m, i)), f32x4.mul(r1, g));
    const vi = madd(b2, v128.load(at(v, i)), f32x4.mul(r2, f32x4.mul(g, g)));
    inline.always(storeLanes(at(m, i), mi, left));
    inline.always(storeLanes(at(v, i), vi, left));
    w = f32x4.mul(w, keep);
    const step = f32x4.div(mi, madd(f32x4.sqrt(vi), root, e));
    inline.always(storeLanes(at(p, i), madd(rate, step, w), left));
  }
}
