// Plans (wasm/plan.ts) for tensors: made when shapes and attributes first occur, kept until init().

import { OWN, Planner, placeOf, type Absorbed, type Plan } from "../wasm/plan.js";
import { perRuntime } from "../wasm/runtime.js";
import { isRecorded } from "./grad-mode.js";
import { PlanCache } from "./plan-cache.js";
import type { Shape } from "./shape.js";
import { sizeOf } from "./shape.js";
import type { Activation, Deferred, Epilogue, Storage } from "./storage.js";
import { empty, type AnyTensor, type Tensor } from "./tensor.js";
import { Trials } from "./trials.js";

/** A tensor as a plan sees it: what is known without its elements. */
export interface Place {
  /** Stands for its address: planners compute with it as with one. */
  readonly ptr: number;
  readonly shape: Shape;
  readonly size: number;
}

/** A tensor as an operation takes it. It may outlive the tensor: results may be computed later. */
export interface Operand {
  readonly shape: Shape;
  readonly storage: Storage;
  /** Whether its elements stay the same, so that values derived from them may be kept with it. */
  readonly stays: boolean;
}

type Tensors<T> = { readonly [K in keyof T]: AnyTensor | undefined };
export type Places<T> = { readonly [K in keyof T]: undefined extends T[K] ? Place | undefined : Place };
export type Operands<T> = { readonly [K in keyof T]: undefined extends T[K] ? Operand | undefined : Operand };
type AnyOperands = Readonly<Record<string, Operand | undefined>>;

/** What else a plan does, for the operation that follows: an Epilogue (storage.ts) of places. */
export interface Also {
  readonly moments: { pivot: number; mean: number; variance: number } | undefined;
  readonly sum: boolean;
  /** Place of the term to add, 0 for none; it shares no memory with y. */
  readonly residual: number;
  readonly activation: Activation | undefined;
  /** Floats from one row of y to the next, where its rows are parts of longer ones. */
  readonly yStep: number | undefined;
}

/** Attributes that say which parts of it a plan does. */
export type AlsoAttrs = Partial<Pick<Also, "sum" | "activation" | "yStep">>;

/** Plans how y is computed from the inputs, and the parts of the epilogue that the planner says it absorbs. */
export type Make<T, A> = (planner: Planner, y: Place, inputs: Places<T>, attrs: A, also: Also) => void;

/** What a plan needs to know of an operand. */
type Planable = Pick<Operand, "shape" | "stays">;

/** How an op computes y, for all shapes. */
export interface Planned<T, A> {
  /** Names of attributes whose values run() puts after the operands' addresses. */
  readonly scalars: readonly PropertyKey[];
  /**
   * The plan for these shapes and attributes. Its operands are y, the inputs in their order (of an epilogue: "residual"), the
   * scalars, and derived values. way: which of its ways, 0 by default.
   */
  plan(
    shape: Shape,
    inputs: Readonly<Record<string, Planable | undefined>>,
    attrs: A & AlsoAttrs,
    way?: number,
  ): Plan;
  /** Computes y's elements to an address. */
  run(address: number, shape: Shape, inputs: Operands<T>, attrs: A): void;
  /**
   * Computes y's elements, or leaves them to be computed where that can take something over from the next operation. more: what
   * else the next operation may want to know of them. recorded: backward may want them too, and would compute them again if they
   * were left to an activation.
   */
  fill(y: AnyTensor, inputs: T, attrs: A, more?: Pick<Deferred, "scaled">, recorded?: boolean): void;
  /** A new tensor of the shape, filled. */
  (shape: Shape, inputs: T, attrs: A): Tensor;
  /** The same, computed when its elements are needed: a parameter's gradient is then written directly to its place. */
  later(shape: Shape, inputs: T, attrs: A): Tensor;
}

export function operandsOf<T extends Tensors<T>>(inputs: T): Operands<T> {
  const operands: Record<string, Operand | undefined> = {};
  for (const name in inputs) {
    const t = inputs[name] as AnyTensor | undefined;
    operands[name] = t && { shape: t.shape, storage: t.storage, stays: !isRecorded(t) };
  }
  return operands as unknown as Operands<T>;
}

function placeOfOperand(i: number, shape: Shape): Place {
  return { ptr: placeOf(i), shape, size: sizeOf(shape) };
}

/** Runs a plan on operands at these addresses, and on values derived from the inputs. */
function runPlan(plan: Plan, addresses: number[], inputs: AnyOperands): void {
  if (plan.derived.length > 0) {
    const operands = Object.values(inputs);
    for (const { of, layout, key, bytes, plan: own } of plan.derived) {
      const from = addresses[OWN + of]!;
      const fill = (to: number): void => own.run([0, 0, 0, from, to]);
      addresses.push(operands[of - 1]!.storage.derived(key, layout, bytes, fill));
    }
  }
  plan.run(addresses);
}

/** What an op absorbs only if no backward pass follows. */
const IN_INFERENCE: ReadonlySet<Absorbed> = new Set(["residual", "activation", "within"]);

/** What is remembered for a combination of shapes and attributes: the plans of the ways planned so far, and their times. */
interface Entry {
  readonly plans: Plan[];
  readonly trials: Trials | undefined;
}

/**
 * Declares how something is computed. name: for errors and leak reports. scalars: attributes that kernels take as numbers; one
 * plan serves all their values, so it sees places instead of values.
 */
