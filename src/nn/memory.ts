// The memory that a network's activations take in training, computed from its graph.

import { registeredOps } from "../core/op.js";
import { sizeOf } from "../core/shape.js";
import { isActivation } from "../ops/fusion.js";
import type { Graph, GraphNode } from "./trace.js";

const BYTES = { f32: 4, i32: 4, u8: 1 } as const;

/** Whether a value is never written: all its readers use it while it is computed. */
function isPassing(
  node: GraphNode,
  readers: readonly GraphNode[],
  byName: ReadonlyMap<string, GraphNode>,
): boolean {
  const scaled = ({ op, inputs }: GraphNode): boolean =>
    op === "batchNorm" ||
    (op === "add" && Object.values(inputs).some((x) => byName.get(x)?.op === "batchNorm"));
  if (!scaled(node) || readers.length === 0) return false;
  return readers.every(({ op }) => isActivation(op) || (node.op === "batchNorm" && op === "add"));
}

/**
 * Bytes that a forward pass in training leaves for backward: activations that gradient rules read, each once. Parameters, their
 * gradients, an optimizer's moments and temporary memory come on top.
 */
export function activationBytes({ nodes }: Graph): number {
  const ops = registeredOps();
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const readersOf = new Map<string, GraphNode[]>(nodes.map(({ name }) => [name, []]));
  for (const node of nodes) {
    for (const name of new Set(Object.values(node.inputs))) readersOf.get(name)?.push(node);
  }
  /** A value that shares another value's elements stands for that value. */
  const origin = (name: string): string => {
    const node = byName.get(name);
    const view = node && ops.get(node.op)?.view;
    return view ? origin(node.inputs[view]!) : name;
  };
  const kept = new Set<string>();
  let extra = 0;
  for (const node of nodes) {
    for (const save of ops.get(node.op)?.saves ?? []) {
      const name = save === "y" ? node.name : node.inputs[save];
      if (name !== undefined) kept.add(origin(name));
    }
    if (node.op === "maxPool2d") extra += sizeOf(node.shape); // where each maximum was
    if (node.op === "batchNorm") extra += 4 * node.shape.at(-1)! * BYTES.f32; // mean, variance, scale and shift
  }
  const bytes = [...kept].map((name) => {
    const node = byName.get(name);
    if (!node) return 0; // the input or a parameter
    return isPassing(node, readersOf.get(name)!, byName) ? 0 : sizeOf(node.shape) * BYTES[node.dtype];
  });
  return bytes.reduce((a, b) => a + b, extra);
}
