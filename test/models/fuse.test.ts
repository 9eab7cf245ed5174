// Networks whose branches become one convolution give what they gave.

import { beforeAll, describe, expect, it } from "vitest";
import { createModel, noGrad, LCNetV2, Reparametrised, tensor, tidy } from "../../src/index.js";
import { init } from "../../src/wasm/runtime.js";
import { relativeError } from "../helpers/golden-models.js";
import { drawInto, drawnState } from "../helpers/drawn.js";

beforeAll(() => void init());

const options = { numClasses: 7, initialise: false };
const block = { to: 8, kernelSize: 3, stride: 1, groups: 4, squeezed: 2 };
const NETWORKS: [string, () => Reparametrised | LCNetV2, path?: string][] = [
  ["lcnetv2_small", () => createModel("lcnetv2_small", options) as LCNetV2, "stages.2.0.dw_conv"],
  ["repvgg_a0", () => createModel("repvgg_a0", options) as Reparametrised],
  ["mobileone_s0", () => createModel("mobileone_s0", options) as Reparametrised],
  [
    "one of groups whose channels are weighed",
    () =>
      new Reparametrised(
        { stem: { ...block, groups: 1 }, stages: [[block, { ...block, stride: 2 }]] },
        options,
      ),
  ],
];

describe.each(NETWORKS)("%s", (_, make, path = "stem.reparam_conv") => {
  it("gives the same once it is fused, with timm's names", () => {
    const model = make().eval();
    model.loadStateDict(drawnState(model));
    const x = tensor(drawInto(3, new Float32Array(2 * 32 * 32 * 3)), [2, 32, 32, 3]);
    const logits = (): number[] => noGrad(() => tidy(() => Array.from(model.forward(x).data())));
    const before = logits();
    const many = model.parameters().length;
    expect(model.fuse()).toBe(model);
    const after = logits();
    expect(relativeError(after, before)).toBeLessThan(1e-4);
    expect(after).not.toEqual(before);
    expect(model.fuse().parameters().length).toBeLessThan(many);
    const names = [...model.stateDict().keys()];
    expect(names).toEqual(expect.arrayContaining([`${path}.weight`, `${path}.bias`]));
    expect(names.filter((key) => /conv_kxk|identity|dw_conv_list|reparam_conv.*running/.test(key))).toEqual(
      [],
    );
    model.dispose();
    x.dispose();
  });
});

it("a fused network learns on", () => {
  const model = createModel("repvgg_a0", { numClasses: 3, smallImages: true }) as Reparametrised;
  model.fuse();
  const x = tensor(drawInto(3, new Float32Array(16 * 16 * 3)), [1, 16, 16, 3]);
  tidy(() => model.forward(x).sum().backward());
  expect(model.parameters().filter(({ grad }) => !grad)).toEqual([]);
  model.dispose();
  x.dispose();
});
