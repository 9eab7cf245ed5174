// The plain kernels, made from the relaxed ones, instruction by instruction.

import { expect, it } from "vitest";
import { leb128 } from "../../src/wasm/module-bytes.js";
import { plainSimd } from "../../src/wasm/plain-simd.js";

const GET = (i: number): number[] => [0x20, i];
const SPLAT = [0xfd, 0x13];
const LANE0 = [0xfd, 0x1f, 0];
const END = 0x0b;

/** A module with one function "f": f32 × count → f32. */
function moduleOf(count: number, body: number[], locals: number[] = [0]): Uint8Array<ArrayBuffer> {
  const section = (id: number, content: number[]): number[] => [id, ...leb128(content.length), ...content];
  const code = [...locals, ...body, END];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, count, ...new Array<number>(count).fill(0x7d), 1, 0x7d]),
    ...section(3, [1, 0]),
    ...section(7, [1, 1, 0x66, 0, 0]),
    ...section(10, [1, ...leb128(code.length), ...code]),
    ...section(0, [1, 0x78, 7]), // a custom section after the code stays
  ]);
}

function run(bytes: Uint8Array<ArrayBuffer>, ...values: number[]): number {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  return (exports["f"] as (...values: number[]) => number)(...values);
}

const three = [0, 1, 2].flatMap((i) => [...GET(i), ...SPLAT]);
const x = 1 + 2 ** -12;

it("rounds twice in multiply-adds, of either sign", () => {
  const madd = plainSimd(moduleOf(3, [...three, 0xfd, 0x85, 2, ...LANE0]));
  expect(run(madd, 2, 3, 4)).toBe(10);
  expect(run(madd, x, x, -(1 + 2 ** -11))).toBe(0);
  const nmadd = plainSimd(moduleOf(3, [...three, 0xfd, 0x86, 2, ...LANE0]));
  expect(run(nmadd, 2, 3, 4)).toBe(-2);
  expect(run(nmadd, x, x, 1 + 2 ** -11)).toBe(0);
});

it("gives 0 for lanes beyond the 16", () => {
  const lanes = (first: number): number[] => [0xfd, 12, first, 1, 2, 3, ...new Array<number>(12).fill(0)];
  const swizzle = (first: number): Uint8Array<ArrayBuffer> =>
    plainSimd(moduleOf(1, [...GET(0), ...SPLAT, ...lanes(first), 0xfd, 0x80, 2, ...LANE0]));
  expect(run(swizzle(0), 1.5)).toBe(1.5);
  const bits = new Uint8Array(Float32Array.of(1.0000001).buffer);
  bits[0] = 0;
  expect(run(swizzle(200), 1.0000001)).toBe(new Float32Array(bits.buffer)[0]);
});

it("takes operands for what they are, also where they look like instructions", () => {
  const looksRelaxed = [0xfd, 12, ...new Array(5).fill([0xfd, 0x85, 2]).flat<number[]>(), 0];
  const drop = 0x1a;
  const body = [
    ...[...looksRelaxed, drop], // v128.const
    ...[0x43, 0xfd, 0x85, 2, 0, drop], // f32.const
    ...[0x44, 0xfd, 0x85, 2, 0, 0xfd, 0x85, 2, 0, drop], // f64.const
    ...[0x41, 0xfd, 0x85, 2, drop], // i32.const
    ...[0x02, 0x40, 0x41, 0, 0x0e, 2, 0, 0, 0, END], // br_table to the end of its block
    ...[...three, 0xfd, 0x85, 2, ...LANE0],
  ];
  expect(run(plainSimd(moduleOf(3, body, [1, 2, 0x7b])), 2, 3, 4)).toBe(10);
});

it("leaves a module without relaxed instructions valid", () => {
  expect(run(plainSimd(moduleOf(1, GET(0))), 7)).toBe(7);
  expect(() => plainSimd(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))).toThrow(
    "init: the kernels have no section 1",
  );
});
