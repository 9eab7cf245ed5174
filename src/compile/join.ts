// Concatenation without copies: if all parts along the last axis come from steps that can write into longer rows (wasm/plan.ts,
// "within"), and nothing else reads the parts, these steps do so and the concatenation disappears.

import type { Shape } from "../core/shape.js";
import { absorbedBy, readersOf, shapesOf, type Step, type Steps, type Within } from "./steps.js";

export function join(steps: Steps): Steps {
  const shapes = shapesOf(steps);
  const readers = readersOf(steps);
  const makers = new Map(steps.nodes.map((step) => [step.name, step]));
  const joined = new Map<string, Shape>();
  /** The position of a value in the one that contains it directly. */
  const parts = new Map<string, Within>();

  const canLieWithin = (value: string): boolean => {
    const maker = makers.get(value);
    if (!maker || readers.get(value) !== 1) return false;
    // A residual has the layout of the value that it is added to.
    return joined.has(value) || (!maker.inputs["residual"] && absorbedBy(maker, shapes, steps).has("within"));
  };

  const joins = ({ op, attrs, shape, inputs }: Step): boolean =>
    op === "cat" && attrs["axis"] === shape.length - 1 && Object.values(inputs).every(canLieWithin);

  const nodes = steps.nodes.filter((step) => {
    if (!joins(step)) return true;
    joined.set(step.name, step.shape);
    let firstColumn = 0;
    for (const value of Object.values(step.inputs)) {
      parts.set(value, { value: step.name, firstColumn });
      firstColumn += shapes.get(value)!.at(-1)!;
    }
    return false;
  });

  /** The widest value that has these columns. */
  const widest = (place: Within): Within => {
    const next = parts.get(place.value);
    if (!next) return place;
    return widest({ value: next.value, firstColumn: next.firstColumn + place.firstColumn });
  };
  const within = new Map([...parts].map(([value, place]) => [value, widest(place)]));
  return { ...steps, nodes, joined, within };
}
