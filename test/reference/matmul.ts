// Matrix products.

import { sizeOf, values, type Values } from "./values.js";

export function matmul({ a, b }: { a: Values; b: Values }): Values {
  const [m, k] = a.shape as [number, number];
  const n = b.shape[1]!;
  const y = values([m, n]);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      for (let p = 0; p < k; p++) y.data[i * n + j]! += a.data[i * k + p]! * b.data[p * n + j]!;
    }
  }
  return y;
}

export function linear({ x, weight, bias }: { x: Values; weight: Values; bias?: Values }): Values {
  const [out, inner] = weight.shape as [number, number];
  const lead = x.shape.slice(0, -1);
  const y = values([...lead, out]);
  for (let i = 0; i < sizeOf(lead); i++) {
    for (let j = 0; j < out; j++) {
      let total = bias?.data[j] ?? 0;
      for (let p = 0; p < inner; p++) total += x.data[i * inner + p]! * weight.data[j * inner + p]!;
      y.data[i * out + j] = total;
    }
  }
  return y;
}
