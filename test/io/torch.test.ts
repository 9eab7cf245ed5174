import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { DataError } from "../../src/errors.js";
import { decodeWeights } from "../../src/io/weights.js";
import { bytes, named, pth, tensorPickle, tuple, u32, unicode, VERSION, zip } from "../helpers/pickles.js";
import { expectedState, goldens } from "../helpers/weights.js";

const file = async (name: string): Promise<Uint8Array> =>
  new Uint8Array(await readFile(new URL(name, goldens)));
const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

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

describe("PyTorch's files", () => {
  it.each(["zip.pth", "legacy.pth"])("%s: every type and view is read as in PyTorch", async (name) => {
    const state = decodeWeights(await file(name), name);
    expect([...state.keys()]).toEqual([...expectedState.keys()]);
    for (const [key, tensor] of state) expect([key, tensor]).toEqual([key, expectedState.get(key)]);
  });

  it.each(["zip-checkpoint.pth", "legacy-checkpoint.pth"])("%s: the state dict is found", async (name) => {
    const checkpoint = await file(name);
    expect(new Map([...decodeWeights(checkpoint, name, { key: "state_dict" })])).toEqual(expectedState);
    const averaged = decodeWeights(checkpoint, name);
    expect([...averaged.keys()]).toEqual(["module.f32"]);
    expect(averaged.get("module.f32")!.data).toEqual(
      (expectedState.get("f32")!.data as Float32Array).map((v) => v * 2),
    );
    expect(() => decodeWeights(checkpoint, "f", { key: "epoch" })).toThrow(
      "f: epoch: no state dict there; it has epoch, best_acc1, history, args, big, optimizer, state_dict, state_dict_ema",
    );
  });

  it("reads pickles of protocol 4", async () => {
    const state = decodeWeights(await file("protocol4.pth"));
    expect(state.get("0.weight")!.shape).toEqual([2, 1, 3, 3]);
    expect(state.get("1.num_batches_tracked")!.data).toEqual(BigInt64Array.of(0n));
  });

  it("does not copy stored floats, and gives tensors that share a storage the same bytes", async () => {
    const all = await file("zip.pth");
    const state = decodeWeights(all);
    expect(state.get("f32")!.data.buffer).toBe(all.buffer);
    const [row, whole] = [state.get("row")!.data, state.get("parameter")!.data];
    expect(row.byteOffset).toBe(whole.byteOffset + 2 * 6 * 4);
  });

  it.each([
    [
      "a whole module",
      "module.pth",
      /^f: pickle at byte \d+: refused: torch\.nn\.modules\.container\.Sequential is not what a state dict is made of; save model\.state_dict\(\) alone$/,
    ],
    [
      "TorchScript",
      "script.pth",
      "f: a TorchScript program; expected weights, saved from model.state_dict()",
    ],
  ])("refuses %s", async (_, name, message) => {
    const all = await file(name);
    if (typeof message === "string") expect(refusal(all)).toBe(message);
    else expect(refusal(all)).toMatch(message);
  });

  it("reads a file put together by hand", () => {
    const state = decodeWeights(pth(tensorPickle(6, 1, [2, 2], [1, 2]), floats(0, 1, 2, 3, 4, 5)));
    expect([...state]).toEqual([["a", { dtype: "F32", shape: [2, 2], data: Float32Array.of(1, 3, 2, 4) }]]);
  });

  // What PyTorch 2.14.1 reads and refuses of these was asked of it.
  const flag = (name: string, value = bytes(0x88)): Uint8Array => bytes("}", unicode(name), value, "s");

  it.each([
    ["negated numbers", "FloatStorage", floats(1, -2), flag("neg"), Float32Array.of(-1, 2)],
    [
      "negated numbers, whose flag is false",
      "FloatStorage",
      floats(1, -2),
      flag("neg", bytes(0x89)),
      Float32Array.of(-1, 2),
    ],
    ["negated bytes, which wrap round", "ByteStorage", bytes(1, 0), flag("neg"), BigInt64Array.of(255n, 0n)],
    [
      "the least whole number, negated",
      "CharStorage",
      bytes(128, 5),
      flag("neg"),
      BigInt64Array.of(-128n, -5n),
    ],
    ["flags that change nothing", "FloatStorage", floats(1, 2), flag("other"), Float32Array.of(1, 2)],
    ["no flags", "FloatStorage", floats(1, 2), bytes("N"), Float32Array.of(1, 2)],
    ["an empty list of flags", "FloatStorage", floats(1, 2), bytes("]"), Float32Array.of(1, 2)],
  ])("reads %s as PyTorch does", (_, type, storage, metadata, expected) => {
    const state = decodeWeights(pth(tensorPickle(2, 0, [2], [1], { type, metadata }), storage));
    expect(state.get("a")!.data).toEqual(expected);
  });

  const two = tensorPickle(2, 0, [2], [1]);
  it.each([
    [
      "a conjugated view",
      { metadata: flag("conj") },
      "_rebuild_tensor_v2: a conjugated view of numbers that are not complex",
    ],
    [
      "negated booleans",
      { type: "BoolStorage", metadata: flag("neg") },
      "_rebuild_tensor_v2: a negated view of booleans",
    ],
    [
      "metadata that are no dict",
      { metadata: unicode("neg") },
      '_rebuild_tensor_v2: metadata are no dict; got "neg"',
    ],
    ["an argument more", { metadata: bytes("NN") }, "_rebuild_tensor_v2: 8 arguments; expected 6 or 7"],
    [
      "requires_grad that is no bool",
      { requiresGrad: bytes("N") },
      "_rebuild_tensor_v2: requires_grad is no bool; got null",
    ],
  ])("refuses %s, as PyTorch does", (_, options, message) => {
    expect(refusal(pth(tensorPickle(2, 0, [2], [1], options), floats(1, 2)))).toMatch(message);
  });

  const record = (data: Uint8Array) => ({ name: "w/data/0", data });
  const main = { name: "w/data.pkl", data: two };
  it.each([
    [
      "a record longer than its storage",
      [main, record(floats(1, 2, 3)), VERSION],
      "f: storage 0 has 12 bytes; expected 8",
    ],
    [
      "a record two bytes longer",
      [main, record(bytes(floats(1, 2), 0, 0)), VERSION],
      "f: storage 0 has 10 bytes; expected 8",
    ],
    [
      "a record shorter than its storage",
      [main, record(floats(1)), VERSION],
      "f: storage 0 has 4 bytes; expected 8",
    ],
    ["no version", [main, record(floats(1, 2))], "f: format version missing; expected 1 to 10"],
    [
      "a version from the future",
      [main, record(floats(1, 2)), { ...VERSION, data: bytes("99") }],
      'f: format version "99"; expected 1 to 10',
    ],
    [
      "a version that is none",
      [main, record(floats(1, 2)), { ...VERSION, data: bytes("abc") }],
      'f: format version "abc"; expected 1 to 10',
    ],
    [
      "a byte order that is none",
      [main, record(floats(1, 2)), VERSION, { name: "w/byteorder", data: bytes("littler") }],
      "f: numbers are not little-endian",
    ],
    [
      "an entry elsewhere",
      [main, record(floats(1, 2)), VERSION, { name: "v/x", data: bytes(1) }],
      "f: entry v/x is not below w/, as all of PyTorch's are",
    ],
  ])("refuses %s, as PyTorch does", (_, entries, message) => {
    expect(refusal(zip(entries))).toBe(message);
  });

  const call = (...parts: (string | number | Uint8Array)[]): Uint8Array =>
    pth(bytes(0x80, 2, ...parts, "."), floats(1));
  it.each([
    [
      "a system call",
      call(named("posix", "system"), tuple(unicode("touch x")), "R"),
      "refused: posix.system is not",
    ],
    ["eval", call(named("builtins", "eval"), tuple(unicode("1")), "R"), "refused: builtins.eval is not"],
    ["a name by STACK_GLOBAL", call(unicode("os"), unicode("system"), 0x93), "refused: os.system is not"],
    ["a name with dots", call(named("torch", "os.system")), "refused: torch.os.system is not"],
    [
      "JavaScript's own names",
      call(named("constructor", "constructor")),
      "refused: constructor.constructor is not",
    ],
    [
      "a call of a storage type",
      call(named("torch", "FloatStorage"), ")R"),
      "refused: calls torch.FloatStorage",
    ],
    ["a call of a string", call(unicode("f"), ")R"), "refused: calls what has no name"],
    ["NEWOBJ of a string", call(unicode("f"), ")", 0x81), "refused: calls what has no name"],
    [
      "arguments that are no tuple",
      call(named("collections", "OrderedDict"), "NR"),
      "OrderedDict: arguments are not",
    ],
    [
      "pairs that are none",
      call(named("collections", "OrderedDict"), tuple(tuple("N")), "R"),
      "arguments are not pairs",
    ],
    ["the state of a list", call("]}b"), "refused: sets the state of what is not a dict"],
    ["INST", call("(ios\nsystem\n"), "unknown instruction 0x69"],
    ["EXT1", call(0x82, 1), "unknown instruction 0x82"],
    ["an empty stack", call("R"), "takes from an empty stack"],
    ["a mark as a value", call("(0"), "takes from an empty stack"],
    ["no mark", call("t"), "no mark on the stack"],
    ["an empty memo", call("h", 3), "nothing is stored as 3"],
    ["an odd dict", call("}(Nu"), "a key without a value"],
    ["items of a list", call("](NNu"), "sets items of what is not a dict"],
    ["appending to a dict", call("}Na"), "appends to what is not a list"],
    ["a string longer than the file", call("X", u32(1000)), "ends in the middle"],
    [
      "a string of gigabytes",
      call(0x8d, u32(0), u32(1)),
      "string of 4294967296 bytes; expected at most 16777216",
    ],
    ["a number without end", call(0x8b, u32(5000)), "integer of 5000 bytes; expected at most 1024"],
    ["a name without end", call("c", "a".repeat(2000)), "a name of more than 1000 letters"],
    ["another persistent id", call(unicode("x"), "Q"), "a persistent id that is not a storage's"],
    [
      "more instructions than a state dict needs",
      call("N0".repeat(2_000_001)),
      "more than 4000000 instructions",
    ],
    [
      "the same long list as arguments again and again",
      call(
        "](",
        ")".repeat(2e5),
        "eq",
        0,
        "0",
        bytes(named("torch", "Size"), "h", 0, 0x85, "R0")
          .reduce((text, b) => text + String.fromCharCode(b), "")
          .repeat(30),
      ),
      "more than 4000000 instructions",
    ],
  ])("refuses %s", (_, all, message) => {
    const said = refusal(all);
    expect(said).toMatch(/^f: pickle at byte \d+: /);
    expect(said).toContain(message);
  });

  const one = tensorPickle(1, 0, [1], [1]);
  const stored = { name: "w/data.pkl", data: one };
  const selfish = bytes(0x80, 2, "}q", 0, unicode("model"), "h", 0, "s."); // a dict that is its own item
  const doubling = bytes(0x80, 2, ")", "q\0h\0\x86".repeat(60), "}", unicode("a"), "h", 0, "s.");
  it.each([
    [
      "a view that reaches too far",
      pth(tensorPickle(4, 1, [2, 2], [2, 1]), floats(1, 2, 3, 4)),
      /_rebuild_tensor_v2: \[2,2\] reaches element 4 of a storage of 4$/,
    ],
    [
      "a storage shorter than it says",
      pth(tensorPickle(4, 0, [4], [1]), floats(1)),
      "f: storage 0 has 4 bytes; expected 16",
    ],
    ["a missing storage", zip([stored, VERSION]), "f: storage 0 is missing"],
    [
      "a negative stride",
      pth(tensorPickle(4, 0, [4], [-1]), floats(1, 2, 3, 4)),
      /bad offset 0 or stride \[-1\] for \[4\]$/,
    ],
    [
      "fewer strides than axes",
      pth(tensorPickle(4, 0, [4], []), floats(1, 2, 3, 4)),
      /bad offset 0 or stride \[\] for \[4\]$/,
    ],
    [
      "a view of gigabytes",
      pth(tensorPickle(1, 0, [2 ** 30], [0]), floats(1)),
      "f: a: tensors that repeat the file's bytes many times",
    ],
    [
      "a dict that holds itself",
      pth(selfish, floats(1)),
      "f: model.model.model.model: model is not a tensor; expected a state dict",
    ],
    ["a tree of 2^60 leaves", pth(doubling, floats(1)), "f: a is not a tensor; expected a state dict"],
    ["no dict", pth(bytes(0x80, 2, "N."), floats(1)), "f: no state dict there"],
    ["an empty dict", pth(bytes(0x80, 2, "}."), floats(1)), "f: no state dict there; it has "],
    [
      "big-endian numbers",
      pth(one, floats(1), { name: "w/byteorder", data: bytes("big") }),
      "f: numbers are not little-endian",
    ],
    [
      "another zip file",
      zip([{ name: "a.txt", data: one }]),
      "f: a zip file, but not PyTorch's: no data.pkl in it",
    ],
    [
      "two pickles",
      zip([stored, { ...stored, name: "v/data.pkl" }]),
      "f: a zip file, but not PyTorch's: no data.pkl in it",
    ],
    [
      "a compressed entry",
      zip([{ ...stored, says: { method: 8 } }]),
      "f: entry w/data.pkl is compressed (method 8); expected stored entries",
    ],
    ["an encrypted entry", zip([{ ...stored, says: { flags: 1 } }]), "f: entry w/data.pkl is encrypted"],
    [
      "a stored bomb",
      zip([{ ...stored, says: { size: 4e9 } }]),
      `f: entry w/data.pkl is stored in ${one.length} bytes, but declared to have 4000000000`,
    ],
    [
      "an entry beyond the file",
      zip([{ ...stored, says: { size: 1e6, packed: 1e6 } }]),
      "f: entry w/data.pkl reaches beyond the file",
    ],
    [
      "a header beyond the file",
      zip([{ ...stored, says: { header: 1e6 } }]),
      "f: entry w/data.pkl starts beyond the file",
    ],
    [
      "a header that is none",
      zip([{ ...stored, says: { header: 1 } }]),
      "f: entry w/data.pkl has no local header",
    ],
    [
      "entries that overlap",
      zip([stored, { name: "w/data/0", data: floats(1), says: { header: 0 } }]),
      "f: entries w/data.pkl and w/data/0 overlap",
    ],
    [
      "a name twice",
      pth(one, floats(1), { name: "w/data/0", data: floats(2) }),
      "f: zip directory has a name twice",
    ],
    [
      "a path upwards",
      pth(one, floats(1), { name: "w/../../x", data: floats(2) }),
      "f: entry w/../../x: a path out of the archive",
    ],
    [
      "an absolute path",
      pth(one, floats(1), { name: "/etc/x", data: floats(2) }),
      "f: entry /etc/x: a path out of the archive",
    ],
    [
      "a drive",
      pth(one, floats(1), { name: "C:x", data: floats(2) }),
      "f: entry C:x: a path out of the archive",
    ],
    [
      "a truncated zip file",
      pth(one, floats(1)).subarray(0, 200),
      "f: truncated: a zip file without a directory at its end",
    ],
  ])("refuses %s", (_, all, message) => {
    if (typeof message === "string") expect(refusal(all)).toBe(message);
    else expect(refusal(all)).toMatch(message);
  });

  it("refuses legacy files that are short, long or lie", async () => {
    const all = await file("legacy.pth");
    const refuse = (damaged: Uint8Array, message: string | RegExp): void =>
      expect(refusal(damaged)).toMatch(message);
    refuse(all.subarray(0, all.length - 1), /^f: truncated: storage \d+ ends at byte \d+ of \d+$/);
    refuse(bytes(all, 0), "f: 1 bytes after the last storage; expected none");
    refuse(all.subarray(0, 40), "ends in the middle");
    const protocol = all.slice();
    protocol[18] = 7;
    refuse(protocol, "f: PyTorch's legacy protocol 775; expected 1001");
    const count = all.slice();
    count[all.length - 2 * 24 - 8]!++; // the last storage has 24 halves
    refuse(count, /^f: storage \d+ has 25 elements; expected 24$/);
  });

  it.each([
    ["nothing", new Uint8Array(0), "0 bytes, beginning with none; expected safetensors, PyTorch's .pth or "],
    ["junk", bytes("junk"), "beginning with 6a 75 6e 6b; expected safetensors, PyTorch's .pth or Paddle's .pdparams"], // prettier-ignore
    [
      "a pointer",
      bytes("version https://git-lfs.github.com/spec/v1"),
      "it is a pointer to a file in Git LFS",
    ],
    ["a page", bytes("<!DOCTYPE html><html>"), "it is a web page"],
    ["a tar file", bytes("a".repeat(257), "ustar\0"), "it is a tar file, as PyTorch wrote before 0.2"],
  ])("names %s", (_, all, message) => {
    const said = refusal(all);
    expect(said).toMatch(/^f: not a file of weights: /);
    expect(said).toContain(message);
  });
});
