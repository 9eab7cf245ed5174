// A network's layers, found without computing anything.

import { checkShape, sizeOf, type Shape } from "../core/shape.js";
import { Tensor } from "../core/tensor.js";
import { wrongKind } from "../errors/options.js";
import { Module } from "./module.js";
import { activationBytes } from "./memory.js";
import { freeConstants, trace, type Graph, type GraphNode } from "./trace.js";

/** A layer as summary() lists it. */
export interface LayerSummary {
  /** Where it is: "layer1.0.conv1". */
  name: string;
  /** "Conv2d". */
  type: string;
  /** Shape of its output. */
  shape: Shape;
  /** Number of its parameters. */
  parameters: number;
  /** Multiplications with weights that its output takes, batch included. */
  macs: number;
}

/** What summary() returns; String(…) makes a table of it. */
export interface ModelSummary {
  /** In the order in which they are applied. */
  layers: LayerSummary[];
  /** Trainable or frozen, without statistics. */
  parameters: number;
  /** Multiply-accumulates of all layers, batch included. */
  macs: number;
  /** Bytes of activations that training keeps for backward; weights, gradients and an optimizer's moments come on top. */
  activationBytes: number;
  /** As a table. */
  toString(): string;
}

/** Multiply-accumulates of convolutions and products; other operations have none. */
function macsOf({ op, inputs, shape }: GraphNode, shapeOf: (name: string) => Shape): number {
  const size = sizeOf(shape);
  if (op === "conv2d") return size * sizeOf(shapeOf(inputs["weight"]!).slice(0, 3));
  if (op === "linear") return size * shapeOf(inputs["weight"]!)[1]!;
  return op === "matmul" ? size * shapeOf(inputs["a"]!)[1]! : 0;
}

/** The shape of every value of a graph. */
function shapesOf({ inputShape, nodes, constants }: Graph): (name: string) => Shape {
  const shapes = new Map<string, Shape>([["input", inputShape]]);
  for (const [name, { shape }] of constants) shapes.set(name, shape);
  for (const { name, shape } of nodes) shapes.set(name, shape);
  return (name) => shapes.get(name)!;
}

function parametersOf(module: Module): number {
  return module.parameters().reduce((n, p) => n + p.size, 0);
}

function table(layers: readonly LayerSummary[], parameters: number, macs: number): string {
  const rows = [
    ["layer", "type", "output", "parameters", "MACs"],
    ...layers.map((l) => [l.name, l.type, `[${l.shape.join(",")}]`, l.parameters, l.macs].map(show)),
    ["total", "", "", parameters, macs].map(show),
  ];
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    row.map((text, i) => (i < 3 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!))).join("  ");
  return rows.map(line).join("\n");
}

function show(value: string | number): string {
  return typeof value === "number" ? value.toLocaleString("en") : value;
}

/**
 * The layers that a model applies to an input of this shape [n, h, w, c], in evaluation: outputs, parameters and
 * multiply-accumulates. Takes hardly any time or memory. @throws ShapeError if the input does not fit
 */
export function summary(model: Module, input: Tensor | Shape): ModelSummary {
  if (!(model instanceof Module)) throw wrongKind("summary", "model", model, "a Module");
  checkShape("summary", input instanceof Tensor ? input.shape : input);
  const graph = trace(model, input);
  const shapeOf = shapesOf(graph);
  const macs = graph.nodes.map((node) => macsOf(node, shapeOf));
  const sum = (begin: number, end: number): number => macs.slice(begin, end).reduce((a, b) => a + b, 0);
  const leaves = graph.layers.filter(({ module }) => module.namedChildren().length === 0);
  const layers = leaves.map(({ path, module, shape, begin, end }) => ({
    name: path,
    type: module.constructor.name,
    shape,
    parameters: parametersOf(module),
    macs: sum(begin, end),
  }));
  const [parameters, all] = [parametersOf(model), sum(0, macs.length)];
  const bytes = activationBytes(graph);
  freeConstants(graph);
  const toString = (): string => table(layers, parameters, all);
  return { layers, parameters, macs: all, activationBytes: bytes, toString };
}
