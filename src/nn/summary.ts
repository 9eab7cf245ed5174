// What a network is made of, layer by layer, found without computing anything.

import { shapesOnly, type AppliedOp } from "../core/op.js";
import { tidy } from "../core/scope.js";
import { checkShape, type Shape } from "../core/shape.js";
import { empty, Tensor } from "../core/tensor.js";
import { wrongKind } from "../errors/options.js";
import { inEvaluation } from "./evaluation.js";
import { Module } from "./module.js";

export interface LayerSummary {
  /** Where it is: "layer1.0.conv1". */
  name: string;
  /** "Conv2d". */
  type: string;
  /** Of its output. */
  shape: Shape;
  parameters: number;
  /** Multiplications with weights that its output takes, batch included. */
  macs: number;
}

export interface ModelSummary {
  /** In the order in which they are applied. */
  layers: LayerSummary[];
  /** Trainable or frozen, but no statistics. */
  parameters: number;
  macs: number;
  /** As a table. */
  toString(): string;
}

/** Multiply-accumulates of convolutions and products; other operations have none. */
function macsOf({ name, inputs, y }: AppliedOp): number {
  const { weight, a } = inputs;
  if (name === "conv2d") return y.size * (weight!.size / weight!.shape[3]!);
  if (name === "linear") return y.size * weight!.shape[1]!;
  return name === "matmul" ? y.size * a!.shape[1]! : 0;
}

function parametersOf(module: Module): number {
  return module.parameters().reduce((n, p) => n + p.size, 0);
}

/** The modules that have none below them, by path. */
function leavesOf(module: Module, path = ""): [path: string, leaf: Module][] {
  return module.namedChildren().flatMap(([name, child]) => {
    const here = path === "" ? name : `${path}.${name}`;
    return child.namedChildren().length === 0 ? [[here, child]] : leavesOf(child, here);
  });
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
 * multiply-accumulates. Takes no time and no memory to speak of. @throws ShapeError if the input does not fit
 */
export function summary(model: Module, input: Tensor | Shape): ModelSummary {
  if (!(model instanceof Module)) throw wrongKind("summary", "model", model, "a Module");
  const shape = input instanceof Tensor ? input.shape : input;
  checkShape("summary", shape);
  const names = leavesOf(model).reverse(); // a leaf that stands in two places goes by the first
  const leaves = new Map(names.map(([name, leaf]) => [leaf, name]));
  const layers: LayerSummary[] = [];
  let macs = 0;
  const undo: (() => void)[] = [];
  for (const [leaf, name] of leaves) {
    const own = Object.getOwnPropertyDescriptor(leaf, "forward");
    undo.push(() => {
      if (own) Object.defineProperty(leaf, "forward", own);
      else delete (leaf as { forward?: unknown }).forward;
    });
    const forward = leaf.forward.bind(leaf);
    leaf.forward = (x) => {
      const before = macs;
      const y = forward(x);
      const type = leaf.constructor.name;
      layers.push({ name, type, shape: y.shape, parameters: parametersOf(leaf), macs: macs - before });
      return y;
    };
  }
  try {
    inEvaluation(model, () =>
      shapesOnly(
        () => tidy(() => void model.forward(empty(shape))),
        (op) => (macs += macsOf(op)),
      ),
    );
  } finally {
    for (const restore of undo) restore();
  }
  const parameters = parametersOf(model);
  return { layers, parameters, macs, toString: () => table(layers, parameters, macs) };
}
