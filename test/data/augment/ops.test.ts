// The operations, their magnitudes and the policies against torchvision on PIL images (generate.py), to the byte.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { magnitudeAt, standardSpace, wideSpace, type Space } from "../../../src/data/augment/magnitudes.js";
import { applyOp, opNames, type OpName, type OpOptions } from "../../../src/data/augment/ops.js";
import { policies } from "../../../src/data/augment/policies.js";
import { DataError } from "../../../src/errors.js";
import { picture, plain, type Kind } from "./pictures.js";

function load<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8")) as T;
}

const goldens = load<{ ops: Record<string, string> }>("ops.json").ops;
const tables = load<Record<string, Record<string, [values: string, signed: boolean]>>>("tables.json");

/** Small pictures in full, so that a failure can be looked at; a checksum of the others. */
function text({ data }: { data: Uint8Array }): string {
  if (data.length <= 30) return Buffer.from(data).toString("hex");
  return createHash("sha256").update(data).digest("hex").slice(0, 12);
}

/** The magnitudes of the goldens, in their order. */
function magnitudes(op: OpName, size: { height: number; width: number }): number[] {
  if (op === "SolarizeAdd") return [0, 1, 64, 110, 200];
  const levels: [Space, number[]][] = [
    [standardSpace(size), [0, 4, 9, 15, 30]],
    [wideSpace, [7, 22, 30]],
  ];
  if (!wideSpace.get(op)) return [0];
  return levels.flatMap(([space, at]) =>
    at.flatMap((level) => {
      const magnitude = magnitudeAt(space.get(op), level, 31);
      return space.get(op)!.signed ? [magnitude, -magnitude] : [magnitude];
    }),
  );
}

describe("operations are torchvision's", () => {
  it.each(opNames)("%s", (op) => {
    const cases = Object.entries(goldens).filter(([key]) => key.startsWith(`${op} `));
    expect(cases.length).toBeGreaterThanOrEqual(10);
    for (const [key, golden] of cases) {
      const [, kind, height, width, channels, interpolation, fill] = key.split(" ");
      const image = picture(kind as Kind, Number(height), Number(width), Number(channels));
      const options = { interpolation, fill: Number(fill) } as OpOptions;
      const before = image.data.slice();
      const results = magnitudes(op, image).map((m) => text(applyOp(image, op, m, options)));
      expect(results, key).toEqual(golden.split(" "));
      expect(image.data, "the image given").toEqual(before);
    }
  });

  it("take one fill for each channel", () => {
    const image = picture("noise", 4, 4, 3);
    const moved = applyOp(image, "TranslateX", 3, { fill: [1, 2, 3] });
    expect([...moved.data.subarray(0, 12)]).toEqual([
      1,
      2,
      3,
      1,
      2,
      3,
      1,
      2,
      3,
      ...image.data.subarray(0, 3),
    ]);
  });

  it.each([
    [
      () => applyOp(picture("noise", 2, 2, 3), "Blur" as OpName, 1),
      "applyOp: bad name; got Blur; expected Identity",
    ],
    [
      () => applyOp(plain(2, 2), "Rotate", 1),
      "Rotate: works before ToTensor; got 3 channels of floats; expected 1 or 3 of bytes",
    ],
    [
      () => applyOp(picture("noise", 2, 2, 4), "Rotate", 1),
      "Rotate: works before ToTensor; got 4 channels of",
    ],
    [
      () => applyOp(picture("noise", 2, 2, 3), "Rotate", 1, { fill: [1, 2] }),
      "Rotate: bad fill for a picture of 3 channels; got [1,2]; expected 3 numbers",
    ],
  ])("say what is wrong", (call, message) => {
    expect(call).toThrow(DataError);
    expect(call).toThrow(message);
  });
});

// Torch fills its tables in vectors of 8 or 16, and the last bit of some entries depends on which (ATEN_CPU_CAPABILITY).
describe("magnitudes are torchvision's, except for the last bit", () => {
  it.each([
    ["autoAugment 10 224 200", 10, standardSpace({ height: 224, width: 200 })],
    ["randAugment 31 32 33", 31, standardSpace({ height: 32, width: 33 })],
    ["trivialAugmentWide 31", 31, wideSpace],
  ])("%s", (name, bins, space) => {
    for (const [op, [values, signed]] of Object.entries(tables[name]!)) {
      const range = space.get(op as OpName);
      const expected = values === "" ? [] : values.split(" ").map(Number);
      expected.forEach((value, level) => {
        const found = magnitudeAt(range, level, bins);
        const lastBit = Math.max(...expected) * 2 ** -23;
        expect(Math.abs(found - value), `${op} ${level}`).toBeLessThanOrEqual(lastBit);
        expect(Math.trunc(found), `${op} ${level}`).toBe(Math.trunc(value));
      });
      expect(range?.signed ?? false, op).toBe(signed);
      expect(range !== undefined, op).toBe(values !== "");
    }
    const names = Object.keys(tables[name]!).filter((op) => op !== "Invert" && op !== "Identity");
    expect([...space.keys()].filter((op) => op !== "Identity")).toEqual(names);
  });
});

describe("policies are torchvision's", () => {
  it.each(["imagenet", "cifar10", "svhn"] as const)("%s", (name) => {
    const ours = policies[name].map((sub) => sub.flat().map(String).join(" "));
    const theirs = (load<{ policies: Record<string, string[]> }>("tables.json").policies[name] ?? []).map(
      (sub) =>
        sub
          .split(" ")
          .map((word) => (Number.isNaN(Number(word)) ? word : String(Number(word))))
          .join(" "),
    );
    expect(ours).toEqual(theirs);
    expect(ours).toHaveLength(25);
    expect(policies[name].flat().every(([op]) => opNames.includes(op))).toBe(true);
  });
});
