// A reader for Python's pickles that executes nothing. A pickle is a program for a stack machine
// (https://github.com/python/cpython/blob/3.12/Lib/pickletools.py); here it can make lists, dicts, strings and numbers, and
// name and call what the host lists, which is written in TypeScript and only builds data. Protocols 2 to 5.
//
// None is null, tuples and lists are arrays, dicts are Maps, integers beyond 2^53 are bigints.

import { DataError, short } from "../errors.js";
import { dataView, type ByteSource } from "./source.js";

/** Something a pickle may name, and perhaps call. */
export class Global {
  readonly name: string;
  readonly call: ((args: readonly unknown[]) => unknown) | undefined;

  constructor(name: string, call?: (args: readonly unknown[]) => unknown) {
    this.name = name;
    this.call = call;
  }
}

/** An object that a pickle creates first and fills later. */
export abstract class Built {
  /** Takes the state of BUILD. @throws DataError if it is not valid */
  abstract setState(state: unknown): void;
}

/** Bytes of the source, read when needed. */
export class Slice {
  readonly from: number;
  readonly length: number;
  /** Whether they are text, as UTF-8. */
  readonly text: boolean;

  constructor(from: number, length: number, text: boolean) {
    this.from = from;
    this.length = length;
    this.text = text;
  }
}

export interface Host {
  /** The objects that pickles may name, by "module.name". Everything else is refused. */
  readonly globals: ReadonlyMap<string, Global>;
  /** The object that a persistent id stands for. */
  persistent(id: unknown): unknown;
  /** Whether bytes, and texts longer than any name, are Slices. Default false: they are read, and may have 16 MiB. */
  readonly slices?: boolean;
}

/** Instructions of all pickles of a file: a state dict takes about 25 a tensor. Bounds time and memory. */
const MAX_STEPS = 4_000_000;
const MAX_STRING = 2 ** 24;
/** Longest text that is read although the host wants Slices. */
const MAX_NAME = 4096;
const MAX_LONG = 1024;
const WINDOW = 65536;
const decoder = new TextDecoder();

/** Reads the pickles that stand one after another in a source. */
export class Unpickler {
  readonly #source: ByteSource;
  readonly #host: Host;
  #at = 0;
  #window: Uint8Array = new Uint8Array(0);
  #view = dataView(this.#window);
  #begin = 0;
  #steps = 0;
  #stack: unknown[] = [];
  #marks: number[] = [];
  #memo = new Map<number, unknown>();

  constructor(source: ByteSource, host: Host) {
    this.#source = source;
    this.#host = host;
  }

  /** First byte after the last pickle that was read. */
  get position(): number {
    return this.#at;
  }

  /**
   * The next pickle's object.
   * @throws DataError naming the source and the byte, and the callable if it is not of the host's
   */
  load(): unknown {
    this.#stack = [];
    this.#marks = [];
    this.#memo = new Map();
    for (;;) {
      this.#spend(1);
      const code = this.#u8();
      if (code === STOP) return this.#pop();
      const step = STEPS.get(code);
      if (!step) this.fail(`unknown instruction 0x${code.toString(16)}`);
      step!(this);
    }
  }

  fail(what: string): never {
    throw new DataError(`${this.#source.name}: pickle at byte ${this.#at}: ${what}`);
  }

