import { describe, expect, it } from "vitest";
import type { StateDict } from "../../src/core/state.js";
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

  it("keeps the tensors, and refuses two of one name", () => {
    expect(adaptNames(stateOf("a", "module.b"), []).get("b")!.data).toEqual(Float32Array.of(1));
    expect(() => adaptNames(stateOf("b", "module.b"), [], undefined, "f")).toThrow(
      new DataError("f: module.b and another tensor are both named b"),
    );
  });
});
