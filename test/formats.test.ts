// A file of each format that fovea reads, from bytes to numbers: what is wrong with one of them shows here first.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeCifar10, decodeCifar100, decodeIdx, decodeImage, tarSamples } from "../src/data/index.js";
import { decodeWeights, encodeSafetensors } from "../src/index.js";
import { idx, jpg, png, tar } from "./helpers/pictures.js";
import { expectedState, goldens } from "./helpers/weights.js";

describe("weights", () => {
  it.each(["reference.safetensors", "zip.pth", "legacy.pth"])("%s holds what PyTorch wrote", (name) => {
    const state = decodeWeights(readFileSync(new URL(name, goldens)), name);
    expect(state.size).toBeGreaterThan(10);
    for (const [key, entry] of state) expect(entry, key).toEqual(expectedState.get(key));
  });

  it("paddle4.pdparams holds what Paddle wrote, as PyTorch would have it", () => {
    const { state } = JSON.parse(readFileSync(new URL("paddle.json", goldens), "utf8")) as { state: Record<string, { shape: number[]; data: number[] }> }; // prettier-ignore
    const read = decodeWeights(readFileSync(new URL("paddle4.pdparams", goldens)));
    expect([...read.keys()]).toEqual(Object.keys(state));
    for (const [name, { shape, data }] of read) expect({ shape, data: [...data] }, name).toEqual(state[name]);
  });

  it("safetensors written here are read again", () => {
    const state = decodeWeights(encodeSafetensors(expectedState));
    expect([...state]).toEqual(expect.arrayContaining([...expectedState]));
  });
});

describe("pictures", () => {
  it("PNG keeps its pixels", () => {
    const { data, height, width, channels } = decodeImage(png(3, 2, [10, 200, 30]), { file: "x.png" });
    expect([height, width, channels]).toEqual([2, 3, 3]);
    expect([...data]).toEqual(new Array(6).fill([10, 200, 30]).flat());
  });

  it("JPEG has its size and colours", () => {
    const { data, height, width, channels } = decodeImage(jpg(9, 7, 100), { file: "x.jpg" });
    expect([height, width, channels, data.length]).toEqual([7, 9, 3, 189]);
  });
});

describe("datasets", () => {
  it("IDX, MNIST's", () => {
    const { shape, data } = decodeIdx(idx([2, 1, 3], [1, 2, 3, 4, 5, 6]), "x");
    expect([[...shape], [...data]]).toEqual([
      [2, 1, 3],
      [1, 2, 3, 4, 5, 6],
    ]);
  });

  it("CIFAR's binary batches", () => {
    const row = [7, ...[1, 2, 3].flatMap((value) => new Array<number>(1024).fill(value))];
    const ten = decodeCifar10([{ name: "x.bin", bytes: Uint8Array.from(row) }]);
    expect([[...ten.labels], [...ten.image(0).data.slice(0, 3)]]).toEqual([[7], [1, 2, 3]]);
    const hundred = decodeCifar100({ name: "x.bin", bytes: Uint8Array.from([4, ...row]) });
    expect([...hundred.labels]).toEqual([7]);
  });

  it("tar shards, WebDataset's", () => {
    const bytes = tar([
      ["a.cls", "3"],
      ["a.png", png(2, 2, [1, 2, 3])],
    ]);
    const samples = [...tarSamples((at, n) => bytes.subarray(at, at + n), bytes.length, "x.tar")];
    expect(samples.map(({ picture, label }) => [picture.name, label])).toEqual([["a.png", 3]]);
  });
});
