import { describe, expect, it } from "vitest";
import { knownNames, nearest } from "../../src/errors/suggest.js";

const models = ["alexnet", "resnet18", "resnet34", "resnet50", "mobilenet_v3_small", "mobilenet_v2", "vgg16"];

describe("nearest", () => {
  it.each([
    ["resnet81", "resnet18"],
    ["ResNet50", "resnet50"],
    ["renset50", "resnet50"],
    ["alexnett", "alexnet"],
    ["mobilenetv2", "mobilenet_v2"],
    ["mobilenet-v3-smal", "mobilenet_v3_small"],
    ["alex", "alexnet"],
  ])("takes %s for %s", (got, meant) => expect(nearest(got, models)).toBe(meant));

  it.each(["", "x", "transformer", "mobile", "constructor", "__proto__", "r".repeat(1e6)])(
    "has nothing for %s",
    (got) => expect(nearest(got, models)).toBeUndefined(),
  );

  it("sees through dashes and capitals", () => {
    expect(nearest("num_classes", ["inChannels", "numClasses"])).toBe("numClasses");
    expect(nearest("shufle", ["batchSize", "shuffle"])).toBe("shuffle");
    expect(nearest("sdg", ["adam", "adamw", "sgd"])).toBe("sgd");
  });
});

it("knownNames says what was meant, and what there is", () => {
  expect(knownNames("adm", ["adam", "sgd"])).toBe("did you mean adam? known: adam, sgd");
  expect(knownNames("lion", ["adam", "sgd"])).toBe("known: adam, sgd");
});
