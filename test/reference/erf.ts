// The error function in float64, of which JavaScript has none. Series and continued fraction: Abramowitz and Stegun, Handbook of
// Mathematical Functions (1964), 7.1.6 and 7.1.14.

/** 1 − erf(x), to about 14 digits at any x. */
export function erfc(x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (x < 0) return 2 - erfc(-x);
  if (x > 27) return 0;
  if (x > 2) {
    let rest = 0;
    for (let n = 200; n > 0; n--) rest = n / 2 / (x + rest);
    return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + rest);
  }
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) sum += term *= (2 * x * x) / (2 * n + 1);
  return 1 - (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
