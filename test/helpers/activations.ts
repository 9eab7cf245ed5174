// Activations that an operation before them can apply as it writes, by the names of src/core/storage.ts.

import { gelu, hardsigmoid, hardswish, relu, relu6, sigmoid, silu, type Tensor } from "../../src/index.js";

export const activations = {
  relu,
  relu6,
  silu,
  gelu,
  geluTanh: (x: Tensor): Tensor => gelu(x, { approximate: "tanh" }),
  hardswish,
  hardsigmoid,
  sigmoid,
};
