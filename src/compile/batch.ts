// Graphs for other numbers of images, without the model: sizes and attributes are straight lines in the number of images, of which
// two points are known.

import type { Shape } from "../core/shape.js";
import { DataError } from "../errors.js";
import type { Graph, GraphNode } from "../nn/trace.js";

/** The value for n images where it is a for na and b for nb: numbers, and what holds numbers. */
function between(a: unknown, b: unknown, n: number, na: number, nb: number): unknown {
  if (typeof a === "number" && typeof b === "number")
    return a === b ? a : a + ((b - a) * (n - na)) / (nb - na);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a;
  if (Array.isArray(a)) return a.map((value, i) => between(value, (b as unknown[])[i], n, na, nb));
  const entries = Object.entries(a).map(([key, value]) => {
    return [key, between(value, (b as Record<string, unknown>)[key], n, na, nb)] as const;
  });
  return Object.fromEntries(entries);
}

/**
 * The graph for inputs of this shape, from those for two other numbers of images of the same size.
 * @throws DataError if the images have another size
 */
export function rebatched(first: Graph, second: Graph, shape: Shape): Graph {
  const [[na, ...size], [nb]] = [first.inputShape, second.inputShape];
  const [n, ...own] = shape;
  if (own.join() !== size.join()) {
    throw new DataError(
      `CompiledModel: images of another size need the model, which was let go (keepModel: false); ` +
        `got [${shape.join(",")}]; expected [n,${size.join(",")}]`,
    );
  }
  const nodes = first.nodes.map((node, i): GraphNode => {
    const other = second.nodes[i]!;
    const line = <T>(a: T, b: T): T => between(a, b, n!, na!, nb!) as T;
    return { ...node, shape: line(node.shape, other.shape), attrs: line(node.attrs, other.attrs) };
  });
  return { ...first, nodes, inputShape: shape };
}
