// Activations by number, for kernels that apply one as they write.

import { GELU, GELU_TANH, HARDSIGMOID, HARDSWISH, RELU, RELU6, SILU } from "../shapes";
import {
  gelu,
  geluBackward,
  geluTanh,
  geluTanhBackward,
  hardsigmoid,
  hardsigmoidBackward,
  hardswish,
  hardswishBackward,
  relu6,
  relu6Backward,
  sigmoid,
  silu,
  siluBackward,
} from "./generated/maps";

/** Where an activation cuts that is a cut at 0 and above; 0 for others. */
export function highOf(f: i32): f32 {
  return f == RELU ? Infinity : f == RELU6 ? 6 : 0;
}

/** An activation that is not relu: y = f(x). */
export function activate(f: i32, x: usize, y: usize, count: i32): void {
  if (f == SILU) silu(x, y, 0, count);
  else if (f == RELU6) relu6(x, y, 0, count);
  else if (f == HARDSWISH) hardswish(x, y, 0, count);
  else if (f == HARDSIGMOID) hardsigmoid(x, y, 0, count);
  else if (f == GELU) gelu(x, y, 0, count);
  else if (f == GELU_TANH) geluTanh(x, y, 0, count);
  else sigmoid(x, y, 0, count);
}

/** dx = dy·f′(x), likewise, except for sigmoid. */
export function activateBackward(f: i32, dy: usize, x: usize, dx: usize, count: i32): void {
  if (f == SILU) siluBackward(dy, x, dx, 0, count);
  else if (f == RELU6) relu6Backward(dy, x, dx, 0, count);
  else if (f == HARDSWISH) hardswishBackward(dy, x, dx, 0, count);
  else if (f == GELU) geluBackward(dy, x, dx, 0, count);
  else if (f == GELU_TANH) geluTanhBackward(dy, x, dx, 0, count);
  else hardsigmoidBackward(dy, x, dx, 0, count);
}
