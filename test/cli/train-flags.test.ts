import { Command, CommanderError } from "commander";
import { describe, expect, it } from "vitest";
import { addTrainOptions, describeArguments, trainFlags } from "../../src/cli/train-flags.js";
import { optimizerNames } from "../../src/optim/index.js";
import { flagOf, resolveArguments, trainNames, type TrainFlags } from "../../src/node/resolve-arguments.js";

function parse(...args: string[]): TrainFlags {
  const program = addTrainOptions(new Command("train"))
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return trainFlags(program.parse(args, { from: "user" }).opts());
}

const error = (...args: string[]): string => {
  try {
    parse(...args);
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.message;
    throw thrown;
  }
  return "none";
};

describe("the flags of a training run", () => {
  it("are nothing where nothing is said", () => expect(parse()).toEqual({}));

  it("are read by their kinds", () => {
    const text =
      "--model resnet18 --data photos -b 32 --lr 1e-3 --opt adamw --sched multistep --decay-milestones 3,6 --scale 0.5,1 " +
      "--model-ema --no-drop-last --no-nesterov --no-aug --clip-grad none --class-weights 1,2.5 -j 2 --out runs/x";
    expect(parse(...text.split(" "))).toEqual({
      model: "resnet18",
      data: "photos",
      batchSize: 32,
      lr: 1e-3,
      opt: "adamw",
      sched: "multistep",
      decayMilestones: [3, 6],
      scale: [0.5, 1],
      modelEma: true,
      dropLast: false,
      nesterov: false,
      noAug: true,
      clipGrad: null,
      classWeights: [1, 2.5],
      workers: 2,
      out: "runs/x",
    });
    expect(parse("--class-weights", "balanced", "--drop-last")).toEqual({
      classWeights: "balanced",
      dropLast: true,
    });
  });

  it("let --pretrained mean the model's own", () => {
    expect(parse("--model", "resnet18", "--pretrained").pretrained).toBe("resnet18");
    expect(parse("--model", "resnet18", "--pretrained", "timm/resnet18.a1_in1k").pretrained).toBe("timm/resnet18.a1_in1k"); // prettier-ignore
  });

  it.each([
    [["--epochs", "ten"], "expected an integer ≥ 1"],
    [["--epochs", ""], "expected an integer ≥ 1"],
    [["--lr", "0"], "expected a number > 0"],
    [["--lr", "Infinity"], "expected a number > 0"],
    [["--smoothing", "1.5"], "expected a number from 0 to 0.99"],
    [["--opt", "sdg"], `expected one of ${[...optimizerNames].sort().join(", ")}`],
    [
      ["--sched", "cos"],
      "expected one of constant, cosine, exponential, multistep, onecycle, plateau, poly, step",
    ],
    [["--model", "resnet"], "expected a model's name (fovea models lists them)"],
    [["--decay-milestones", "3,x"], "expected a list, each a number > 0"],
    [["--scale", "1"], "expected 2 values"],
    [
      ["--aa", "rand-m11"],
      "expected imagenet, cifar10, svhn, original, ra, ta_wide, or as rand-m9-n2, or none",
    ],
    [["--seed", "-1"], "expected an integer from 0 to 4294967295"],
    [["--momentun", "0.9"], "unknown option '--momentun'"],
  ])("refuse %j", (args, message) => expect(error(...args)).toContain(message));

  it("are in --help, each in its group", () => {
    const help = addTrainOptions(new Command("train")).helpInformation();
    for (const name of trainNames) {
      const shown = flagOf(name);
      const negative = `--no-${shown.slice(2)}`;
      expect(help.includes(shown) || help.includes(negative) ? "" : shown).toBe("");
    }
    expect(help).toMatch(/\nOptimizer:\n +--opt <name> +optimizer: sgd, /);
  });
});

it("describes resolved arguments, a line each, without what is not in use", () => {
  const text = describeArguments(resolveArguments({ recipe: "mnist-lenet5", epochs: 2 }));
  const lines = text.split("\n");
  expect(lines).toContain(`  recipe${" ".repeat(14)}mnist-lenet5`);
  expect(lines).toContain(`  epochs${" ".repeat(14)}2`);
  expect(text).not.toMatch(/null|false|resume|nesterov|decayRate|cutout|vflip/);
  const zeros = describeArguments(
    resolveArguments({ data: "x", model: "resnet18", valFraction: 0, hflip: 0 }),
  );
  expect(zeros).toMatch(/valFraction +0\n[^]*hflip +0\n/);
});
