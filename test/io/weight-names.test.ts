import { describe, expect, it } from "vitest";
import type { StateDict, StateTensor } from "../../src/core/state.js";
import { DataError } from "../../src/errors.js";
import { adaptNames } from "../../src/io/weight-names.js";

const stateOf = (...names: string[]): StateDict =>
  new Map(names.map((name, i) => [name, { dtype: "F32", shape: [], data: Float32Array.of(i) }]));

function adapted(names: string[], own: string[], rename?: (name: string) => string | undefined): string[] {
  return [...adaptNames(stateOf(...names), own, rename).keys()];
}

describe("adaptNames", () => {
  it("takes wrappers' prefixes off, one within another", () => {
    expect(adapted(["module.fc.weight", "module.fc.bias"], ["fc.weight"])).toEqual(["fc.weight", "fc.bias"]);
    expect(adapted(["_orig_mod.module.fc.weight"], ["fc.weight"])).toEqual(["fc.weight"]);
    expect(adapted(["model.fc.weight", "loss.weight"], ["fc.weight"])).toEqual(["fc.weight", "loss.weight"]);
  });

  it("leaves out how many states an average is of, unless the model has such a tensor", () => {
    expect(adapted(["n_averaged", "module.fc.weight"], ["fc.weight"])).toEqual(["fc.weight"]);
    expect(adapted(["n_averaged", "fc.weight"], ["fc.weight", "n_averaged"])).toContain("n_averaged");
  });

  it("leaves a prefix that the model has itself", () => {
    expect(adapted(["model.fc.weight"], ["model.fc.weight"])).toEqual(["model.fc.weight"]);
    expect(adapted(["module.net.0.weight"], ["net.0.weight"])).toEqual(["net.0.weight"]);
  });

  it("gives DenseNet's old names a dot less", () => {
    const names = [
      "features.denseblock1.denselayer12.norm.1.weight",
      "features.denseblock1.denselayer12.norm.1.running_mean",
      "features.denseblock1.denselayer12.conv.2.weight",
      "features.denseblock1.denselayer12.norm1.weight",
      "features.transition1.norm.weight",
      "features.norm5.weight",
    ];
    expect(adapted(["module.features.conv0.weight"], ["features.conv0.weight"])).toEqual([
      "features.conv0.weight",
    ]);
    expect(adapted(names.slice(0, 3), [])).toEqual([
      "features.denseblock1.denselayer12.norm1.weight",
      "features.denseblock1.denselayer12.norm1.running_mean",
      "features.denseblock1.denselayer12.conv2.weight",
    ]);
    expect(adapted(names.slice(3), [])).toEqual(names.slice(3));
  });

  it("renames and leaves out what the caller says", () => {
    const rename = (name: string): string | undefined =>
      name.startsWith("aux") ? undefined : name.replace("head.fc", "fc");
    expect(adapted(["aux1.fc.weight", "head.fc.weight"], ["fc.weight"], rename)).toEqual(["fc.weight"]);
  });

  it("takes timm's names for the model's only where there are blocks and the model has torchvision's", () => {
    const own = ["features.0.0.weight", "features.1.0.block.0.0.weight", "classifier.1.weight"];
    const names = ["conv_stem.weight", "bn1.bias", "blocks.0.0.conv_dw.weight", "classifier.weight"];
    expect(adapted(names, own)).toEqual([
      "features.0.0.weight",
      "features.0.1.bias",
      "features.1.0.block.0.0.weight",
      "classifier.1.weight",
    ]);
    expect(adapted(["conv_stem.weight", "classifier.weight"], own)).toEqual(["conv_stem.weight", "classifier.weight"]); // prettier-ignore
    expect(adapted(names, names)).toEqual(names);
  });

  it("takes lukemelas's names of EfficientNets for timm's", () => {
    const own = [
      "conv_stem.weight",
      "blocks.0.0.conv_dw.weight",
      "blocks.1.0.conv_pw.weight",
      "classifier.bias",
    ];
    const file = [
      "_conv_stem.weight",
      "_blocks.0._depthwise_conv.weight",
      "_blocks.0._bn1.bias",
      "_blocks.0._se_reduce.bias",
      "_blocks.0._project_conv.weight",
      "_blocks.1._expand_conv.weight",
      "_blocks.1._bn0.bias",
      "_blocks.1._project_conv.weight",
      "_bn1.weight",
      "_fc.bias",
    ];
    expect(adapted(file, own)).toEqual([
      "conv_stem.weight",
      "blocks.0.0.conv_dw.weight",
      "blocks.0.0.bn1.bias",
      "blocks.0.0.se.conv_reduce.bias",
      "blocks.0.0.conv_pw.weight",
      "blocks.1.0.conv_pw.weight",
      "blocks.1.0.bn1.bias",
      "blocks.1.0.conv_pwl.weight",
      "bn2.weight",
      "classifier.bias",
    ]);
    expect(adapted(file, ["features.0.0.weight"])).toEqual(file);
  });

  it("scales weights by timm's eps, but not those of another type or length", () => {
    const own = ["features.1.block.0.0.weight", "features.1.block.0.1.running_var"];
    const f32 = (...data: number[]): StateTensor => ({ dtype: "F32", shape: [data.length], data: Float32Array.from(data) }); // prettier-ignore
    const scaled = (weight: StateTensor, variance: StateTensor): StateTensor =>
      adaptNames(
        new Map([
          ["conv_stem.weight", f32(1)],
          ["blocks.0.0.conv_dw.weight", f32(1)],
          ["blocks.0.0.bn1.weight", weight],
          ["blocks.0.0.bn1.running_var", variance],
        ]),
        own,
        undefined,
        "f",
        (path) => (path === "features.1.block.0.1" ? 1e-3 : undefined),
      ).get("features.1.block.0.1.weight")!;
    const [v] = scaled(f32(2), f32(0.01)).data as Float32Array;
    expect(v).toBeCloseTo(2 * Math.sqrt(0.011 / 0.01001), 6);
    const longs: StateTensor = { dtype: "I64", shape: [1], data: BigInt64Array.of(2n) };
    expect(scaled(longs, f32(0.01))).toBe(longs);
    const two = f32(1, 2);
    expect(scaled(two, f32(0.01))).toBe(two);
  });

  it("keeps the tensors, and refuses two of one name", () => {
    expect(adaptNames(stateOf("a", "module.b"), []).get("b")!.data).toEqual(Float32Array.of(1));
    expect(() => adaptNames(stateOf("b", "module.b"), [], undefined, "f")).toThrow(
      new DataError("f: module.b and another tensor are both named b"),
    );
  });
});
