// What used to end in an error of the engine: every fault of a file or a name is a DataError or a UsageError, and short.

import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { decodeSafetensors, encodeSafetensors } from "../../src/io/safetensors.js";
import type { StateDict } from "../../src/core/state.js";
import { FoveaError } from "../../src/errors.js";
import { lenet5 } from "../../src/models/index.js";
import { SGD } from "../../src/optim/index.js";
import { checkFolder } from "../../src/node/check-folder.js";
import { readCheckpoint, saveCheckpoint } from "../../src/node/checkpoint.js";
import { csvRow } from "../../src/node/csv.js";
import {
  fetchDataset,
  ImageFolder,
  ImageList,
  loadDataset,
  openDataset,
} from "../../src/node/datasets/index.js";
import { useDecoder, type DecoderChoice } from "../../src/node/decoder.js";
import { fetchWeights } from "../../src/node/hub.js";
import { readConfig } from "../../src/node/model-config.js";
import { openModel } from "../../src/node/open-model.js";
import { resolveArguments } from "../../src/node/resolve-arguments.js";
import { readIndex } from "../../src/node/sharded.js";
import { captureCheckpoint, startPosition } from "../../src/train/index.js";
import { png } from "../helpers/pictures.js";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "fovea-"));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

async function put(path: string, data: Uint8Array | string): Promise<string> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), data);
  return join(root, path);
}

/** The message of the error, which must be one of fovea's. */
async function refusal(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    expect(error).toBeInstanceOf(FoveaError);
    const { message } = error as Error;
    expect(message.length).toBeLessThan(1000);
    return message;
  }
  throw new Error("nothing was refused");
}

const picture = png(2, 1, [255, 0, 0]);

describe("names that every JavaScript object has", () => {
  const NAMES = ["constructor", "__proto__", "toString", "hasOwnProperty"];
  it.each(NAMES)(
    "'%s' is no dataset, recipe, option, decoder, file of weights or kind of dataset",
    async (name) => {
      expect(await refusal(() => loadDataset(name))).toMatch(`${name}: no such folder or dataset`);
      expect(await refusal(() => fetchDataset(name))).toMatch(`unknown name '${name}'`);
      expect(await refusal(() => resolveArguments({ recipe: name }))).toMatch(`unknown recipe '${name}'`);
      const flags = JSON.parse(`{ "${name}": 1 }`) as object;
      expect(await refusal(() => resolveArguments(flags))).toMatch(`unknown option '${name}'`);
      expect(await refusal(() => useDecoder(name as DecoderChoice))).toMatch(`unknown decoder '${name}'`);
      expect(await refusal(() => fetchWeights(name))).toMatch(`torchvision has no '${name}'`);
      expect(await refusal(() => fetchWeights(`resnet50@${name}`))).toMatch(`no version '${name}'`);
      expect(await refusal(() => openDataset({ kind: name } as never))).toMatch(`unknown kind '${name}'`);
    },
  );

  it("are classes like any other", async () => {
    for (const name of NAMES) await put(`${name}/a.png`, picture);
    expect(new ImageFolder(root).classes).toEqual([...NAMES].sort());
    const [split] = (await checkFolder(root)).splits;
    expect(Object.entries(split!.classes).sort()).toEqual([...NAMES].sort().map((name) => [name, 1]));
  });

  it("are tensors like any other, in their order, except for what safetensors cannot express", () => {
    const tensor = { dtype: "F32", shape: [1], data: Float32Array.of(1) } as const;
    const state: StateDict = new Map(
      ["b", ...NAMES, "10", "9", "", "a\n"].map((name, i) => [name, { ...tensor, data: Float32Array.of(i) }]),
    );
    expect([...decodeSafetensors(encodeSafetensors(state))]).toEqual([...state]);
    for (const name of ["__metadata__", "half \ud800"]) {
      expect(() => encodeSafetensors(new Map([[name, tensor]]))).toThrow("a tensor cannot be called");
    }
  });
});

describe("safetensors", () => {
  const head = (json: string): Uint8Array => {
    const text = Buffer.from(json);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    return Buffer.concat([length, text]);
  };
  const state: StateDict = new Map([["w", { dtype: "F32", shape: [1], data: Float32Array.of(1) }]]);

  it("have headers with strings of 9 million characters, as many classes make them", () => {
    const about = `${'\\"{}:'.repeat(1_500_000)}x`;
    expect(decodeSafetensors(encodeSafetensors(state, { about })).size).toBe(1);
  });

  it("with a longer header than readers take are not written", () => {
    expect(() => encodeSafetensors(state, { about: "x".repeat(100_000_000) })).toThrow(
      /^safetensors: header of \d+ bytes; expected at most 100000000$/,
    );
  });

  it("200,000 deep are refused", async () => {
    for (const [open, close] of [
      ['{"a":', "}"],
      ["[", "]"],
    ] as const) {
      const json = `{"a":${open.repeat(200_000)}1${close.repeat(200_000)}}`;
      expect(await refusal(() => decodeSafetensors(head(json)))).toMatch(
        "a: bad dtype, shape or data_offsets",
      );
    }
  });

  it("name keys that occur twice, at any depth and after quotes", async () => {
    expect(await refusal(() => decodeSafetensors(head('{"a":{"x":1, "\\u0078" :2}}')))).toMatch(
      "header has x twice",
    );
    expect(await refusal(() => decodeSafetensors(head('{"a":"{\\"a\\":", "a":1}')))).toMatch(
      "header has a twice",
    );
  });
});