  #spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) this.fail(`more than ${MAX_STEPS} instructions`);
  }

  /** Address in the window of the next `length` bytes, which count as read. */
  #take(length: number): number {
    if (length > this.#source.size - this.#at) this.fail("ends in the middle");
    if (this.#at < this.#begin || this.#at + length > this.#begin + this.#window.length) {
      const ahead = Math.min(Math.max(length, WINDOW), this.#source.size - this.#at);
      this.#window = this.#source.read(this.#at, ahead);
      this.#view = dataView(this.#window);
      this.#begin = this.#at;
    }
    this.#at += length;
    return this.#at - length - this.#begin;
  }

  #u8(): number {
    const at = this.#take(1);
    return this.#window[at]!;
  }

  /** An unsigned little-endian number of `bytes` bytes. */
  unsigned(bytes: number): number {
    const at = this.#take(bytes);
    if (bytes === 8) return Number(this.#view.getBigUint64(at, true));
    return bytes === 1
      ? this.#view.getUint8(at)
      : bytes === 2
        ? this.#view.getUint16(at, true)
        : this.#view.getUint32(at, true);
  }

  int32(): number {
    const at = this.#take(4);
    return this.#view.getInt32(at, true);
  }

  double(): number {
    const at = this.#take(8);
    return this.#view.getFloat64(at, false); // the one big-endian field
  }

  bytes(length: number): Uint8Array {
    if (length > MAX_STRING) this.fail(`string of ${length} bytes; expected at most ${MAX_STRING}`);
    const at = this.#take(length);
    return this.#window.subarray(at, at + length);
  }

  #slice(length: number, text: boolean): Slice {
    if (length > this.#source.size - this.#at) this.fail("ends in the middle");
    this.#at += length;
    return new Slice(this.#at - length, length, text);
  }

  pushBytes(length: number): void {
    this.push(this.#host.slices ? this.#slice(length, false) : this.bytes(length));
  }

  pushText(length: number): void {
    const long = this.#host.slices && length > MAX_NAME;
    this.push(long ? this.#slice(length, true) : decoder.decode(this.bytes(length)));
  }

  /** Text up to the end of the line. */
  line(): string {
    let text = "";
    for (let c = this.#u8(); c !== 10; c = this.#u8()) {
      if (text.length === 1000) this.fail("a name of more than 1000 letters");
      text += String.fromCharCode(c);
    }
    return text;
  }

  /** Two's complement, little-endian. */
  long(length: number): number | bigint {
    if (length > MAX_LONG) this.fail(`integer of ${length} bytes; expected at most ${MAX_LONG}`);
    const words = dataView(new Uint8Array(8 * Math.ceil(length / 8)));
    new Uint8Array(words.buffer).set(this.bytes(length));
    let value = 0n;
    for (let i = words.byteLength - 8; i >= 0; i -= 8) value = (value << 64n) | words.getBigUint64(i, true);
    value = BigInt.asIntN(8 * length, value);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  #pop(): unknown {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) this.fail("takes from an empty stack");
    return this.#stack.pop();
  }

  pop(count: number): unknown[] {
    return Array.from({ length: count }, () => this.#pop()).reverse();
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  /** Everything above the last mark. */
  popMark(): unknown[] {
    const from = this.#marks.pop();
    if (from === undefined) return this.fail("no mark on the stack");
    return this.#stack.splice(from);
  }

  /** The uppermost value, which stays. */
  top(): unknown {
    const value = this.#pop();
    this.#stack.push(value);
    return value;
  }

  memoize(index: number): void {
    this.#memo.set(index, this.top());
  }

  memoizeNext(): void {
    this.memoize(this.#memo.size);
  }

  recall(index: number): void {
    if (!this.#memo.has(index)) this.fail(`nothing is stored as ${index}`);
    this.push(this.#memo.get(index));
  }

  extend(items: readonly unknown[]): void {
    const list = this.top();
    if (!Array.isArray(list)) return this.fail("appends to what is not a list");
    for (const item of items) list.push(item);
  }

  assign(items: readonly unknown[]): void {
    const dict = this.top();
    if (!(dict instanceof Map)) return this.fail("sets items of what is not a dict");
    if (items.length % 2) this.fail("a key without a value");
    for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
  }

  find(module: unknown, name: unknown): void {
    const full = `${short(module)}.${short(name)}`;
    const found = this.#host.globals.get(full);
    if (!found)
      this.fail(`refused: ${full} is not what a state dict is made of; save model.state_dict() alone`);
    this.push(found);
  }

  call(callable: unknown, args: unknown): void {
    if (!(callable instanceof Global) || !callable.call) {
      return this.fail(`refused: calls ${callable instanceof Global ? callable.name : "what has no name"}`);
    }
    if (!Array.isArray(args)) return this.fail(`${callable.name}: arguments are not a tuple`);
    for (const arg of args) if (Array.isArray(arg)) this.#spend(arg.length); // it may copy them
    this.#try(() => this.push(callable.call!(args)), `${callable.name}: `);
  }

  /** Attributes of an object. Dicts have some (`_metadata` of a state dict), which are of no use here. */
  build(object: unknown, state: unknown): void {
    if (object instanceof Built) this.#try(() => object.setState(state));
    else if (!(object instanceof Map)) this.fail("refused: sets the state of what is not a dict");
    this.push(object);
  }

  persistent(id: unknown): void {
    this.#try(() => this.push(this.#host.persistent(id)));
  }

  /** Code of the host, whose errors are the pickle's. */
  #try(act: () => void, what = ""): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      this.fail(what + error.message);
    }
  }
}

const STOP = 0x2e;

/** Instructions by their code, as pickletools names them. */
const STEPS = new Map<number, (u: Unpickler) => void>([
  [0x80, (u) => void u.unsigned(1)], // PROTO
  [0x95, (u) => void u.unsigned(8)], // FRAME
  [0x4e, (u) => u.push(null)], // NONE
  [0x88, (u) => u.push(true)], // NEWTRUE
  [0x89, (u) => u.push(false)], // NEWFALSE
  [0x4b, (u) => u.push(u.unsigned(1))], // BININT1
  [0x4d, (u) => u.push(u.unsigned(2))], // BININT2
  [0x4a, (u) => u.push(u.int32())], // BININT
  [0x8a, (u) => u.push(u.long(u.unsigned(1)))], // LONG1
  [0x8b, (u) => u.push(u.long(u.unsigned(4)))], // LONG4
  [0x47, (u) => u.push(u.double())], // BINFLOAT
  [0x8c, (u) => u.pushText(u.unsigned(1))], // SHORT_BINUNICODE
  [0x58, (u) => u.pushText(u.unsigned(4))], // BINUNICODE
  [0x8d, (u) => u.pushText(u.unsigned(8))], // BINUNICODE8
  [0x55, (u) => u.pushText(u.unsigned(1))], // SHORT_BINSTRING: Python 2's str
  [0x54, (u) => u.pushText(u.unsigned(4))], // BINSTRING
  [0x43, (u) => u.pushBytes(u.unsigned(1))], // SHORT_BINBYTES
  [0x42, (u) => u.pushBytes(u.unsigned(4))], // BINBYTES
  [0x8e, (u) => u.pushBytes(u.unsigned(8))], // BINBYTES8
  [0x29, (u) => u.push([])], // EMPTY_TUPLE
  [0x85, (u) => u.push(u.pop(1))], // TUPLE1
  [0x86, (u) => u.push(u.pop(2))], // TUPLE2
  [0x87, (u) => u.push(u.pop(3))], // TUPLE3
  [0x74, (u) => u.push(u.popMark())], // TUPLE
  [0x5d, (u) => u.push([])], // EMPTY_LIST
  [0x61, (u) => u.extend(u.pop(1))], // APPEND
  [0x65, (u) => u.extend(u.popMark())], // APPENDS
  [0x7d, (u) => u.push(new Map())], // EMPTY_DICT
  [0x73, (u) => u.assign(u.pop(2))], // SETITEM
  [0x75, (u) => u.assign(u.popMark())], // SETITEMS
  [0x28, (u) => u.mark()], // MARK
  [0x30, (u) => void u.pop(1)], // POP
  [0x31, (u) => void u.popMark()], // POP_MARK
  [0x32, (u) => u.push(u.top())], // DUP
  [0x71, (u) => u.memoize(u.unsigned(1))], // BINPUT
  [0x72, (u) => u.memoize(u.unsigned(4))], // LONG_BINPUT
  [0x94, (u) => u.memoizeNext()], // MEMOIZE
  [0x68, (u) => u.recall(u.unsigned(1))], // BINGET
  [0x6a, (u) => u.recall(u.unsigned(4))], // LONG_BINGET
  [0x63, (u) => u.find(u.line(), u.line())], // GLOBAL
  [0x93, (u) => u.find(...(u.pop(2) as [unknown, unknown]))], // STACK_GLOBAL
  [0x52, (u) => u.call(...(u.pop(2) as [unknown, unknown]))], // REDUCE
  [0x81, (u) => u.call(...(u.pop(2) as [unknown, unknown]))], // NEWOBJ
  [0x62, (u) => u.build(...(u.pop(2) as [unknown, unknown]))], // BUILD
  [0x51, (u) => u.persistent(u.pop(1)[0])], // BINPERSID
]);
