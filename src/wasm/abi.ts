// How TypeScript calls the kernels: types over the table that is generated from their sources (kernels/table.mjs).

import { structs, type abi } from "./table.js";

type Abi = typeof abi;
type Structs = typeof structs;

type Numbers<T extends readonly string[]> = { [I in keyof T]: number };

/** The kernels: numbers in, a number (or nothing) out. */
export type Kernels = { readonly [K in keyof Abi]: (...args: Numbers<Abi[K]>) => number };

/** The fields of a struct of kernels/shapes.ts or kernels/arguments.ts. */
export type Struct<K extends keyof Structs> = { [F in keyof Structs[K]]: number };

const layouts = new Map<string, [field: string, type: string][]>(
  Object.entries(structs).map(([name, fields]) => [name, Object.entries(fields)]),
);
const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

function bitsOf(value: number): number {
  float[0] = value;
  return bits[0]!;
}

/** All fields of a struct, 0 where they are not given. */
export function orZero<K extends keyof Structs>(name: K, fields: Partial<Struct<K>>): Struct<K> {
  const none = Object.fromEntries(Object.keys(structs[name]).map((field) => [field, 0]));
  return { ...(none as Struct<K>), ...fields };
}

/** The struct's fields as the 32-bit words that the kernel reads. */
export function structWords<K extends keyof Structs>(name: K, fields: Struct<K>): number[] {
  const values = fields as Record<string, number>;
  return layouts
    .get(name)!
    .map(([field, type]) => (type === "f32" ? bitsOf(values[field]!) : values[field]!));
}
