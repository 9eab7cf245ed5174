// One gradient rule of one operation, timed separately: the rule that backward() would call, with forward's saved tensors.

import { withOnce } from "../../src/core/autograd.js";
import { noGrad, tidy, type Tensor } from "../../src/index.js";
import type { Prepared } from "../workload.js";

/** `y` is an operation's output, `input` the name of the input whose gradient is wanted. Takes over the tensors. */
export function gradientRule(y: Tensor, input: string, dy: Tensor, held: readonly Tensor[]): Prepared {
  const node = y.node;
  const rule = node?.rules[input] as
    ((dy: Tensor, saved: Record<string, unknown>, attrs: unknown) => Tensor) | undefined;
  if (!node || !rule) throw new Error(`gradientRule: the output has no rule for '${input}'`);
  return {
    run() {
      let address = 0;
      withOnce((once) => {
        address = noGrad(() => tidy(() => rule(dy, node.saved(once), node.attrs).compute()));
      });
      return address;
    },
    dispose() {
      for (const t of [y, dy, ...held]) t.dispose();
    },
  };
}
