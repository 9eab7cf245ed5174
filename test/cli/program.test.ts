// What all commands have in common: help, versions, errors and exit codes.

import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { version } from "../../package.json";
import { examples } from "../../src/cli/examples.js";
import { programOf } from "../../src/cli/program.js";
import { fovea, foveaHere } from "./run.js";

const names = programOf().commands.map((command) => command.name());

/** Words of a shell's line, without what is redirected. */
const words = (line: string): string[] => line.replace(/ > .*/, "").split(" ").map((word) => word.replaceAll("'", "")); // prettier-ignore

/** The commands, with nothing done at their end; `seen` is told. */
function deaf(seen: (name: string) => void): Command {
  const program = programOf();
  for (const command of program.commands) command.action(() => seen(command.name()));
  return program;
}

describe.each(names)("fovea %s", (name) => {
  const help = programOf().commands.find((command) => command.name() === name)!;

  it("has examples in its help, which it understands", async () => {
    const { status, stdout } = await foveaHere(name, "--help");
    expect(status).toBe(0);
    const shown = stdout.split("Examples:\n")[1] ?? "";
    expect(shown.trimEnd().split("\n").map((line) => line.trim())).toEqual(examples[name]); // prettier-ignore
    for (const line of examples[name]!) {
      let ran = "";
      deaf((command) => (ran = command)).parse(words(line).slice(1), { from: "user" });
      expect([line, ran]).toEqual([line, name]);
    }
  });

  it("says of every option what is meant, and of every value what it is", () => {
    for (const { flags, description } of help.options) {
      expect([flags, description]).toEqual([flags, expect.stringMatching(/\w/)]);
      expect(flags).not.toMatch(/<(value|text|k|rate|pixels|number)>/); // <n> and <x> are numbers everywhere
    }
  });

  it("exits with 2 for an option that it does not know, and says which one was meant", async () => {
    const [option] = help.options.filter(({ long, hidden }) => !hidden && long!.length > 5);
    const typo = option!.long!.replace(/(.)(.)$/, "$2$1");
    const needed = help.options.filter(({ mandatory }) => mandatory).flatMap(({ long }) => [long!, "x"]);
    const { status, stdout, stderr } = await foveaHere(name, typo, ...needed);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`fovea: unknown option '${typo}'; did you mean ${option!.long}? known: --`);
    expect(stderr).not.toContain("    at ");
  });
});

describe("fovea", () => {
  it.each([[[]], [["train"]]])("shows the help of %j", async (command) => {
    const { status, stdout } = await foveaHere("help", ...command);
    expect([status, stdout]).toEqual([0, expect.stringContaining(`Usage: fovea ${command[0] === "train" ? "train" : "[options]"}`)]); // prettier-ignore
  });

  it.each(["--version", "-V"])("says its version by %s", async (flag) => {
    expect(await foveaHere(flag)).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("ends as a process with the same code and lines", () => {
    expect(fovea("--version")).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
    expect(fovea("evla")).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining("fovea: unknown command 'evla'; did you mean eval? known: augment-sheet, ") }); // prettier-ignore
  });

  it.each<[string[], string]>([
    [["trian"], "unknown command 'trian'; did you mean train? known: augment-sheet, bench"],
    [["help", "trian"], "unknown command 'trian'; did you mean train? known: augment-sheet, bench"],
    [["help", "constructor"], "unknown command 'constructor'; known: "],
    [["constructor"], "unknown command 'constructor'; known: "],
    [
      ["train", "x", "--model", "resnet81"],
      "did you mean resnet18? expected a model's name (fovea models lists them)",
    ],
    [["train", "x", "--opt", "adm"], "did you mean adam? expected one of adagrad, adam"],
    [["train", "x", "--sched", "cos"], "did you mean cosine? expected one of constant"],
    [["train", "x", "--aa", "imagnet"], "did you mean imagenet? expected imagenet, cifar10"],
    [["train", "x", "--loss", "bec"], "did you mean bce? expected one of bce"],
    [
      ["train", "mnist", "--recipe", "finetun"],
      "--recipe: unknown recipe 'finetun'; did you mean finetune? known: ",
    ],
    [["train", "mnist", "--recipe", "constructor"], "--recipe: unknown recipe 'constructor'; known: "],
    [
      ["train", "minst", "--model", "lenet5"],
      "minst: no such folder or dataset; did you mean mnist? known: cifar10",
    ],
    [["train", "constructor", "--model", "lenet5"], "constructor: no such folder or dataset; known: cifar10"],
    [["train", "__proto__", "--model", "lenet5"], "__proto__: no such folder or dataset; known: cifar10"],
    [["eval", "minst", "--model", "resnet18", "--weights", "x"], "did you mean mnist?"],
    [["eval", "mnist", "--model", "resnet19"], "unknown model or folder 'resnet19'; did you mean resnet18?"],
    [["predict", "a.jpg", "--model", "constructor"], "unknown model or folder 'constructor'; "],
    [["predict"], "missing required argument 'picture'"],
    [["export", "run"], "required option '--out <dir>' not specified"],
    [
      ["export", "run", "--out", "x", "--format", "onx"],
      "did you mean onnx? expected one of onnx, safetensors",
    ],
    [["train", "a", "b"], "too many arguments"],
  ])("exits with 2 for %j", async (args, message) => {
    const { status, stdout, stderr } = await foveaHere(...args);
    expect([stderr, status, stdout]).toEqual([expect.stringContaining(message), 2, ""]);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  it.each<[string[], string]>([
    [["train", "./none/there", "--model", "lenet5"], "./none/there: no such folder or dataset"],
    [
      ["eval", "./none", "--model", "lenet5", "--weights", "./none.pth"],
      "./none.pth: no such file or folder",
    ],
    [["export", "./none", "--out", "x"], "./none: no such file or folder"],
    [["check", "./none"], "none: cannot be read"],
    [["augment-sheet", "./none.jpg"], "./none.jpg: cannot be read"],
  ])("exits with 1 for %j", async (args, message) => {
    const { status, stdout, stderr } = await foveaHere(...args);
    expect([stderr, status, stdout]).toEqual([expect.stringContaining(message), 1, ""]);
    expect(stderr).not.toContain("    at ");
  });
});
