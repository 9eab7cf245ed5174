// The argument of a row in the table of operations: a node of the graph, and methods to write it.

import type { Shape } from "../core/shape.js";
import { DataError } from "../errors.js";
import type { GraphNode } from "../nn/index.js";
import { inOrder, type FileGraph, type Stored } from "./file-graph.js";
import type { Attributes } from "./proto.js";

export class NodeWriter {
  readonly file: FileGraph;
  readonly node: GraphNode;
  /** The same node for another batch. */
  readonly other: GraphNode;
  readonly #inputs: Readonly<Record<string, Stored>>;
  readonly #unread: Set<string>;

  constructor(file: FileGraph, node: GraphNode, other: GraphNode, inputs: Readonly<Record<string, Stored>>) {
    this.file = file;
    this.node = node;
    this.other = other;
    this.#inputs = inputs;
    this.#unread = new Set(Object.keys(inputs));
  }

  get shape(): Shape {
    return this.node.shape;
  }

  /** An attribute of the node; its type follows from the op. */
  attr<T>(name: string): T {
    return this.node.attrs[name] as T;
  }

  has(input: string): boolean {
    return this.#inputs[input] !== undefined;
  }

  /** All inputs, in the order in which the op has them. */
  get inputs(): Stored[] {
    return Object.keys(this.#inputs).map((name) => this.input(name));
  }

  input(name: string): Stored {
    this.#unread.delete(name);
    return this.#inputs[name] ?? this.fail(`reads no ${name}`);
  }

  /** The name in the file of an input with its axes in this order; by default their order here. */
  in(name: string, axes?: readonly number[]): string {
    const x = this.input(name);
    return this.file.as(x, axes ?? inOrder(x.shape.length)).name;
  }

  /** Whether the size of an axis of the output depends on the batch. */
  varies(axis: number): boolean {
    return this.node.shape[axis] !== this.other.shape[axis];
  }

  /** Adds a node and returns the name of its output. */
  add(operator: string, inputs: readonly string[], attributes?: Attributes): string {
    return this.file.add(this.node.name, operator, inputs, attributes);
  }

  /** Registers the node's output under this name, in this order of axes; by default their order here. */
  result(name: string, axes?: readonly number[]): Stored {
    const { shape, dtype } = this.node;
    return { name, shape, other: this.other.shape, axes: axes ?? inOrder(shape.length), dtype };
  }

  /** @throws DataError if the row has not used an input, which would be missing from the file */
  checkRead(): void {
    const [name] = this.#unread;
    if (name !== undefined) this.fail(`its ${name} cannot be written`);
  }

  /** @throws DataError that names the node */
  fail(why: string): never {
    throw new DataError(`exportOnnx: ${this.node.name} (${this.node.op}): ${why}`);
  }
}

/** Writes a node in operators of ONNX. */
export type Row = (n: NodeWriter) => Stored;
