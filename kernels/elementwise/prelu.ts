// The gradients of ReLU with learnt slopes.

import { Norm } from "../arguments";
import { at, storeLanes } from "../simd";

/** dx = dy where x is positive, else dy·weight, to `out`; to a block's partials its sums of dy·x where x is not positive. Unit = block. */
export function preluBackward(norm: usize, begin: i32, end: i32): void {
  const s = changetype<Norm>(norm);
  const channels = s.channels;
  for (let block = begin; block < end; block++) {
    const partials = at(s.partials, block * channels);
    memory.fill(partials, 0, at(0, channels));
    for (let r = block * s.blockRows; r < min(s.rows, (block + 1) * s.blockRows); r++) {
      for (let c = 0; c < channels; c += 4) {
        const i = r * channels + c;
        const dy = v128.load(at(s.dy, i));
        const x = v128.load(at(s.x, i));
        const positive = f32x4.gt(x, f32x4.splat(0));
        const dx = v128.bitselect(dy, f32x4.mul(dy, v128.load(at(s.weight, c))), positive);
        const to = at(s.out, i);
        inline.always(storeLanes(to, dx, channels - c));
        const part = v128.andnot(f32x4.mul(dy, x), positive);
        const sum = f32x4.add(v128.load(at(partials, c)), part);
        const into = at(partials, c);
        inline.always(storeLanes(into, sum, channels - c));
      }
    }
  }
}
