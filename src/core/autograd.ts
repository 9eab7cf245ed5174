// Reverse-mode differentiation: nodes record operations, backward() walks them newest first.

import { ShapeError } from "../errors.js";
import { checkOptions } from "../errors/options.js";
import { GRAIN } from "../wasm/parallel.js";
import { placeOfGradient } from "./flat-gradients.js";
import { noGrad } from "./grad-mode.js";
import { definePlan, operandsOf } from "./planned.js";
import { keep, scoped } from "./scope.js";
import { sameShape, sizeOf, type Shape } from "./shape.js";
import type { Storage } from "./storage.js";
import { checkTensors, empty, Tensor, type AnyTensor, type DType } from "./tensor.js";

/** A gradient rule with its types erased. */
export type AnyRule = (dy: Tensor, saved: never, attrs: never) => Tensor;

let created = 0;

/** Runs compute on the first call by a rule of the op in this backward pass; later calls get the same result. */
export type Once = <T extends object>(compute: () => T) => T;

/** Runs fn with a once() for the rules of one op and one dy. The tensors in its result end with the call. */
export function withOnce(fn: (once: Once) => void): void {
  let shared: object | undefined;
  try {
    fn(<T extends object>(compute: () => T): T => {
      if (shared === undefined) {
        shared = compute();
        keepAux(shared);
      }
      return shared as T;
    });
  } finally {
    disposeAux(shared);
  }
}

/** Takes the tensors in a forward's result out of every scope. */
export function keepAux(aux: unknown): void {
  forTensors(aux, keep);
}

/** Frees the tensors in a forward's result. */
export function disposeAux(aux: unknown): void {
  forTensors(aux, (t) => t.dispose());
}

function forTensors(aux: unknown, fn: (t: Tensor) => void): void {
  if (typeof aux !== "object" || aux === null) return;
  for (const key in aux) {
    const value = (aux as Record<string, unknown>)[key];
    if (value instanceof Tensor) fn(value);
  }
}

interface SavedTensor {
  storage: Storage;
  version: number;
  shape: Shape;
  dtype: DType;
}

interface Edge {
  name: string;
  node: Node | undefined;
  leaf: Tensor | undefined;
}

/** An operation as defineOp records it. */
interface Recorded {
  op: string;
  rules: Record<string, AnyRule | undefined>;
  inputs: Record<string, AnyTensor | undefined>;
  /** The inputs that need a gradient. */
  needs: readonly string[];
  y: AnyTensor;
  saves: readonly string[];
  aux: unknown;
  attrs: unknown;
}

/** One recorded operation. Alive while its output is held, or a later operation that will be differentiated is. */
export class Node {
  readonly id = created++;
  readonly op: string;
  readonly edges: Edge[] = [];
  readonly shapes: Record<string, Shape> = {};
  readonly rules: Record<string, AnyRule | undefined>;
  readonly aux: unknown;
  readonly attrs: unknown;
  #users = 1;
  #saved: Record<string, SavedTensor> | undefined = {};

