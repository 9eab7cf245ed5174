// The definitions of the optimizers' steps, in float64 loops: each makes a function that changes p by its gradient g.

export type Update = (p: number[], g: readonly number[]) => void;

interface Options {
  lr: number;
  weightDecay: number;
}

const norm = (x: readonly number[]): number => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));
const zeros = (n: number, value = 0): number[] => new Array<number>(n).fill(value);

/** momentum·b + (1 − dampening)·g, and g itself the first time; with Nesterov, g + momentum·b is what is stepped along. */
function momentumStep(
  n: number,
  o: { momentum: number; dampening: number; nesterov: boolean },
): (d: readonly number[]) => number[] {
  // prettier-ignore
  let b: number[] | undefined;
  return (d) => {
    if (o.momentum === 0) return [...d];
    b = b ? b.map((v, i) => o.momentum * v + (1 - o.dampening) * d[i]!) : d.slice(0, n);
    return b.map((v, i) => (o.nesterov ? d[i]! + o.momentum * v : v));
  };
}

type SGDOptions = Options & { momentum: number; dampening: number; nesterov: boolean };

export function sgd(n: number, o: SGDOptions): Update {
  const along = momentumStep(n, o);
  return (p, g) => {
    along(g.map((v, i) => v + o.weightDecay * p[i]!)).forEach((d, i) => (p[i]! -= o.lr * d));
  };
}

export function lars(n: number, o: SGDOptions & { trustCoeff: number; eps: number }): Update {
  const along = momentumStep(n, o);
  return (p, g) => {
    const [length, slope] = [norm(p), norm(g)];
    const adapted = o.weightDecay > 0 && length > 0 && slope > 0;
    const trust = adapted ? (o.trustCoeff * length) / (slope + o.weightDecay * length + o.eps) : 1;
    along(g.map((v, i) => trust * (v + o.weightDecay * p[i]!))).forEach((d, i) => (p[i]! -= o.lr * d));
  };
}

type RMSOptions = Options & { alpha: number; eps: number; momentum: number; centered: boolean; tf: boolean };

export function rmsprop(n: number, o: RMSOptions): Update {
  const [square, mean, b] = [zeros(n, o.tf ? 1 : 0), zeros(n), zeros(n)];
  return (p, g) => {
    for (let i = 0; i < n; i++) {
      const d = g[i]! + o.weightDecay * p[i]!;
      square[i] = o.alpha * square[i]! + (1 - o.alpha) * d * d;
      mean[i] = o.alpha * mean[i]! + (1 - o.alpha) * d;
      const average = o.centered ? square[i]! - mean[i]! ** 2 : square[i]!;
      const step = d / (o.tf ? Math.sqrt(average + o.eps) : Math.sqrt(average) + o.eps);
      b[i] = o.momentum * b[i]! + (o.tf ? o.lr * step : step);
      p[i]! -= o.tf ? b[i]! : o.lr * b[i]!;
    }
  };
}

type AdagradOptions = Options & { lrDecay: number; initialAccumulatorValue: number; eps: number };

export function adagrad(n: number, o: AdagradOptions): Update {
  const square = zeros(n, o.initialAccumulatorValue);
  let steps = 0;
  return (p, g) => {
    const rate = o.lr / (1 + steps++ * o.lrDecay);
    for (let i = 0; i < n; i++) {
      const d = g[i]! + o.weightDecay * p[i]!;
      square[i]! += d * d;
      p[i]! -= (rate * d) / (Math.sqrt(square[i]!) + o.eps);
    }
  };
}

type AdamOptions = Options & { betas: readonly [number, number]; eps: number };

/** Adam's direction: m̂ / (√v̂ + ε). */
function moments(n: number, { betas, eps }: AdamOptions): (g: readonly number[]) => number[] {
  const [m, v] = [zeros(n), zeros(n)];
  let t = 0;
  return (g) => {
    t++;
    return g.map((d, i) => {
      m[i] = betas[0] * m[i]! + (1 - betas[0]) * d;
      v[i] = betas[1] * v[i]! + (1 - betas[1]) * d * d;
      return m[i]! / (1 - betas[0] ** t) / (Math.sqrt(v[i]! / (1 - betas[1] ** t)) + eps);
    });
  };
}

