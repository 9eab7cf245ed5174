// Weight files: the goldens beside their script, and tensors as its expected.json writes them.

import type { StateTensor } from "../../src/core/state.js";
import golden from "../golden/weights/expected.json";

export const goldens = new URL("../golden/weights/", import.meta.url);

/** What the golden files hold, by name. */
export const expectedState = new Map(
  Object.entries(golden.state).map(([name, { dtype, shape, values }]): [string, StateTensor] => {
    const number = (text: string): number => Number(text.replace("inf", "Infinity"));
    if (dtype === "I64") return [name, { dtype, shape, data: BigInt64Array.from(values, BigInt) }];
    return [name, { dtype: "F32", shape, data: Float32Array.from(values, number) }];
  }),
);
