// Declaring an operation, in one place: its name, its shape rule, its forward kernel, what it saves for backward,
// and one gradient rule (vector-Jacobian product) for each input.

import { DataError, ShapeError } from "../errors.js";
import { disposeAux, keepAux, Node, type AnyRule, type Once } from "./autograd.js";
import { isRecorded } from "./grad-mode.js";
import { definePlan, type Make, type Planned } from "./planned.js";
import { enterScope, refusePromise, scoped, tidy } from "./scope.js";
import { describe, type Shape } from "./shape.js";
import { checkTensors, empty, Tensor, type AnyTensor, type DType } from "./tensor.js";

export type Inputs = Record<string, AnyTensor | undefined>;

/**
 * What a gradient rule may read: the tensors the op declared as saved, every input's shape, and forward's result. There may be
 * several backward passes, so nothing that depends on dy may be kept there: rules share results through once(), which keeps
 * them for one pass.
 */
export type Saved<I extends Inputs, S extends PropertyKey, Aux> = Pick<
  I & { y: Tensor },
  S & (keyof I | "y")
> & {
  readonly shapes: { readonly [K in keyof I]: Shape };
  readonly aux: Readonly<Aux>;
  readonly once: Once;
};

export interface OpSpec<I extends Inputs, A, Aux, S extends keyof I | "y", D extends DType> {
  name: string;
  /** Inputs that may be left out. */
  optional?: readonly (keyof I)[];
  /** dtype of each input that is not f32. */
  dtypes?: { readonly [K in keyof I]?: DType };
  /** dtype of the output, f32 by default. */
  dtype?: D;
  /** The output's shape. Validates everything: forward and the kernels do not. @throws ShapeError */
  shape(inputs: I, attrs: A): Shape;
  /** Plans how y, and the extras, are filled. */
  plan?: Make<I & Aux, A>;
  /** Attributes that kernels take as numbers, so that one plan does for all their values. */
  scalars?: readonly (keyof A)[];
  /**
   * More tensors for the plan to fill, which backward reads: they arrive as saved.aux. Not for a plan that absorbs something, since
   * its output may wait. recorded: whether a backward pass will follow.
   */
  extras?(inputs: I, shape: Shape, recorded: boolean): Aux;
  /**
   * Where an input waits to be computed and can take over this op (core/storage.ts): fills y, or leaves it to be computed, and
   * returns what arrives as saved.aux. undefined: it cannot, and the plan is run.
   */
  absorbed?(y: Tensor<D>, inputs: I): Aux | undefined;
  /** In place of a plan: fills y by other ops and plans. What it returns (tensors in an object are freed with the graph) arrives as saved.aux. */
  forward?(y: Tensor<D>, inputs: I, attrs: A): Aux;
  /** In place of both: the op shares the elements of this input. */
  view?: keyof I;
  /** Tensors that the gradient rules read; everything else may be freed. */
  saves: readonly S[];
  /** Gradient with respect to each differentiable input; absent for ops like argmax. May have the output's shape where the input was broadcast. */
  vjp: { readonly [K in keyof I]?: (dy: Tensor, saved: Saved<I, S, Aux>, attrs: A) => Tensor };
}

/** An operation as the registry knows it. */
export interface RegisteredOp {
  readonly name: string;
  readonly differentiable: readonly string[];
  /** What the gradient rules read: names of inputs, "y" for the output. */
  readonly saves: readonly string[];
  /** Name of the input whose elements the output shares, if any. */
  readonly view: string | undefined;
  /** How it is computed; undefined where it shares elements, or is made of other operations. */
  readonly planned: Planned<Inputs, object> | undefined;
  /** Names and shapes of the extra tensors that its plan fills when no backward pass follows (OpSpec, extras). */
  extraShapes(inputs: Readonly<Record<string, { shape: Shape }>>, shape: Shape): [string, Shape][];
  /** f32 in types, although argmax returns i32. */
  apply(inputs: Inputs, attrs: unknown): Tensor;
}

const registry = new Map<string, RegisteredOp>();

/** An application of an op, as shapesOnly() shows it. */
export interface AppliedOp {
  readonly name: string;
  readonly inputs: Inputs;
  readonly attrs: object;
  readonly y: AnyTensor;
}

let observer: ((op: AppliedOp) => void) | undefined;

/** Whether shapesOnly() is running. */
export function isShapesOnly(): boolean {
  return observer !== undefined;
}

/**
 * Runs fn with ops that only check and return shapes: tensors have no elements and take no memory, so that a network of
 * any size can be measured. onOp sees every op that is applied.
 */
export function shapesOnly<T>(fn: () => T, onOp: (op: AppliedOp) => void = () => undefined): T {
  const before = observer;
  observer = onOp;
  try {
    const result = fn();
    refusePromise("shapesOnly", result);
    return result;
  } finally {
    observer = before;
  }
}

