// Sums and activations that the step before them can do as it writes (core/planned.ts, Also) become a part of that step.

import { sameShape } from "../core/shape.js";
import type { Activation } from "../core/storage.js";
import { isActivation } from "../ops/fusion.js";
import { absorbedBy, readersOf, shapesOf, type Step, type Steps } from "./steps.js";

export function fuse(steps: Steps): Steps {
  const readers = readersOf(steps);
  const shapes = shapesOf(steps);
  /** Steps by their output's name, in their order. */
  const done = new Map<string, Step>();
  const order = new Map(steps.nodes.map(({ name }, i) => [name, i]));

  /** The step that computes a value, if the value is read once and the step can absorb this. */
  const before = (value: string, what: "residual" | "activation"): Step | undefined => {
    const step = done.get(value);
    if (!step || readers.get(value) !== 1 || step.activation) return undefined;
    return absorbedBy(step, shapes, steps).has(what) ? step : undefined;
  };
  /** Replaces the absorbed step by the step that absorbs it, under the absorbed step's name. */
  const replace = (step: Step, node: Step, more: Partial<Step>): void => {
    done.delete(step.name);
    done.set(node.name, { ...step, ...more, name: node.name });
  };

  for (const node of steps.nodes) {
    const { op, inputs } = node;
    if (isActivation(op)) {
      const step = before(inputs["x"]!, "activation");
      if (step) replace(step, node, { activation: op as Activation });
      else done.set(node.name, node);
    } else if (op === "add" && sameShape(shapes.get(inputs["a"]!)!, shapes.get(inputs["b"]!)!)) {
      // The later step absorbs the other one, whose output exists by then.
      const at = (value: string): number => order.get(value) ?? -1;
      const [earlier, later] = [inputs["a"]!, inputs["b"]!].sort((a, b) => at(a) - at(b)) as [string, string];
      const step = earlier === later ? undefined : before(later, "residual");
      if (step && !step.inputs["residual"]) {
        replace(step, node, { inputs: { ...step.inputs, residual: earlier } });
      } else done.set(node.name, node);
    } else done.set(node.name, node);
  }
  return { ...steps, nodes: [...done.values()] };
}
