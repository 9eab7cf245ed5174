// Writes a traced network in operators of ONNX.

import { sameShape } from "../core/shape.js";
import { DataError } from "../errors.js";
import { LocalResponseNorm, type Graph, type GraphNode, type Module } from "../nn/index.js";
import { FileGraph, inOrder, NCHW, type Stored } from "./file-graph.js";
import { NodeWriter, type Row } from "./node-writer.js";
import { OPERATORS } from "./operators.js";
import type { OnnxModel, Port } from "./proto.js";

/** Graphs of one network for two batches. */
export type Graphs = readonly [Graph, Graph];

/** Public names of the file's input and output. */
const INPUT = "input";
const OUTPUT = "logits";

/** Attributes that rows compare between both graphs. */
const MAY_VARY: ReadonlySet<string> = new Set(["reshape shape", "slice ranges"]);

/** The next nodes to write: one node, or all those of a layer for which ONNX has an operator. */
interface Step {
  readonly node: GraphNode;
  readonly other: GraphNode;
  readonly row: Row | undefined;
  /** Index after the last written node. */
  readonly end: number;
}

const lrn =
  ({ size, alpha, beta, k }: LocalResponseNorm): Row =>
  (n) => {
    const attributes = { size, alpha: { float: alpha }, beta: { float: beta }, bias: { float: k } };
    return n.result(n.add("LRN", [n.in("x", NCHW)], attributes), NCHW);
  };

/** In ONNX, even windows reach one channel further on the other side, so these are written operation by operation. */
function layerSteps([graph, other]: Graphs): Map<number, Step> {
  const steps = new Map<number, Step>();
  for (const { module, shape, begin, end } of graph.layers) {
    const known = module instanceof LocalResponseNorm && module.constructor === LocalResponseNorm; // not a subclass with its own forward()
    if (!known || module.size % 2 === 0 || shape.length !== 4) continue;
    const inputs = { x: graph.nodes[begin]!.inputs["a"]! }; // it begins with x · x
    const node = { ...graph.nodes[end - 1]!, inputs };
    steps.set(begin, { node, other: other.nodes[end - 1]!, row: lrn(module), end });
  }
  return steps;
}

/** @throws DataError unless both graphs apply the same operations, with the same attributes */
function compare([graph, other]: Graphs): void {
  const batches = `${graph.inputShape[0]} and ${other.inputShape[0]} images`;
  const fail = (node: GraphNode, what: string): never => {
    throw new DataError(
      `exportOnnx: ${node.name} (${node.op}): ${what}; expected a network that does with any batch`,
    );
  };
  const longer = graph.nodes.length >= other.nodes.length ? graph : other;
  longer.nodes.forEach((any, i) => {
    const [node, same] = [graph.nodes[i], other.nodes[i]];
    if (
      !node ||
      !same ||
      node.op !== same.op ||
      JSON.stringify(node.inputs) !== JSON.stringify(same.inputs)
    ) {
      return fail(any, `${batches} are not treated alike`);
    }
    for (const [name, value] of Object.entries(node.attrs)) {
      if (MAY_VARY.has(`${node.op} ${name}`)) continue;
      const [a, b] = [value, same.attrs[name]].map((v) => JSON.stringify(v));
      if (a !== b) fail(node, `${name} goes with the batch; got ${a} and ${b} for ${batches}`);
    }
  });
  if (graph.output !== other.output) {
    throw new DataError(
      `exportOnnx: ${batches} give ${graph.output} and ${other.output}; expected a network that does with any batch`,
    );
  }
  for (const [name, { shape }] of graph.constants) {
    const found = other.constants.get(name)?.shape;
    if (found && sameShape(shape, found)) continue;
    throw new DataError(
      `exportOnnx: ${name}: a constant that goes with the batch; got [${shape.join()}] and [${String(found)}]`,
    );
  }
}

/** The values that a node reads, by the op's names for them. */
function inputsOf({ inputs }: GraphNode, values: ReadonlyMap<string, Stored>): Record<string, Stored> {
  return Object.fromEntries(Object.entries(inputs).map(([key, name]) => [key, values.get(name)!]));
}

/** The whole file except its name and metadata. @throws DataError naming a node that cannot be written */
export function writeGraph(
  model: Module,
  graphs: Graphs,
): Pick<OnnxModel, "nodes" | "initialisers" | "inputs" | "output"> {
  compare(graphs);
  const [graph, other] = graphs;
  const file = new FileGraph([INPUT, OUTPUT]);
  const values = new Map<string, Stored>();
  values.set(INPUT, {
    name: INPUT,
    shape: graph.inputShape,
    other: other.inputShape,
    axes: NCHW,
    dtype: "f32",
  });
  if (graph.constants.has("input")) {
    throw new DataError("exportOnnx: input: a parameter's name; expected one that the input does not have");
  }
  const own = new Map([...model.namedParameters(), ...model.namedBuffers()]); // the graph may hold a detached twin
  for (const [name, t] of graph.constants) values.set(name, file.state(name, own.get(name) ?? t));
  const steps = layerSteps(graphs);
  for (let i = 0; i < graph.nodes.length;) {
    const alone = graph.nodes[i]!;
    const step = steps.get(i) ?? {
      node: alone,
      other: other.nodes[i]!,
      row: OPERATORS[alone.op],
      end: i + 1,
    };
    const { node, row } = step;
    if (!row) {
      throw new DataError(
        `exportOnnx: ${node.name} (${node.op}): no operator of ONNX for it; known: ${known()}`,
      );
    }
    const n = new NodeWriter(file, node, step.other, inputsOf(node, values));
    values.set(node.name, row(n));
    n.checkRead();
    i = step.end;
  }
  const result = values.get(graph.output)!;
  const last = file.as(result, inOrder(result.shape.length));
  file.renameOutput(last.name, OUTPUT);
  const size = (
    shape: readonly number[],
    i: number,
    axis: number,
    twin: readonly number[],
  ): number | string => (shape[axis] === twin[axis] ? shape[axis]! : i === 0 ? "batch" : `size_${i}`);
  const port = (name: string, { shape, other: twin, axes, dtype }: Stored): Port => ({
    name,
    type: dtype,
    shape: axes.map((axis, i) => size(shape, i, axis, twin)),
  });
  return {
    nodes: file.nodes,
    initialisers: file.initialisers,
    inputs: [port(INPUT, values.get(INPUT)!)],
    output: port(OUTPUT, last),
  };
}

const known = (): string => Object.keys(OPERATORS).sort().join(", ");