/** A tensor with a known shape and no elements. @throws DataError when its elements are read */
export function withoutValues<T extends AnyTensor>(x: T, name: string): T {
  const write = (): never => {
    throw new DataError(
      `${name}: has no values while a model is only inspected (trace, summary, compile); expected a forward() that does not read them`,
    );
  };
  x.storage.defer({ sources: [], absorbs: new Set(), write });
  return x;
}

/** Every op declared so far, by name. */
export function registeredOps(): ReadonlyMap<string, RegisteredOp> {
  return registry;
}

/** @throws DataError for an input that is not a tensor; ShapeError for one of the wrong dtype */
function checkInputs(
  name: string,
  inputs: Inputs,
  dtypes: Record<string, DType | undefined>,
  optional: readonly PropertyKey[],
): void {
  for (const key in inputs) {
    const t = inputs[key];
    const expected = dtypes[key] ?? "f32";
    if (t?.dtype === expected || (t === undefined && optional.includes(key))) continue;
    checkTensors(name, { [key]: t });
    throw new ShapeError(`${name}: ${key} has the wrong dtype; got ${t!.dtype}; expected ${expected}`);
  }
}

/** Names of the inputs that get a gradient. */
function recorded(inputs: Inputs): string[] {
  const names: string[] = [];
  for (const key in inputs) if (inputs[key] && isRecorded(inputs[key])) names.push(key);
  return names;
}

/** Declares an operation and returns the function that applies it. */
export function defineOp<
  I extends { [K in keyof I]: AnyTensor | undefined },
  A extends object,
  Aux extends object | void = void,
  const S extends keyof I | "y" = never,
  D extends DType = "f32",
>(
  spec: OpSpec<I, A, Aux, S, D>,
): (inputs: I, ...attrs: object extends A ? [attrs?: A] : [attrs: A]) => Tensor<D> {
  const { name, view, dtype = "f32" as D } = spec;
  if (registry.has(name)) throw new Error(`defineOp: '${name}' is declared twice`);
  const rules = spec.vjp as Record<string, AnyRule | undefined>;
  const differentiable = Object.keys(rules).length > 0;
  const dtypes = (spec.dtypes ?? {}) as Record<string, DType | undefined>;
  const optional = spec.optional ?? [];
  const { plan, forward: own } = spec;
  if ([plan, own, view].filter(Boolean).length !== 1) {
    throw new Error(`defineOp: '${name}' needs a plan, a forward or a view: one of them`);
  }
  const planned = plan && definePlan<Inputs, A>(name, plan as unknown as Make<Inputs, A>, spec.scalars);

  /** Fills y, which has no memory yet; returns what else backward will read. */
  const forward = (y: Tensor<D>, inputs: I, attrs: A, recorded: boolean): Aux | undefined => {
    if (!planned) return own?.(y, inputs, attrs);
    const aux = spec.absorbed?.(y, inputs);
    if (aux) return aux;
    const extras = spec.extras?.(inputs, y.shape, recorded);
    planned.fill(y, extras ? { ...inputs, ...extras } : inputs, attrs, undefined, recorded);
    return extras;
  };

  const apply = (inputs: I, attrs: A = {} as A): Tensor<D> => {
    const named = inputs as Inputs;
    checkInputs(name, named, dtypes, optional);
    const shape = spec.shape(inputs, attrs);
    if (observer) {
      const y = withoutValues(empty(shape, dtype, name), name);
      observer({ name, inputs: named, attrs, y });
      return y;
    }
    const needs = differentiable ? recorded(named) : [];
    const missing = needs.find((key) => rules[key] === undefined);
    if (missing !== undefined) {
      throw new ShapeError(
        `${name}: has no gradient with respect to ${missing}; got ${describe(named)}; detach() it or use noGrad`,
      );
    }
    const source = view === undefined ? undefined : inputs[view]!;
    let aux: Aux | undefined;
    // In a scope of its own, so that an op that fails half-way (out of memory) leaves nothing behind.
    const y = scoped(() => {
      const out = source
        ? new Tensor(source.storage.retain(), shape, source.dtype as D)
        : empty(shape, dtype, name);
      aux = forward(out, inputs, attrs, needs.length > 0);
      keepAux(aux);
      return out;
    });
    enterScope(y);
    if (needs.length > 0) {
      y.node = new Node({
        op: name,
        rules,
        inputs: named,
        needs,
        y,
        saves: spec.saves as readonly string[],
        aux,
        attrs,
      });
    } else {
      disposeAux(aux);
    }
    return y;
  };
  registry.set(name, {
    name,
    differentiable: Object.keys(spec.vjp),
    saves: spec.saves as readonly string[],
    view: view as string | undefined,
    planned: planned as RegisteredOp["planned"],
    extraShapes: (inputs, shape) =>
      tidy(() => {
        const extras = spec.extras?.(inputs as unknown as I, shape, false) ?? {};
        return Object.entries(extras).map(([key, t]) => [key, (t as AnyTensor).shape]);
      }),
    apply: (inputs, attrs) => apply(inputs as I, attrs as A) as Tensor,
  });
  return apply as ReturnType<typeof defineOp<I, A, Aux, S, D>>;
}