export function definePlan<T extends Tensors<T>, A extends object>(
  name: string,
  make: Make<T, A>,
  scalars: readonly (keyof A)[] = [],
): Planned<T, A> {
  const caches = perRuntime(
    () => new PlanCache<Entry>(new Set<PropertyKey>(scalars), ({ plans }) => plans[0]!.launchCount),
  );

  const plan: Planned<T, A>["plan"] = (shape, inputs, attrs, way = 0) => {
    const named = Object.entries(inputs);
    const places = named.map(([input, t], i) => [input, t && placeOfOperand(i + 1, t.shape)] as const);
    const keeps = (operand: number): boolean => named[operand - 1]?.[1]?.stays ?? false;
    const values = scalars.map((scalar, i) => [scalar, placeOf(named.length + 1 + i)] as const);
    const planner = new Planner(name, named.length + 1 + scalars.length, keeps, way);
    const seen = scalars.length > 0 ? { ...attrs, ...Object.fromEntries(values) } : attrs;
    const all = Object.fromEntries(places);
    make(planner, placeOfOperand(0, shape), all as unknown as Places<T>, seen, alsoOf(all, attrs));
    return planner.plan();
  };

  const entryFor = (shape: Shape, inputs: Operands<T>, attrs: A): Entry =>
    caches().get(shape, inputs, attrs as Record<string, unknown>, () => {
      const first = plan(shape, inputs, attrs);
      return { plans: [first], trials: first.ways > 1 ? new Trials(name, first.ways) : undefined };
    });

  const run = (address: number, shape: Shape, inputs: Operands<T>, attrs: A): void =>
    runEntry(entryFor(shape, inputs, attrs), address, shape, inputs, attrs);

  const runEntry = (
    { plans, trials }: Entry,
    address: number,
    shape: Shape,
    inputs: Operands<T>,
    attrs: A,
  ): void => {
    // Inputs that wait to be computed are computed here, so that their time does not count towards any way.
    const addresses = [0, 0, 0, address];
    for (const input in inputs) {
      addresses.push((inputs[input] as Operand | undefined)?.storage.compute() ?? 0);
    }
    for (const scalar of scalars) addresses.push(attrs[scalar] as number);
    if (!trials) return runPlan(plans[0]!, addresses, inputs);
    trials.run(
      (way) => (plans[way] ??= plan(shape, inputs, attrs, way)),
      (chosen) => runPlan(chosen, addresses, inputs),
    );
  };

  const defer = (
    y: AnyTensor,
    absorbs: Deferred["absorbs"],
    own: Operands<T>,
    attrs: A,
    more?: Pick<Deferred, "scaled">,
  ): void => {
    const { shape } = y;
    y.storage.defer({
      sources: Object.values(own as AnyOperands).flatMap((operand) => operand?.storage ?? []),
      absorbs,
      channels: shape.at(-1)!,
      write: (address, epilogue = {}) =>
        run(address, shape, withEpilogue(own, epilogue, shape), { ...attrs, ...flagsOf(epilogue) }),
      ...more,
    });
  };

  const fill = (
    y: AnyTensor,
    inputs: T,
    attrs: A,
    more?: Pick<Deferred, "scaled">,
    recorded: boolean = false,
  ): void => {
    const own = operandsOf(inputs);
    const entry = entryFor(y.shape, own, attrs);
    const all = entry.plans[0]!.absorbs;
    const absorbs = recorded ? new Set([...all].filter((what) => !IN_INFERENCE.has(what))) : all;
    if (absorbs.size > 0) defer(y, absorbs, own, attrs, more);
    else runEntry(entry, y.compute(), y.shape, own, attrs);
  };

  const compute = (shape: Shape, inputs: T, attrs: A): Tensor => {
    const y = empty(shape, "f32", name);
    fill(y, inputs, attrs);
    return y;
  };

  const later = (shape: Shape, inputs: T, attrs: A): Tensor => {
    const y = empty(shape, "f32", name);
    const own = operandsOf(inputs);
    defer(y, entryFor(shape, own, attrs).plans[0]!.absorbs, own, attrs);
    return y;
  };
  return Object.assign(compute, { scalars, plan, run, fill, later });
}

/** The inputs followed by the tensors of an epilogue. */
function withEpilogue<T>(inputs: Operands<T>, { moments, residual }: Epilogue, shape: Shape): Operands<T> {
  if (!moments && !residual) return inputs;
  const more = { ...inputs, ...(moments && operandsOf(moments)) } as Record<string, Operand | undefined>;
  if (residual) more["residual"] = { shape, storage: residual, stays: false };
  return more as unknown as Operands<T>;
}

/** The parts of an epilogue that are not tensors; undefined if there are none, so that plans without an epilogue are found. */
function flagsOf({ sum, activation }: Epilogue): AlsoAttrs {
  return { ...(sum && { sum }), ...(activation && { activation }) };
}

/** The epilogue as a plan sees it. */
function alsoOf(inputs: Readonly<Record<string, Place | undefined>>, attrs: AlsoAttrs): Also {
  const { pivot, mean, variance, residual } = inputs;
  const moments = pivot && mean && variance;
  return {
    moments: moments && { pivot: pivot.ptr, mean: mean.ptr, variance: variance.ptr },
    residual: residual?.ptr ?? 0,
    sum: attrs.sum ?? false,
    activation: attrs.activation,
    yStep: attrs.yStep,
  };
}
