// The data of compile(): the graph of a network as a list of steps, which its passes rewrite. A step is a node of the graph plus
// the work that its operation has absorbed from later nodes.

import { registeredOps } from "../core/op.js";
import type { Planned } from "../core/planned.js";
import type { Shape } from "../core/shape.js";
import type { Activation } from "../core/storage.js";
import type { Tensor } from "../core/tensor.js";
import { DataError } from "../errors.js";
import type { Graph, GraphNode } from "../nn/trace.js";
import { scaleShift } from "../ops/norm.js";
import type { Absorbed, Plan } from "../wasm/plan.js";

export interface Step extends GraphNode {
  /** Applied as its output is written. A term added before that is an input, "residual". */
  readonly activation?: Activation;
}

/** The place of a value that occupies columns of a wider one. */
export interface Within {
  readonly value: string;
  readonly firstColumn: number;
}

export interface Steps {
  readonly nodes: readonly Step[];
  /** Makes a tensor that steps read but none computes, by name; the caller disposes of it. */
  readonly constants: ReadonlyMap<string, () => Tensor>;
  /** Shapes of these tensors. */
  readonly constantShapes: ReadonlyMap<string, Shape>;
  /** Extra values that a step fills and nothing else reads, by name: they are listed among its inputs. */
  readonly extras: ReadonlyMap<string, Shape>;
  /** Values that no step computes as a whole: the values within them make up all their columns. */
  readonly joined: ReadonlyMap<string, Shape>;
  readonly within: ReadonlyMap<string, Within>;
  readonly inputShape: Shape;
  readonly output: string;
}

export function stepsOf({ nodes, constants, inputShape, output }: Graph): Steps {
  const makers = [...constants].map(([name, t]) => [name, () => t.detach()] as const);
  const shapes = [...constants].map(([name, t]) => [name, t.shape] as const);
  const none = { joined: new Map(), within: new Map() };
  const given = { constants: new Map(makers), constantShapes: new Map(shapes), ...none, inputShape, output };
  const known = shapesOf({ ...given, nodes, extras: new Map() });
  const extras = new Map<string, Shape>();
  const steps = nodes.map((node): Step => {
    const inputs = Object.entries(node.inputs).map(([key, value]) => [key, { shape: known.get(value)! }]);
    const wanted = registeredOps().get(node.op)!.extraShapes(Object.fromEntries(inputs), node.shape);
    const names = wanted.map(([key, shape]) => {
      const name = `${key} of ${node.name}`;
      extras.set(name, shape);
      return [key, name] as const;
    });
    return names.length > 0 ? { ...node, inputs: { ...node.inputs, ...Object.fromEntries(names) } } : node;
  });
  return { ...given, nodes: steps, extras };
}

/** Operations of compile() in addition to those of networks. */
const OWN: Readonly<Record<string, Planned<never, object>>> = { scaleShift };

/** How a step is computed. @throws DataError naming it if its operation has no plan */
export function plannedOf({ name, op }: Step): Planned<never, object> {
  const planned = OWN[op] ?? registeredOps().get(op)?.planned;
  if (!planned) throw new DataError(`compile: ${name}: no compiled form of '${op}'`);
  return planned as Planned<never, object>;
}

/** Whether a step shares the elements of its input. */
export function isView({ op }: Step): boolean {
  return registeredOps().get(op)?.view !== undefined;
}

/** Shapes of all values by name. */
export function shapesOf(steps: Steps): ReadonlyMap<string, Shape> {
  const nodes = steps.nodes.map(({ name, shape }) => [name, shape] as const);
  const { inputShape, constantShapes, extras, joined } = steps;
  return new Map([["input", inputShape], ...constantShapes, ...extras, ...joined, ...nodes]);
}

/** How many steps read each value; the network's caller reads its output. */
export function readersOf({ nodes, output }: Steps): ReadonlyMap<string, number> {
  const readers = new Map([[output, 1]]);
  for (const { inputs } of nodes) {
    for (const value of Object.values(inputs)) readers.set(value, (readers.get(value) ?? 0) + 1);
  }
  return readers;
}

/** The plan of a step in its way number `way`. Constants stay the same, so values derived from them are kept. */
export function planOf(step: Step, shapes: ReadonlyMap<string, Shape>, steps: Steps, way = 0): Plan {
  const operands = Object.entries(step.inputs).map(([key, value]) => {
    return [key, { shape: shapes.get(value)!, stays: steps.constants.has(value) }] as const;
  });
  const place = steps.within.get(step.name);
  const attrs = {
    ...step.attrs,
    ...(step.activation && { activation: step.activation }),
    ...(place && { yStep: shapes.get(place.value)!.at(-1)! }),
  };
  return plannedOf(step).plan(step.shape, Object.fromEntries(operands), attrs, way);
}

/** What a step could absorb from the next one. */
export function absorbedBy(
  step: Step,
  shapes: ReadonlyMap<string, Shape>,
  steps: Steps,
): ReadonlySet<Absorbed> {
  return isView(step) ? new Set() : planOf(step, shapes, steps).absorbs;
}
