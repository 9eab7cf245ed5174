// Recipes in files, by --recipe and by --config.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, describe, expect, it } from "vitest";
import { addTrainOptions, trainFlags, withRecipe } from "../../src/cli/train-flags.js";
import { resolveArguments } from "../../src/node/resolve-arguments.js";
import type { TrainArguments } from "../../src/node/train-arguments.js";

const folder = mkdtempSync(join(tmpdir(), "fovea-recipes-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

function resolved(...args: string[]): TrainArguments {
  const command = addTrainOptions(new Command("train")).exitOverride();
  return resolveArguments(...withRecipe(trainFlags(command.parse(args, { from: "user" }).opts())));
}

const yaml = file(
  "mine.yaml",
  `# timm's spelling
model: resnet18
data: photos
batch_size: 32
lr: 1e-3
opt: adamw
scale: [0.35, 1.0]
sched-on-updates: false
decayRate: null
clip_grad: none
momentum: 0.8   # of no use with adamw: dropped
`,
);
const json = file(
  "mine.json",
  JSON.stringify({ model: "resnet18", data: "photos", batchSize: 32, opt: "adamw", lr: 1e-3, scale: [0.35, 1] }, null, "\t"), // prettier-ignore
);
const expected = {
  model: "resnet18",
  data: "photos",
  batchSize: 32,
  opt: "adamw",
  lr: 1e-3,
  scale: [0.35, 1],
};

describe("a recipe in a file", () => {
  it.each(["--recipe", "--config"])("is read by %s, as YAML or JSON, in any spelling", (word) => {
    expect(resolved(word, yaml)).toMatchObject({
      ...expected,
      recipe: yaml,
      schedOnUpdates: false,
      momentum: 0.9,
    });
    expect(resolved(word, json)).toMatchObject({ ...expected, recipe: json });
    expect(resolved(`${word}=${json}`, "--lr", "0.5", "--data", "other")).toMatchObject({
      lr: 0.5,
      data: "other",
    });
  });

  it("builds on the recipe that it names", () => {
    const first = file("first.yml", "recipe: cifar10-resnet20\nepochs: 3\n");
    const second = file("second.yml", `recipe: ${first}\nlr: 0.1\n`);
    expect(resolved("--recipe", second)).toMatchObject({
      model: "resnet20_cifar",
      epochs: 3,
      lr: 0.1,
      batchSize: 128,
    });
    const circle = file("circle.yml", `recipe: ${join(folder, "circle.yml")}`);
    expect(() => resolved("--recipe", circle)).toThrow("builds on itself");
    expect(() => resolved("--recipe", file("lost.yml", "recipe: none-such"))).toThrow(
      "lost.yml: unknown recipe",
    );
  });

  it("may be a run's args.json", () => {
    const args = resolved("--config", json);
    const run = {
      ...args,
      out: "runs/x",
      resume: "runs/x",
      classes: ["a", "b"],
      environment: { node: "20" },
    };
    const again = resolved("--config", file("args.json", JSON.stringify(run)), "--seed", "7");
    expect(again).toEqual({ ...args, recipe: join(folder, "args.json"), seed: 7 });
  });

  it.each<[string, string, string]>([
    ["a.yaml", "epochz: 3", "a.yaml: unknown option 'epochz'; did you mean epochs? known: aa, "],
    ["b.yaml", "constructor: 3", "b.yaml: unknown option 'constructor'; known: aa, "],
    ["c.yaml", "__proto__: 3", "c.yaml: unknown option '__proto__'; known: aa, "],
    ["d.yaml", "epochs: ten", 'd.yaml: bad epochs; got "ten"; expected an integer ≥ 1'],
    ["e.yaml", "epochs: {a: 1}", 'e.yaml: bad epochs; got {"a":1}; expected an integer ≥ 1'],
    ["f.yaml", "epochs: 3\nepochs: 4", "f.yaml: not a recipe: Map keys must be unique"],
    ["o.yaml", "batch_size: 3\nbatchSize: 4", "o.yaml: batchSize is given twice"],
    ["g.yaml", "a: [1", "g.yaml: not a recipe: "],
    ["h.yaml", "- epochs", "h.yaml: not a recipe; expected a mapping of options, such as epochs: 10"],
    ["i.yaml", "", "i.yaml: not a recipe; expected a mapping of options"],
    ["j.json", '{"epochs": 3', "j.json: not a recipe: "],
    ["k.yaml", `a: &a [x,x,x,x,x,x,x,x,x]\n${[..."bcdefgh"].map((c, i) => `${c}: &${c} [${`*${"abcdefgh"[i]},`.repeat(9)}]`).join("\n")}`, "k.yaml: not a recipe: Excessive alias count"], // prettier-ignore
    ["l.yaml", `# ${"x".repeat(2 ** 20)}`, "l.yaml: too large; got 1048578 bytes"],
    ["m.yaml", "resume: runs/x", "m.yaml: resume: not possible in a recipe; expected --resume"],
    ["n.yaml", "momentum: 0.8\nnesterov: [", "n.yaml: not a recipe: "],
  ])("that is invalid is refused: %s", (name, text, message) => {
    expect(() => resolved("--data", "x", "--model", "lenet5", "--recipe", file(name, text))).toThrow(message);
  });

  it("that is missing is refused, as is one given twice", () => {
    expect(() => resolved("--recipe", "./none.yaml")).toThrow("./none.yaml: cannot be read: ENOENT");
    expect(() => resolved("--recipe", folder + "/")).toThrow("cannot be read: EISDIR");
    expect(() => resolved("--recipe", yaml, "--config", json)).toThrow("--recipe and --config are the same");
  });
});
