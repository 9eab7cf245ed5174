// The `simd` kernels, made from the `relaxed` ones, so that kernels are compiled and shipped once. Plain instructions replace each
// relaxed one: a multiply-add becomes one that rounds twice, the swizzle becomes the one that defines all its results.

import { leb128, ModuleReader, SECTION } from "./module-bytes.js";

const V128 = 0x7b;
const [LOCAL_GET, LOCAL_SET, BR_TABLE, BULK, SIMD] = [0x20, 0x21, 0x0e, 0xfc, 0xfd];

const simd = (code: number): number[] => [SIMD, ...leb128(code)];
const [SWIZZLE, ADD, SUB, MUL] = [simd(0x0e), simd(0xe4), simd(0xe5), simd(0xe6)];

/** The plain instructions for each relaxed one, given the first of two free locals. */
const PLAIN: Readonly<Record<number, (local: number) => number[]>> = {
  // i8x16.relaxed_swizzle
  0x100: () => SWIZZLE,
  // f32x4.relaxed_madd: a b c → a·b + c
  0x105: (t) => [LOCAL_SET, ...leb128(t), ...MUL, LOCAL_GET, ...leb128(t), ...ADD],
  // f32x4.relaxed_nmadd: a b c → c − a·b
  0x106: (t) => {
    const [c, product] = [leb128(t), leb128(t + 1)];
    return [LOCAL_SET, ...c, ...MUL, LOCAL_SET, ...product, LOCAL_GET, ...c, LOCAL_GET, ...product, ...SUB];
  },
};

/** Operands of the instructions from first to last: this many numbers, or this many bytes. */
type Operands = readonly [first: number, last: number, numbers: number, bytes?: number];

const OPERANDS: readonly Operands[] = [
  [0x02, 0x04, 1], // block, loop, if
  [0x0c, 0x0d, 1], // br, br_if
  [0x10, 0x10, 1], // call
  [0x11, 0x11, 2], // call_indirect
  [0x20, 0x24, 1], // local and global
  [0x28, 0x3e, 2], // loads and stores
  [0x3f, 0x42, 1], // memory.size, memory.grow, i32.const, i64.const
  [0x43, 0x43, 0, 4], // f32.const
  [0x44, 0x44, 0, 8], // f64.const
];
const BULK_OPERANDS: readonly Operands[] = [
  [10, 10, 2], // memory.copy
  [11, 11, 1], // memory.fill
];
const SIMD_OPERANDS: readonly Operands[] = [
  [0, 11, 2], // loads and stores
  [12, 13, 0, 16], // v128.const, i8x16.shuffle
  [21, 34, 0, 1], // lanes
  [84, 91, 2, 1], // loads and stores of a lane
  [92, 93, 2], // loads with zeros
];

function skipOperands(reader: ModuleReader, table: readonly Operands[], code: number): void {
  const row = table.find(([first, last]) => code >= first && code <= last);
  if (!row) return;
  const [, , numbers, bytes = 0] = row;
  for (let i = 0; i < numbers; i++) reader.number();
  reader.at += bytes;
}

/** Number of parameters of each function. */
function parameterCounts(reader: ModuleReader): number[] {
  reader.enter(SECTION.TYPE);
  const types = Array.from({ length: reader.number() }, () => {
    reader.byte(); // the type is a function's
    const parameters = reader.number();
    reader.at += parameters;
    const results = reader.number();
    reader.at += results;
    return parameters;
  });
  reader.enter(SECTION.FUNCTION);
  return Array.from({ length: reader.number() }, () => types[reader.number()]!);
}

/** A function's body, which ends at `end`, preceded by its length. Two locals are added after its own. */
function plainBody(reader: ModuleReader, end: number, parameters: number): number[] {
  const { bytes } = reader;
  const groups = reader.number();
  let copied = reader.at;
  let local = parameters;
  for (let i = 0; i < groups; i++) {
    local += reader.number();
    reader.byte(); // their type
  }
  const body = leb128(groups + 1);
  const copy = (to: number): void => {
    for (; copied < to; copied++) body.push(bytes[copied]!);
  };
  copy(reader.at);
  body.push(2, V128);
  while (reader.at < end) {
    const begin = reader.at;
    const code = reader.byte();
    if (code === BR_TABLE) {
      for (let targets = reader.number() + 1; targets > 0; targets--) reader.number();
    } else if (code === BULK) skipOperands(reader, BULK_OPERANDS, reader.number());
    else if (code !== SIMD) skipOperands(reader, OPERANDS, code);
    else {
      const operation = reader.number();
      skipOperands(reader, SIMD_OPERANDS, operation);
      const plain = PLAIN[operation];
      if (!plain) continue;
      copy(begin);
      body.push(...plain(local));
      copied = reader.at;
    }
  }
  copy(end);
  return [...leb128(body.length), ...body];
}

function plainCode(reader: ModuleReader, parameters: readonly number[]): Uint8Array {
  const bodies = Array.from({ length: reader.number() }, (_, i) => {
    const size = reader.number();
    return plainBody(reader, reader.at + size, parameters[i]!);
  });
  return Uint8Array.from([...leb128(bodies.length), ...bodies.flat()]);
}

/** The `relaxed` kernels → the `simd` ones. */
export function plainSimd(relaxed: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const reader = new ModuleReader(relaxed);
  const parameters = parameterCounts(reader);
  const before = relaxed.subarray(0, reader.enter(SECTION.CODE));
  const code = plainCode(reader, parameters);
  const size = leb128(code.length);
  const after = relaxed.subarray(reader.at);
  const plain = new Uint8Array(before.length + size.length + code.length + after.length);
  let at = 0;
  for (const part of [before, size, code, after]) {
    plain.set(part, at);
    at += part.length;
  }
  return plain;
}
