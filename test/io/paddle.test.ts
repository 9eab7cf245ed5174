// Files of paddle.save(): what PyTorch would have of them, and what is refused.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { DataError } from "../../src/errors.js";
import { readPaddle } from "../../src/io/paddle.js";
import { encodeSafetensors } from "../../src/io/safetensors.js";
import { bytesSource, type ByteSource } from "../../src/io/source.js";
import { decodeWeights } from "../../src/io/weights.js";
import { adaptiveAvgPool2d, BatchNorm2d, Conv2d, Linear, Module, permute, relu, tensor, tidy, type StateDict, type Tensor } from "../../src/index.js"; // prettier-ignore
import { loadWeights, readWeights } from "../../src/node.js";
import { bytes, named, tuple, u32, unicode } from "../helpers/pickles.js";
import { goldens } from "../helpers/weights.js";

interface Golden {
  state: Record<string, { shape: number[]; data: number[] }>;
  brain: number[];
  half: number[];
  x: number[];
  y: number[];
}

const file = async (name: string): Promise<Uint8Array> =>
  new Uint8Array(await readFile(new URL(name, goldens)));
const golden = JSON.parse(await readFile(new URL("paddle.json", goldens), "utf8")) as Golden;
const expected = new Map(
  Object.entries(golden.state).map(([name, { shape, data }]) => [
    name,
    { dtype: "F32", shape, data: Float32Array.from(data) },
  ]),
);

/** The message of the DataError that reading the bytes throws. */
function refusal(all: Uint8Array): string {
  try {
    decodeWeights(all, "f");
  } catch (error) {
    if (error instanceof DataError) return error.message;
    throw error;
  }
  return "none";
}

describe("Paddle's files", () => {
  it.each(["paddle2", "paddle3", "paddle4", "paddle-checkpoint"])(
    "%s: names and matrices are PyTorch's",
    async (name) => {
      const state = decodeWeights(await file(`${name}.pdparams`), name);
      expect([...state]).toEqual([...expected]);
    },
  );

  it("gives Paddle's output", async () => {
    class Net extends Module {
      conv = new Conv2d(1, 3, 3);
      bn = new BatchNorm2d(3);
      square = new Linear(3, 3);
      fc = new Linear(3, 2);
      forward(x: Tensor): Tensor {
        const maps = relu(this.bn.forward(this.conv.forward(x)));
        return this.fc.forward(this.square.forward(adaptiveAvgPool2d(maps, 1).reshape([2, 3])));
      }
    }
    const net = new Net().eval();
    await loadWeights(net, fileURLToPath(new URL("paddle4.pdparams", goldens)));
    const y = tidy(() => net.forward(permute(tensor(Float32Array.from(golden.x), [2, 1, 5, 5]), [0, 2, 3, 1])).data()); // prettier-ignore
    golden.y.forEach((v, i) => expect(y[i]).toBeCloseTo(v, 5));
  });

  it("reads every type, and ignores tables that networks make themselves", async () => {
    const state = decodeWeights(await file("paddle-types.pdparams"));
    expect([...state].map(([name, { dtype, shape }]) => `${name} ${dtype} ${shape.join("×")}`)).toEqual([
      "half.weight F32 2×3",
      "brain.weight F32 2×3",
      "double F32 2",
      "long I64 2",
      "bool I64 2",
      "_ef._blocks.0._bn.running_mean F32 3",
      "scalar F32 ",
    ]);
    expect(state.get("brain.weight")!.data).toEqual(Float32Array.from(golden.brain));
    expect(state.get("half.weight")!.data).toEqual(Float32Array.from(golden.half));
    expect(state.get("long")!.data).toEqual(BigInt64Array.of(1n, -(2n ** 40n)));
    expect(state.get("scalar")!.data).toEqual(Float32Array.of(1.5));
  });

  it("takes the student of a teacher, or what key says", async () => {
    const all = await file("paddle-student.pdparams");
    expect([...decodeWeights(all)]).toEqual([...expected]);
    const teacher = decodeWeights(all, "f", { key: "Teacher" });
    expect([...teacher.keys()]).toEqual([...expected.keys()]);
    expect(teacher.get("fc.bias")!.data).toEqual(
      (expected.get("fc.bias")!.data as Float32Array).map((v) => 2 * v),
    );
    expect(() => decodeWeights(all, "f", { key: "Assistant" })).toThrow("f: Assistant: no state dict there; it has Student.conv.weight, "); // prettier-ignore
  });

  it("reads each tensor once, and no more of the file than that and what lies between", async () => {
    const path = fileURLToPath(new URL("paddle4.pdparams", goldens));
    expect([...(await readWeights(path))]).toEqual([...expected]);
    const big = large(3000, 200);
    const reads: [number, number][] = [];
    const source: ByteSource = {
      ...bytesSource(big, "f"),
      read: (from, length) => (reads.push([from, length]), big.slice(from, from + length)),
    };
    const { shape, data } = readPaddle(source).get("a.weight")!;
    expect(shape).toEqual([200, 3000]);
    for (const [row, column] of [
      [0, 0],
      [2999, 199],
      [17, 130],
    ] as const)
      // prettier-ignore
      expect(data[column * 3000 + row]).toBe(row * 200 + column);
    expect(Math.max(...reads.map(([, length]) => length))).toBeLessThanOrEqual(2 ** 20); // never whole
    expect(reads.reduce((sum, [, length]) => sum + length, 0)).toBeLessThan(big.length + 3 * 65536);
  });

  it("reads bytes written as text in parts, too", () => {
    const elements = Float32Array.from({ length: 600 * 700 }, (_, i) => Math.sin(i) * 10 ** (i % 7));
    const letters = Buffer.from(new Uint8Array(elements.buffer)).toString("latin1");
    const text = Buffer.from(letters, "utf8"); // 2.5 million bytes
    const encode = bytes(named("_codecs", "encode"), tuple(bytes("X", u32(text.length), text), unicode("latin1")), "R"); // prettier-ignore
    const turned = decodeWeights(pickle(unicode("a.weight"), header([600, 700]), encode, END)).get(
      "a.weight",
    )!;
    expect(turned.shape).toEqual([700, 600]);
    expect(elements.every((v, i) => turned.data[(i % 700) * 600 + Math.floor(i / 700)] === v)).toBe(true);
    const flat = decodeWeights(pickle(unicode("a"), header([600, 700]), encode, END)).get("a")!;
    expect(flat.data).toEqual(elements);
  });

  it("does not copy what is in memory and aligned", () => {
    const big = large(2048, 1, [2048]);
    const whole = bytes("\0".repeat((4 - ((big.length - 2048 * 4 - END.length) % 4)) % 4), big);
    const all = new Uint8Array(whole.buffer.slice(0)).subarray(whole.length - big.length);
    expect(decodeWeights(all).get("a.weight")!.data.buffer).toBe(all.buffer);
  });
});