export function adam(n: number, o: AdamOptions & { decoupled: boolean }): Update {
  const direction = moments(n, o);
  return (p, g) => {
    const u = direction(o.decoupled ? g : g.map((v, i) => v + o.weightDecay * p[i]!));
    u.forEach((d, i) => (p[i] = p[i]! * (o.decoupled ? 1 - o.lr * o.weightDecay : 1) - o.lr * d));
  };
}

/** T. Dozat's formulas as PyTorch has them: μ of step t is β₁·(1 − ½·0.96^(t·ψ)). */
export function nadam(n: number, o: AdamOptions & { momentumDecay: number }): Update {
  const [m, v] = [zeros(n), zeros(n)];
  const mu = (t: number): number => o.betas[0] * (1 - 0.5 * 0.96 ** (t * o.momentumDecay));
  let [t, product] = [0, 1];
  return (p, g) => {
    t++;
    product *= mu(t);
    for (let i = 0; i < n; i++) {
      const d = g[i]! + o.weightDecay * p[i]!;
      m[i] = o.betas[0] * m[i]! + (1 - o.betas[0]) * d;
      v[i] = o.betas[1] * v[i]! + (1 - o.betas[1]) * d * d;
      const along = (mu(t + 1) * m[i]!) / (1 - product * mu(t + 1)) + ((1 - mu(t)) * d) / (1 - product);
      p[i]! -= (o.lr * along) / (Math.sqrt(v[i]! / (1 - o.betas[1] ** t)) + o.eps);
    }
  };
}

/** Algorithm 2 of Liu et al. (2019), with ε where PyTorch has it. */
export function radam(n: number, o: AdamOptions & { decoupledWeightDecay: boolean }): Update {
  const [m, v] = [zeros(n), zeros(n)];
  let t = 0;
  return (p, g) => {
    t++;
    const [c1, c2] = o.betas.map((beta) => 1 - beta ** t) as [number, number];
    const most = 2 / (1 - o.betas[1]) - 1;
    const rho = most - (2 * t * o.betas[1] ** t) / c2;
    const rect = Math.sqrt(((rho - 4) * (rho - 2) * most) / ((most - 4) * (most - 2) * rho));
    for (let i = 0; i < n; i++) {
      if (o.decoupledWeightDecay) p[i]! *= 1 - o.lr * o.weightDecay;
      const d = g[i]! + (o.decoupledWeightDecay ? 0 : o.weightDecay * p[i]!);
      m[i] = o.betas[0] * m[i]! + (1 - o.betas[0]) * d;
      v[i] = o.betas[1] * v[i]! + (1 - o.betas[1]) * d * d;
      const adapted = rho > 5 ? (rect * Math.sqrt(c2)) / (Math.sqrt(v[i]!) + o.eps) : 1;
      p[i]! -= ((o.lr * m[i]!) / c1) * adapted;
    }
  };
}

export function lion(n: number, o: Options & { betas: readonly [number, number] }): Update {
  const m = zeros(n);
  return (p, g) => {
    for (let i = 0; i < n; i++) {
      const along = Math.sign(o.betas[0] * m[i]! + (1 - o.betas[0]) * g[i]!);
      m[i] = o.betas[1] * m[i]! + (1 - o.betas[1]) * g[i]!;
      p[i]! -= o.lr * (along + o.weightDecay * p[i]!);
    }
  };
}

export function lamb(n: number, o: AdamOptions & { maxGradNorm: number }): Update {
  const direction = moments(n, o);
  return (p, g) => {
    const shorten = 1 / Math.max(1, norm(g) / o.maxGradNorm);
    const u = direction(g.map((v) => v * shorten)).map((d, i) => d + o.weightDecay * p[i]!);
    const [length, stride] = [norm(p), norm(u)];
    const trust = o.weightDecay > 0 && length > 0 && stride > 0 ? length / stride : 1;
    u.forEach((d, i) => (p[i]! -= o.lr * trust * d));
  };
}
