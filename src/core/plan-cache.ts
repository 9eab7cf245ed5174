// What is remembered about an operation for each combination of shapes and attributes. Every call looks here, so keys are
// not strings: a hash of the shapes, then a comparison.

import { sameShape, type Shape } from "./shape.js";

/** The properties of an input that distinguish plans. */
interface Input {
  readonly shape: Shape;
  readonly stays: boolean;
}
type Inputs = Readonly<Record<string, Input | undefined>>;
type Attributes = Readonly<Record<string, unknown>>;

interface Entry<V> {
  readonly shape: Shape;
  /** Which inputs are given: other inputs may have the same shapes in the same order. */
  readonly names: readonly string[];
  readonly inputs: readonly (Input | undefined)[];
  readonly attrs: Attributes;
  /** Number of attributes. */
  readonly count: number;
  readonly value: V;
}

/** Most combinations remembered for an op. */
const MOST = 1000;
/** Most launches they may hold together: a broadcast over many axes may have a launch for every few elements. */
const MOST_WEIGHT = 100_000;

function mix(hash: number, shape: Shape): number {
  for (let i = 0; i < shape.length; i++) hash = (Math.imul(hash, 31) + shape[i]!) | 0;
  return hash;
}

function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const [names, others] = [Object.keys(a), Object.keys(b)];
  return (
    names.length === others.length &&
    names.every((name) => sameValue((a as Attributes)[name], (b as Attributes)[name]))
  );
}

export class PlanCache<V> {
  /** Entries by the hash of their shapes. */
  readonly #entries = new Map<number, Entry<V>[]>();
  readonly #ignored: ReadonlySet<PropertyKey>;
  readonly #weigh: (value: V) => number;
  #size = 0;
  #weight = 0;

  /** ignored: names of attributes that make no difference. weigh: how much memory a value takes, in launches. */
  constructor(ignored: ReadonlySet<PropertyKey>, weigh: (value: V) => number) {
    this.#ignored = ignored;
    this.#weigh = weigh;
  }

  /** The value for these shapes and attributes; made if there is none yet. */
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
    const weight = this.#weigh(value);
    if (this.#size === MOST || this.#weight + weight > MOST_WEIGHT) {
      this.#entries.clear();
      this.#size = this.#weight = 0;
    }
    const own = Object.values(inputs).map((t) => t && { shape: t.shape, stays: t.stays });
    const count = Object.keys(attrs).length;
    const entry = { shape, names: Object.keys(inputs), inputs: own, attrs: { ...attrs }, count, value };
    this.#entries.set(hash, [...(this.#entries.get(hash) ?? []), entry]);
    this.#size++;
    this.#weight += weight;
    return value;
  }

  #is(entry: Entry<V>, shape: Shape, inputs: Inputs, attrs: Attributes): boolean {
    if (!sameShape(entry.shape, shape)) return false;
    let i = 0;
    for (const name in inputs) {
      if (entry.names[i] !== name) return false;
      const own = entry.inputs[i++];
      const input = inputs[name];
      if (own === undefined || input === undefined) {
        if (own !== input) return false;
      } else if (own.stays !== input.stays || !sameShape(own.shape, input.shape)) return false;
    }
    if (i !== entry.names.length) return false;
    let count = 0;
    for (const name in attrs) {
      count++;
      if (this.#ignored.has(name)) continue;
      if (!(name in entry.attrs) || !sameValue(attrs[name], entry.attrs[name])) return false;
    }
    return count === entry.count;
  }
}