/** What follows an array's bytes in large(). */
const END = bytes("tbs.");

/** A pickle's array, without the bytes: numpy's state up to them. */
function header(
  shape: readonly number[],
  { type = "f4", order = "<", fortran = 0x89, version = 1 } = {},
): Uint8Array {
  const rebuilt = bytes(named("numpy.core.multiarray", "_reconstruct"), tuple(named("numpy", "ndarray"), ")", bytes("C", 1, "b")), "R"); // prettier-ignore
  const dtype = bytes(named("numpy", "dtype"), tuple(unicode(type), 0x89, 0x88), "R", tuple(bytes("K", 3), unicode(order), "NNN"), "b"); // prettier-ignore
  return bytes(
    rebuilt,
    "(",
    bytes("K", version),
    tuple(...shape.map((n) => bytes("J", u32(n)))),
    dtype,
    fortran,
  );
}

const pickle = (...parts: (string | number | Uint8Array)[]): Uint8Array => bytes(0x80, 3, "}", ...parts);

/** The dict {"a.weight": a matrix whose elements count up}. */
function large(rows: number, columns: number, shape = [rows, columns]): Uint8Array {
  const data = new Uint8Array(Float32Array.from({ length: rows * columns }, (_, i) => i).buffer);
  return pickle(unicode("a.weight"), header(shape), "B", u32(data.length), data, END);
}