  constructor({ op, rules, inputs, needs, y, saves, aux, attrs }: Recorded) {
    this.op = op;
    this.rules = rules;
    this.aux = aux;
    this.attrs = attrs;
    for (const name in inputs) if (inputs[name]) this.shapes[name] = inputs[name].shape;
    for (const name of needs) {
      const t = inputs[name]!; // f32: only these are differentiated
      this.edges.push({ name, node: t.node?.retain(), leaf: t.node ? undefined : (t as Tensor) });
    }
    for (const name of saves) {
      const t = name === "y" ? y : inputs[name];
      if (!t) continue;
      const { storage } = t;
      this.#saved![name] = {
        storage: storage.retain(),
        version: storage.version,
        shape: t.shape,
        dtype: t.dtype,
      };
    }
  }

  retain(): this {
    this.#users++;
    return this;
  }

  release(): void {
    const pending: Node[] = [this];
    for (let node = pending.pop(); node; node = pending.pop()) {
      if (--node.#users === 0) pending.push(...node.#drop());
    }
  }

  /** Frees what was saved and gives back the nodes it no longer needs. */
  #drop(): Node[] {
    if (this.#saved === undefined) return [];
    for (const name in this.#saved) this.#saved[name]!.storage.release();
    disposeAux(this.aux);
    this.#saved = undefined;
    const parents: Node[] = [];
    for (const { node } of this.edges) if (node) parents.push(node);
    this.edges.length = 0;
    return parents;
  }

  /** Frees what was saved: backward has passed here. */
  free(): void {
    for (const parent of this.#drop()) parent.release();
  }

  /** @throws ShapeError if backward has passed here and freed what was saved */
  checkAlive(): void {
    if (this.#saved === undefined) {
      throw new ShapeError(
        `backward: ${this.op} has already been differentiated and its saved tensors are freed; ` +
          `pass { retainGraph: true } to the first backward`,
      );
    }
  }

  /** The saved tensors as the gradient rules see them; they belong to the enclosing scope. */
  saved(once: Once): Record<string, unknown> {
    const out: Record<string, unknown> = { shapes: this.shapes, aux: this.aux, once };
    const all = this.#saved ?? {};
    for (const name in all) {
      const { storage, version, shape, dtype } = all[name]!;
      if (storage.version !== version) {
        throw new ShapeError(
          `backward: ${this.op} needs the value of ${name}:[${shape.join(",")}] that it saw, ` +
            `but ${name} has been overwritten since`,
        );
      }
      out[name] = new Tensor(storage.retain(), shape, dtype);
    }
    return out;
  }
}

const sumOver = definePlan<{ g: Tensor }, { axis: number }>("gradient", (p, y, { g }, { axis }) => {
  const outer = sizeOf(g.shape.slice(0, axis));
  p.call("sum", g.ptr, y.ptr, outer, g.shape[axis]!, sizeOf(g.shape.slice(axis + 1)), 1);
});

const plus = definePlan<{ a: Tensor; b: Tensor }, object>("backward sum", (p, y, { a, b }) =>
  p.parallel("add", y.size, GRAIN, a.ptr, b.ptr, y.ptr, 0),
);

/** Sums a gradient over the axes along which its input was broadcast. */
function unbroadcast(g: Tensor, shape: Shape): Tensor {
  if (sameShape(g.shape, shape)) return g;
  let source = g;
  const lead = g.shape.length - shape.length;
  for (let axis = 0; axis < g.shape.length; axis++) {
    const n = source.shape[axis]!;
    if (n === 1 || (axis >= lead && shape[axis - lead] !== 1)) continue;
    const reduced = source.shape.map((m, i) => (i === axis ? 1 : m));
    source = sumOver(reduced, { g: source }, { axis });
  }
  return new Tensor(source.storage.retain(), shape, "f32");
}

/** total + g: in place where nothing else uses total, otherwise a new tensor. The caller keeps both. */
function sumOf(total: Tensor, g: Tensor): Tensor {
  const y = total.storage.users === 1 ? total : empty(total.shape, "f32", "backward sum");
  if (y === total) total.storage.touch(); // something may have been derived from it
  const { deferred, users } = g.storage;
  if (deferred?.absorbs.has("sum") && users === 1 && y === total) deferred.write(y.compute(), { sum: true });
  else plus.run(y.compute(), y.shape, operandsOf({ a: total, b: g }), {});
  return y;
}

/**
 * The gradient that a leaf keeps: computed in the leaf's place, if it has one; a copy if the elements were already computed
 * or other tensors share them.
 */
function own(leaf: Tensor, g: Tensor): Tensor {
  const { deferred, users } = g.storage;
  const place = placeOfGradient(leaf);
  if (place && deferred && users === 1) {
    place.storage.settle((address) => deferred.write(address));
    return place;
  }
  if (place) return place.copyFrom(g);
  void g.compute();
  return users === 1 ? g : empty(g.shape, "f32", "gradient").copyFrom(g);
}

/** Every node that a gradient passes through, newest first: an order in which uses come before definitions. */
function reachable(root: Node): Node[] {
  const seen = new Set<Node>([root]);
  for (const node of seen) for (const { node: parent } of node.edges) if (parent) seen.add(parent);
  return [...seen].sort((a, b) => b.id - a.id);
}

/** Options of backward(). */
export interface BackwardOptions {
  /** Keep what the operations saved, for another backward() through them. Default false. */
  retainGraph?: boolean;
}

/** Called after each gradient of an operation, with the leaf whose gradient is then complete, if there is one. */
export type Progress = (complete: Tensor | undefined) => void;

/**
 * Adds d loss / d leaf to the .grad of every leaf that requires a gradient. Frees what the operations saved as it goes.
 * `dy` is the gradient with respect to `loss`, 1 for a scalar.
 * @throws ShapeError if loss is not a scalar and dy is missing, if it has no gradient graph, or if the graph was freed.
 */
export function backward(loss: Tensor, dy?: Tensor, options: BackwardOptions = {}): void {
  checkTensors("backward", dy === undefined ? { loss } : { loss, dy });
  checkOptions<BackwardOptions>("backward", options, { retainGraph: true });
  pass(loss, dy, options);
}

/** backward() of a scalar that tells how far it is. */
export function backwardInView(loss: Tensor, progress: Progress): void {
  pass(loss, undefined, {}, progress);
}

function pass(loss: Tensor, dy: Tensor | undefined, options: BackwardOptions, progress?: Progress): void {
  const { retainGraph = false } = options;
  if (dy === undefined && loss.size !== 1) {
    throw new ShapeError(`backward: loss must be a scalar; got shape [${loss.shape.join(",")}]`);
  }
  if (dy !== undefined && !sameShape(dy.shape, loss.shape)) {
    throw new ShapeError(
      `backward: dy:[${dy.shape.join(",")}] must have the shape of y:[${loss.shape.join(",")}]`,
    );
  }
  const root = loss.node;
  if (root === undefined) {
    throw new ShapeError("backward: loss does not depend on any tensor that requires a gradient");
  }
  const nodes = reachable(root);
  for (const node of nodes) node.checkAlive();
  const gradients = new Map<Node, Tensor>();
  const seed = keep(empty(loss.shape, "f32", "backward"));
  if (dy) seed.copyFrom(dy);
  else seed.view().fill(1);
  gradients.set(root, seed);
  const complete = progress && counting(nodes);
  for (const node of nodes) node.retain(); // freeing a node must not free those it leads to before their turn
  try {
    noGrad(() => {
      for (const node of nodes) {
        const g = gradients.get(node)!;
        gradients.delete(node);
        try {
          withOnce((once) =>
            scoped(() => {
              const saved = node.saved(once);
              for (const edge of node.edges) {
                step(node, edge, g, saved, gradients);
                progress?.(complete!(edge));
              }
            }),
          );
        } finally {
          g.dispose();
        }
        if (!retainGraph) node.free();
      }
    });
  } finally {
    for (const g of gradients.values()) g.dispose();
    for (const node of nodes) node.release();
  }
}

/** For each edge, called in their order: its leaf, if no edge after it adds anything to that. */
function counting(nodes: readonly Node[]): (edge: Edge) => Tensor | undefined {
  const uses = new Map<Tensor, number>();
  for (const { edges } of nodes)
    for (const { leaf } of edges) if (leaf) uses.set(leaf, (uses.get(leaf) ?? 0) + 1);
  return ({ leaf }) => {
    if (!leaf) return undefined;
    const left = uses.get(leaf)! - 1;
    uses.set(leaf, left);
    return left === 0 ? leaf : undefined;
  };
}

/** Applies one rule and adds the result to the gradient of its node or leaf. An error leaves that gradient unchanged. */
function step(
  node: Node,
  { name, node: parent, leaf }: Edge,
  dy: Tensor,
  saved: Record<string, unknown>,
  gradients: Map<Node, Tensor>,
): void {
  if (leaf?.disposed) return;
  const rule = node.rules[name] as (dy: Tensor, saved: unknown, attrs: unknown) => Tensor;
  const total = parent ? gradients.get(parent) : leaf?.grad;
  const sum = scoped(() => {
    const result = unbroadcast(rule(dy, saved, node.attrs), node.shapes[name]!);
    const g = result === dy ? new Tensor(dy.storage.retain(), dy.shape, "f32") : result;
    const y = total ? sumOf(total, g) : g;
    return leaf && y !== total ? own(leaf, y) : y;
  });
  if (sum === total) return;
  total?.dispose();
  if (parent) gradients.set(parent, sum);
  else if (leaf) {
    leaf.grad = sum;
    sum.storage.owner = leaf.storage.owner && "gradients";
  }
}
