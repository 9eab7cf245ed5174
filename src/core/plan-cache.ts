// What is remembered of an operation for each combination of shapes and attributes. Every call looks here, so this makes no
// strings of them: a hash of the shapes, then a comparison.

import { sameShape, type Shape } from "./shape.js";

/** What of an input tells plans apart. */
interface Input {
  readonly shape: Shape;
  readonly stays: boolean;
}
type Inputs = Readonly<Record<string, Input | undefined>>;
type Attributes = Readonly<Record<string, unknown>>;

interface Entry<V> {
  readonly shape: Shape;
  readonly inputs: readonly (Input | undefined)[];
  readonly attrs: Attributes;
  readonly value: V;
}

/** Combinations that are remembered for an op. */
const MOST = 1000;

function mix(hash: number, shape: Shape): number {
  for (let i = 0; i < shape.length; i++) hash = (Math.imul(hash, 31) + shape[i]!) | 0;
  return hash;
}

function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  return (
    Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((v, i) => Object.is(v, b[i]))
  );
}

export class PlanCache<V> {
  /** Entries by the hash of their shapes. */
  readonly #entries = new Map<number, Entry<V>[]>();
  readonly #ignored: ReadonlySet<PropertyKey>;
  #size = 0;

  /** ignored: names of attributes that tell nothing apart. */
  constructor(ignored: ReadonlySet<PropertyKey>) {
    this.#ignored = ignored;
  }

  /** What is remembered for these shapes and attributes; made if it is not. */
  get(shape: Shape, inputs: Inputs, attrs: Attributes, make: () => V): V {
    let hash = mix(17, shape);
    for (const name in inputs) {
      const input = inputs[name];
      hash = input ? mix(hash + (input.stays ? 1 : 2), input.shape) : (hash + 3) | 0;
    }
    const bucket = this.#entries.get(hash);
    const known = bucket?.find((entry) => this.#is(entry, shape, inputs, attrs));
    if (known) return known.value;
    const value = make();
    if (this.#size === MOST) {
      this.#entries.clear();
      this.#size = 0;
    }
    const own = Object.values(inputs).map((t) => t && { shape: t.shape, stays: t.stays });
    const entry = { shape, inputs: own, attrs: { ...attrs }, value };
    this.#entries.set(hash, [...(this.#entries.get(hash) ?? []), entry]);
    this.#size++;
    return value;
  }

  #is(entry: Entry<V>, shape: Shape, inputs: Inputs, attrs: Attributes): boolean {
    if (!sameShape(entry.shape, shape)) return false;
    let i = 0;
    for (const name in inputs) {
      const own = entry.inputs[i++];
      const input = inputs[name];
      if (own === undefined || input === undefined) {
        if (own !== input) return false;
      } else if (own.stays !== input.stays || !sameShape(own.shape, input.shape)) return false;
    }
    if (i !== entry.inputs.length) return false;
    for (const name in attrs) {
      if (!this.#ignored.has(name) && !sameValue(attrs[name], entry.attrs[name])) return false;
    }
    return true;
  }
}
