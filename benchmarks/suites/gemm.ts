// Products of square matrices, through the public API.

import { matmul, tensor, tidy } from "../../src/index.js";
import { randomFloats, type Case } from "../workload.js";

export const gemmCases: Case[] = [256, 512, 1024].map((n) => ({
  suite: "gemm",
  name: `${n}`,
  workload: { kind: "gemm", n },
  flops: 2 * n ** 3,
  prepare() {
    const a = tensor(randomFloats(n * n, 1), [n, n]);
    const b = tensor(randomFloats(n * n, 2), [n, n]);
    return {
      run: () => tidy(() => matmul(a, b).compute()),
      dispose() {
        a.dispose();
        b.dispose();
      },
    };
  },
}));