describe("a checkpoint", () => {
  it("of 800,000 classes is read as it was written", async () => {
    const model = lenet5();
    const parts = { model, optimizer: new SGD(model.parameters(), { lr: 0.1 }), binary: "simd" };
    const classes = Array.from({ length: 800_000 }, (_, i) => `class number ${i}`);
    const checkpoint = captureCheckpoint(parts, startPosition(), { classes });
    await saveCheckpoint(join(root, "c.safetensors"), checkpoint);
    const { state } = readCheckpoint(join(root, "c.safetensors"));
    expect(state.about).toEqual({ classes });
    model.dispose();
  });

  it("with another state than a training run's is refused", async () => {
    const path = join(root, "c.safetensors");
    await saveCheckpoint(path, { tensors: new Map(), state: { position: 1 } as never });
    expect(await refusal(() => readCheckpoint(path))).toMatch(
      `${path}: not the state of a training run; got `,
    );
    const nothing = { tensors: new Map(), state: null as never };
    await expect(saveCheckpoint(path, nothing)).rejects.toThrow(
      "saveCheckpoint: checkpoint: state must be an object; got null",
    );
  });
});

describe("JSON files", () => {
  const deep = `${'{"a":['.repeat(100_000)}${"]}".repeat(100_000)}`;
  it.each([
    ["null", "null"],
    ["a list", "[1]"],
    ["a number", "3"],
    ["no JSON", "{\x1b"],
    ["200,000 deep", deep],
    ["fields 200,000 deep", `{"architecture":${deep},"weight_map":${deep},"model":${deep}}`],
  ])("that hold %s are refused", async (_, json) => {
    const path = await put("config.json", json);
    await put("args.json", json);
    expect(await refusal(() => readConfig(path))).toMatch(path);
    expect(await refusal(() => readIndex(path))).toMatch(path);
    expect(await refusal(() => resolveArguments({ resume: root }))).toMatch(join(root, "args.json"));
  });

  it("may begin with a byte order mark", async () => {
    const path = await put("index.json", '\ufeff{"weight_map":{"a":"x.safetensors"}}');
    expect(await readIndex(path)).toEqual(new Map([["a", "x.safetensors"]]));
  });
});

describe("a list of pictures", () => {
  const list = async (text: string): Promise<() => ImageList> => {
    const path = await put("list.txt", text);
    await put("a.png", picture);
    return () => new ImageList(root, path, { multiLabel: true });
  };

  it.each([
    ["a path through a file", "a.png/b.png 0", "list.txt:1: no such picture"],
    ["a path with a zero byte", "a\0.png 0", "no such picture; got "],
    ["a folder's name too long", `${"x".repeat(300)}/b.png 0`, "no such picture"],
    [
      "a path out of the folder",
      "../secret.png 0",
      "a path out of the folder; got '../secret.png'; expected one below",
    ],
    ["a path out and in again", "a/../../x.png 0", "a path out of the folder"],
    ["5 million labels, one of them none", `a.png ${"1,".repeat(5_000_000)}x`, "no label; got"],
    ["a label of 5 million digits", `a.png ${"9".repeat(5_000_000)}`, "label out of range; got"],
    ["no label after 5 million letters", "a".repeat(5_000_000), "no label; got"],
  ])("is refused for %s", async (_, text, message) => {
    const message_ = await refusal(await list(text));
    expect(message_).toMatch(message);
    expect(message_.length).toBeLessThan(500);
    expect(message_).not.toMatch(/[\x00-\x1f]/);
  });

  it("may give a picture 5 million labels", async () => {
    const set = (await list(`a.png ${"1,".repeat(5_000_000)}0`))();
    expect([...set.targets!]).toEqual([1, 1]);
  });
});

describe("paths", () => {
  it("that go through a file, or cannot be followed, are reported", async () => {
    const file = await put("a.png", picture);
    expect(await refusal(() => openModel({ weights: join(file, "x") }))).toMatch("no such file or folder");
    expect(await refusal(() => loadDataset(join(file, "x")))).toMatch("no such folder or dataset");
    expect(await refusal(() => loadDataset(`${root}/\0`))).toMatch("cannot be read");
    await symlink(join(root, "round"), join(root, "round"));
    expect(await refusal(() => loadDataset(join(root, "round")))).toMatch("cannot be read: ELOOP");
    expect(await refusal(() => openModel({ weights: "x".repeat(5000) }))).toMatch(
      "cannot be read: ENAMETOOLONG",
    );
  });

  it.skipIf(process.getuid?.() === 0)("that may not be read are reported", async () => {
    await put("class/a.png", picture);
    await chmod(join(root, "class"), 0);
    expect(await refusal(() => checkFolder(root))).toMatch("cannot be read: EACCES");
    await chmod(join(root, "class"), 0o700);
  });
});

describe("tables", () => {
  it("hold no formulas, but negative numbers", () => {
    expect(csvRow(["=1+1", "+a", "-b", "@c", "\td", "ordinary", "a,b", 'say "x"', -0.5, 3])).toBe(
      `'=1+1,'+a,'-b,'@c,'\td,ordinary,"a,b","say ""x""",-0.5,3`,
    );
    expect(csvRow(["=A1\n", "＝1"])).toBe(`"'=A1\n",'＝1`);
  });
});
