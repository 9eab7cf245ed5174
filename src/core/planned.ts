// Plans (wasm/plan.ts) for tensors: made when shapes and attributes are met for the first time, kept until init().

import { Planner, placeOf, type Plan } from "../wasm/plan.js";
import { perRuntime } from "../wasm/runtime.js";
import { isRecorded } from "./autograd.js";
import type { Shape } from "./shape.js";
import { sizeOf } from "./shape.js";
import type { Storage } from "./storage.js";
import { empty, type Tensor } from "./tensor.js";
import { Trials } from "./trials.js";

/** A tensor as a plan sees it: what can be said without its elements. */
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
  /** Whether its elements stay, so that something derived from them may be kept with it. */
  readonly stays: boolean;
}

type Tensors<T> = { readonly [K in keyof T]: Tensor | undefined };
export type Places<T> = { readonly [K in keyof T]: undefined extends T[K] ? Place | undefined : Place };
export type Operands<T> = { readonly [K in keyof T]: undefined extends T[K] ? Operand | undefined : Operand };

/** Plans how y is computed from the inputs. */
export type Make<T, A> = (planner: Planner, y: Place, inputs: Places<T>, attrs: A) => void;

/** Combinations of shapes and attributes that are remembered for an op. */
const MOST_PLANS = 1000;

/** How an op computes y, for all shapes. */
export interface Planned<T, A> {
  /** The plan for inputs of these shapes. */
  planFor(shape: Shape, inputs: Operands<T>, attrs: A): Plan;
  /** Computes y's elements to an address. */
  run(address: number, shape: Shape, inputs: Operands<T>, attrs: A): void;
  /** A new tensor of the shape, computed. */
  (shape: Shape, inputs: T, attrs: A): Tensor;
}

export function operandsOf<T extends Tensors<T>>(inputs: T): Operands<T> {
  const operands: Record<string, Operand | undefined> = {};
  for (const [name, t] of Object.entries(inputs as Record<string, Tensor | undefined>)) {
    operands[name] = t && { shape: t.shape, storage: t.storage, stays: !isRecorded(t) };
  }
  return operands as unknown as Operands<T>;
}

function placeOfOperand(i: number, shape: Shape): Place {
  return { ptr: placeOf(i), shape, size: sizeOf(shape) };
}

/** What tells plans apart. */
function keyOf(shape: Shape, inputs: readonly (Operand | undefined)[], attrs: object): string {
  let key = shape.join();
  for (const t of inputs) key += t ? `${t.stays ? "=" : "|"}${t.shape.join()}` : "-";
  for (const value of Object.values(attrs)) key += `;${value}`;
  return key;
}

/** Runs a plan on y and inputs at these addresses. */
function runPlan(plan: Plan, at: readonly number[], inputs: readonly (Operand | undefined)[]): void {
  const addresses = [...at];
  for (const { of, layout, bytes, plan: own } of plan.derived) {
    const from = addresses[of]!;
    addresses.push(inputs[of - 1]!.storage.derived(layout, bytes, (to) => own.run([from, to])));
  }
  plan.run(addresses);
}

/** What is remembered for a combination of shapes and attributes: the plan of each way that was planned, and their times. */
interface Entry {
  readonly plans: Plan[];
  readonly trials: Trials | undefined;
}

/** Declares how something is computed. name: for errors and leak reports. */
export function definePlan<T extends Tensors<T>, A extends object>(
  name: string,
  make: Make<T, A>,
): Planned<T, A> {
  type Named = [string, Operand | undefined][];
  const entries = perRuntime(() => new Map<string, Entry>());

  const planWay = (way: number, shape: Shape, inputs: Operands<T>, attrs: A): Plan => {
    const named = Object.entries(inputs) as Named;
    const places = named.map(([input, t], i) => [input, t && placeOfOperand(i + 1, t.shape)] as const);
    const keeps = (operand: number): boolean => named[operand - 1]?.[1]?.stays ?? false;
    const planner = new Planner(name, named.length + 1, keeps, way);
    make(planner, placeOfOperand(0, shape), Object.fromEntries(places) as unknown as Places<T>, attrs);
    return planner.plan();
  };

  const entryFor = (shape: Shape, inputs: Operands<T>, attrs: A): Entry => {
    const known = entries();
    const key = keyOf(shape, Object.values(inputs) as (Operand | undefined)[], attrs);
    let entry = known.get(key);
    if (!entry) {
      if (known.size === MOST_PLANS) known.clear();
      const plan = planWay(0, shape, inputs, attrs);
      entry = { plans: [plan], trials: plan.ways > 1 ? new Trials(name, plan.ways) : undefined };
      known.set(key, entry);
    }
    return entry;
  };

  const run = (address: number, shape: Shape, inputs: Operands<T>, attrs: A): void => {
    const { plans, trials } = entryFor(shape, inputs, attrs);
    const operands = Object.values(inputs) as (Operand | undefined)[];
    // Inputs that wait to be computed are computed here: that is none of the time of any way.
    const at = [address, ...operands.map((t) => t?.storage.address ?? 0)];
    if (!trials) return runPlan(plans[0]!, at, operands);
    trials.run(
      (way) => (plans[way] ??= planWay(way, shape, inputs, attrs)),
      (plan) => runPlan(plan, at, operands),
    );
  };

  const compute = (shape: Shape, inputs: T, attrs: A): Tensor => {
    const y = empty(shape, "f32", name);
    run(y.ptr, shape, operandsOf(inputs), attrs);
    return y;
  };
  return Object.assign(compute, {
    run,
    planFor: (shape: Shape, inputs: Operands<T>, attrs: A) => entryFor(shape, inputs, attrs).plans[0]!,
  });
}
