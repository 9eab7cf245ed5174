// Seeded numbers for tests, drawn away from where functions have no derivative.

/** Uniform numbers in [0, 1): Mulberry32 (T. Ettinger, 2017), seeded by a text. */
export function randomOf(seed: string): () => number {
  let state = 0x811c9dc5; // FNV-1a
  for (let i = 0; i < seed.length; i++) state = Math.imul(state ^ seed.charCodeAt(i), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How the numbers of an input are drawn. */
export type Draw = keyof typeof draws;

const sign = (random: () => number): number => (random() < 0.5 ? -1 : 1);

/** The integers 0 … n − 1, shuffled. */
function shuffled(random: () => number, n: number): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

const each =
  (one: (random: () => number) => number) =>
  (random: () => number, n: number): number[] => {
    const values = new Array<number>(n);
    for (let i = 0; i < n; i++) values[i] = one(random);
    return values;
  };

const draws = {
  /** Mean 0, standard deviation 1. */
  normal: each((r) => Math.sqrt(-2 * Math.log(1 - r())) * Math.cos(2 * Math.PI * r())),
  /** In [0.3, 3). */
  positive: each((r) => 0.3 + 2.7 * r()),
  /** 0.1 ≤ |x| < 2: relu, abs. */
  awayFromZero: each((r) => sign(r) * (0.1 + 1.9 * r())),
  /** 0.5 ≤ |x| < 2: divisors. */
  divisor: each((r) => sign(r) * (0.5 + 1.5 * r())),
  /** All different, in [−2, 2]: maxima. */
  distinct: (r: () => number, n: number): number[] => shuffled(r, n).map((i) => ((i + 0.5) / n) * 4 - 2),
  /** Multiples of ¼, so that none equals a number of `halfGrid`: the other side of a comparison. */
  grid: each((r) => Math.floor(r() * 16 - 8) / 4),
  /** Odd multiples of ⅛. */
  halfGrid: each((r) => Math.floor(r() * 16 - 8) / 4 + 0.125),
  /** In [0, 1). */
  unit: each((r) => r()),
};

/** n numbers, the same for the same seed. */
export function draw(kind: Draw, seed: string, n: number): number[] {
  return draws[kind](randomOf(seed), n);
}

/** n integers in [0, below). */
export function drawIntegers(seed: string, n: number, below: number): number[] {
  const random = randomOf(seed);
  return Array.from({ length: n }, () => Math.floor(random() * below));
}
