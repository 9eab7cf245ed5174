// What a row of the table of operations is given: a node of the graph, and how to write it.

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

  /** An attribute of the node, whose op says of what kind it is. */
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

  /** The file's name of an input with its axes in this order; by default in that which they have here. */
  in(name: string, axes?: readonly number[]): string {
    const x = this.input(name);
    return this.file.as(x, axes ?? inOrder(x.shape.length)).name;
  }

  /** Whether the size of an axis of the output goes with the batch. */
  varies(axis: number): boolean {
    return this.node.shape[axis] !== this.other.shape[axis];
  }

  /** Adds a node and gives its output's name. */
  add(operator: string, inputs: readonly string[], attributes?: Attributes): string {
    return this.file.add(this.node.name, operator, inputs, attributes);
  }

  /** What the node gives lies under this name, in this order of axes; by default in that which it has here. */
  result(name: string, axes?: readonly number[]): Stored {
    const { shape, dtype } = this.node;
    return { name, shape, other: this.other.shape, axes: axes ?? inOrder(shape.length), dtype };
  }

  /** @throws DataError if the row has passed over an input, which the file would then be without */
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