describe("refuses", () => {
  const four = bytes("C", 4, "\0\0\x80\x3f");
  const one = (head: Uint8Array, data = four): Uint8Array => pickle(unicode("a"), head, data, END);

  it.each<[string, Uint8Array, RegExp | string]>([
    ["nothing of this", one(header([1])), "none"],
    [
      "a type",
      one(header([1], { type: "c8" })),
      /numpy\.dtype: dtype c8 is not supported; known: f2, f4, f8/,
    ],
    ["a type of another kind", one(header([1], { type: "toString" })), /dtype toString is not supported/],
    [
      "big-endian numbers",
      one(header([1], { order: ">" })),
      /byte order ">"; expected little-endian numbers/,
    ],
    ["Fortran's order", one(header([1], { fortran: 0x88 })), /an array in Fortran's order; expected C's/],
    [
      "another version",
      one(header([1], { version: 2 })),
      /an array's state is not \(1, shape, dtype, order, bytes\)/,
    ],
    ["too few bytes", one(header([2])), /\[2\] of 4 bytes; expected 8/],
    ["too many bytes", one(header([1]), bytes("C", 5, "12345")), /\[1\] of 5 bytes; expected 4/],
    ["bytes that are none", one(header([1]), bytes("K", 4)), /an array without bytes/],
    ["a letter that is no byte", one(header([1]), bytes(named("_codecs", "encode"), tuple(unicode("\xc4\x80123"), unicode("latin1")), "R")), /_codecs\.encode: a letter that is no byte/], // prettier-ignore
    ["another code", one(header([1]), bytes(named("_codecs", "encode"), tuple(unicode("1234"), unicode("utf8")), "R")), /not a text as latin1; got "utf8"/], // prettier-ignore
    ["an array without state", pickle(unicode("a"), named("numpy.core.multiarray", "_reconstruct"), ")Rs."), "f: a is not a tensor; expected a state dict"], // prettier-ignore
    ["a file that is cut", one(header([1])).subarray(0, 60), /^f: pickle at byte \d+: /],
    ["bytes beyond the end", pickle(unicode("a"), header([1 << 20]), "B", u32(1 << 22), END), /^f: pickle at byte \d+: ends in the middle$/], // prettier-ignore
    ["pieces", pickle(unicode("UnpackBigParamInfor@@"), "}s."), "f: tensors in pieces, as protocols 2 and 3 write large ones; expected protocol 4"], // prettier-ignore
    ["two of one name", pickle(unicode("b..a"), header([1]), four, END.subarray(0, 3), unicode("b.a"), header([1]), four, END), "f: b.a and another tensor are both named b.a"], // prettier-ignore
    ["a model", bytes(0x80, 4, named("sklearn.svm", "SVC"), "."), /refused: sklearn\.svm\.SVC is not what a state dict is made of/], // prettier-ignore
    ["a command", bytes(0x80, 3, named("posix", "system"), tuple(unicode("true")), "R."), /refused: posix\.system is not/], // prettier-ignore
    ["a list", bytes(0x80, 2, "]."), "f: no state dict there"],
    ["nothing in it", pickle("."), "f: no state dict there; it has "],
  ])("%s", (_, all, message) => {
    if (typeof message === "string") expect(refusal(all)).toBe(message);
    else expect(refusal(all)).toMatch(message);
  });

  it("tensors that repeat the file's bytes many times", () => {
    const data = new Uint8Array(4 << 20);
    const first = bytes(unicode("a0"), header([1 << 20]), "B", u32(data.length), data, "tbq", 9, "s");
    const more = Array.from({ length: 40 }, (_, i) => bytes(unicode(`a${i + 1}`), "h", 9, "s"));
    expect(refusal(pickle(first, ...more, "."))).toMatch(
      /^f: a\d+: tensors that repeat the file's bytes many times$/,
    );
  });

  it("anything other than a dict, with any key", () => {
    for (const what of ["N", "]", ")", bytes("K", 1)])
      expect(() => decodeWeights(bytes(0x80, 3, what, "."), "f", { key: "model" })).toThrow(
        new DataError("f: no state dict there"),
      );
  });

  it("long text that is not one byte a letter", () => {
    const latin = (text: string): Uint8Array =>
      bytes(named("_codecs", "encode"), tuple(bytes("X", u32(text.length), text), unicode("latin1")), "R");
    const good = "\xc3\xbf".repeat(4000) + "a".repeat(4000);
    expect(refusal(one(header([2000]), latin(good)))).toBe("none");
    expect(decodeWeights(one(header([8000], { type: "u1" }), latin(good))).get("a")!.data[3999]).toBe(255n);
    for (const [bad, why] of [
      ["\xc4\x80".repeat(4000) + "a".repeat(4000), "a letter that is no byte"],
      ["\xc3".repeat(4000) + "a".repeat(4000), "a letter that is no byte"],
      ["a".repeat(8004), "text of more than 8000 bytes"],
      ["\xc3\xbf".repeat(4000), "text of fewer than 8000 bytes"],
    ] as const) {
      expect(refusal(one(header([2000]), latin(bad)))).toBe(`f: a: ${why}`);
    }
    expect(refusal(one(header([2000]), latin("a".repeat(16_004))))).toMatch(
      /\[2000\] of 16004 bytes; expected 8000$/,
    );
  });
});

describe("safetensors of paddle.save()", () => {
  const state = (norm: string): StateDict =>
    new Map([
      ["0.weight", { dtype: "F32", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
      [`1.${norm}`, { dtype: "F32", shape: [1], data: Float32Array.of(7) }],
    ]);
  it("get PyTorch's names and orientation, recognised by their running statistics", () => {
    const read = decodeWeights(encodeSafetensors(state("_variance")));
    expect([...read.keys()]).toEqual(["0.weight", "1.running_var"]);
    expect(read.get("0.weight")).toMatchObject({ shape: [3, 2], data: Float32Array.of(1, 4, 2, 5, 3, 6) });
    expect(decodeWeights(encodeSafetensors(state("running_var")))).toEqual(state("running_var"));
  });
});
