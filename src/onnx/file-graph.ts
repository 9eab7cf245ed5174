// The graph as it grows in the file: ONNX nodes, constants, and the order of each value's axes. Images are NHWC here and NCHW
// there: each value records the order of its axes in the file, so that a permutation writes nothing, and values are transposed
// only where a node needs another order.

import { noGrad } from "../core/grad-mode.js";
import { tidy } from "../core/scope.js";
import type { Shape } from "../core/shape.js";
import type { AnyTensor, DType, Tensor } from "../core/tensor.js";
import { BufferTensor, Parameter } from "../nn/index.js";
import { permute } from "../ops/index.js";
import type { Attributes, ElementType, Initialiser, OnnxNode } from "./proto.js";

/** A value in the file. */
export interface Stored {
  /** Its name in the file. */
  readonly name: string;
  /** Its shape here. */
  readonly shape: Shape;
  /** The same for another batch. */
  readonly other: Shape;
  /** Axis i in the file is axis axes[i] here. */
  readonly axes: readonly number[];
  readonly dtype: DType;
}

/** Images in the file. */
export const NCHW: readonly number[] = [0, 3, 1, 2];

/** The axes in their order here. */
export const inOrder = (rank: number): number[] => Array.from({ length: rank }, (_, axis) => axis);

export const sameAxes = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((axis, i) => axis === b[i]);

/** Whether this order of axes keeps the order of the elements: only axes of size 1 have moved. */
export function keepsOrder(shape: Shape, axes: readonly number[]): boolean {
  const long = axes.filter((axis) => shape[axis] !== 1);
  return long.every((axis, i) => i === 0 || long[i - 1]! < axis);
}

const bytesOf = (values: ArrayBufferView): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

export class FileGraph {
  readonly nodes: OnnxNode[] = [];
  readonly initialisers: Initialiser[] = [];
  readonly #taken = new Set<string>();
  readonly #constants = new Set<string>();
  readonly #numbers = new Map<string, string>();
  readonly #turned = new Map<string, string>();

  /** reserved: names for the graph's inputs and outputs only. */
  constructor(reserved: readonly string[]) {
    for (const name of reserved) this.#taken.add(name);
  }

  /** A name not yet used in the file. */
  unique(wanted: string): string {
    let name = wanted;
    for (let i = 1; this.#taken.has(name); i++) name = `${wanted}_${i}`;
    this.#taken.add(name);
    return name;
  }

  /** Adds a node and returns the name of its output, which is also the node's. */
  add(name: string, operator: string, inputs: readonly string[], attributes: Attributes = {}): string {
    const output = this.unique(name);
    this.nodes.push({ name: output, operator, inputs, output, attributes });
    return output;
  }

  /** A constant of the model, in the layout of weight files. */
  state(name: string, t: AnyTensor): Stored {
    const turned = t instanceof Parameter || t instanceof BufferTensor ? t.fileAxes : undefined;
    const axes = turned ?? inOrder(t.shape.length);
    const given = this.unique(name);
    this.#constants.add(given);
    this.initialisers.push({
      name: given,
      type: t.dtype,
      shape: axes.map((axis) => t.shape[axis]!),
      write: (to) =>
        tidy(() =>
          noGrad(() => to.set(bytesOf((turned ? permute(t as Tensor, turned) : t.detach()).view()))),
        ),
    });
    return { name: given, shape: t.shape, other: t.shape, axes, dtype: t.dtype };
  }

  /** Whether a name is that of a constant of the model. */
  isConstant(name: string): boolean {
    return this.#constants.has(name);
  }

  /** Numbers that operators take as inputs; equal ones are written once. */
  #constant(type: ElementType, shape: readonly number[], values: ArrayBufferView, text: string): string {
    const key = `${type}[${shape.join()}]:${text}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const name = this.unique(`numbers.${this.#numbers.size}`);
    this.#numbers.set(key, name);
    this.initialisers.push({ name, type, shape, write: (to) => to.set(bytesOf(values)) });
    return name;
  }

  scalar(value: number): string {
    return this.#constant("f32", [], Float32Array.of(value), String(value));
  }

  floats(values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.#constant("f32", shape, Float32Array.from(values), values.join());
  }

  integers(values: readonly (number | bigint)[]): string {
    return this.#constant("i64", [values.length], BigInt64Array.from(values, BigInt), values.join());
  }

  /** Gives a value a reserved name. */
  renameOutput(name: string, wanted: string): void {
    const at = this.nodes.findIndex(({ output }) => output === name);
    if (at < 0) {
      this.nodes.push({ name: wanted, operator: "Identity", inputs: [name], output: wanted, attributes: {} });
      return;
    }
    this.nodes.forEach((node, i) => {
      const inputs = node.inputs.map((input) => (input === name ? wanted : input));
      this.nodes[i] = { ...node, inputs, output: i === at ? wanted : node.output };
    });
  }

  /** The value with its axes in this order. */
  as(x: Stored, axes: readonly number[]): Stored {
    if (sameAxes(x.axes, axes)) return x;
    const perm = axes.map((axis) => x.axes.indexOf(axis));
    const key = `${x.name} ${perm.join()}`;
    const name = this.#turned.get(key) ?? this.add(`${x.name}.transpose`, "Transpose", [x.name], { perm });
    this.#turned.set(key, name);
    return { ...x, name, axes };
  }
}
