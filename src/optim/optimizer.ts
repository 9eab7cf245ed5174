// The common part of optimizers: the parameters, the learning rate, the step count, and the state of each parameter.

import { dispose } from "../core/dispose.js";
import { FlatGradients } from "../core/flat-gradients.js";
import { keep, tidy } from "../core/scope.js";
import { sameShape } from "../core/shape.js";
import { aboutToWrite, full, Tensor } from "../core/tensor.js";
import type { StateDict } from "../core/state.js";
import { DataError, ShapeError, WasmError } from "../errors.js";
import { checkOptions, wrongKind, type Names } from "../errors/options.js";
import { sumsOf, withRoom } from "./norm.js";
import { checkRange } from "./options.js";
import { checkState } from "./state.js";

/** Parameters that are trained differently from the rest. */
export interface ParameterGroup {
  /** The parameters. */
  parameters: readonly Tensor[];
  /** Their learning rate relative to the optimizer's, so that schedules change all in proportion. Default 1. */
  lrScale?: number;
  /** Default: the optimizer's. */
  weightDecay?: number;
}

/** What a parameter's update reads. */
export interface Rates {
  lr: number;
  weightDecay: number;
  /** Whether this is the parameter's first update. */
  first: boolean;
}

/** An optimizer's state without its options, as a checkpoint holds it. */
export interface OptimizerState {
  /** Steps taken. */
  steps: number;
  /** By "<index of the parameter>.<name>", such as "3.power1". Doubles, which JSON keeps exactly. */
  numbers: Record<string, number>;
  /** By "<index of the parameter>.<name>", such as "3.momentum"; in memory's layout, not PyTorch's. */
  tensors: StateDict;
}

/** An optimizer's state for every parameter, by name, with the initial values. */
export interface Beginning {
  /** Tensors of the parameter's shape. */
  readonly tensors?: Readonly<Record<string, number>>;
  readonly numbers?: Readonly<Record<string, number>>;
}

/** The state of one parameter. T and N: the names of its tensors and numbers. */
export class Memory<T extends string, N extends string> {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly numbers: Record<N, number>;
  /** Whether the parameter has had no update yet. */
  fresh = true;

  constructor({ tensors = {}, numbers = {} }: Beginning, p: Tensor) {
    this.tensors = tidy(() => new Map(Object.entries(tensors).map(([name, v]) => [name, full(p.shape, v)])));
    for (const t of this.tensors.values()) keep(t).storage.owner = "optimizers";
    this.numbers = { ...numbers } as Record<N, number>;
  }

  /** Address of a tensor; 0 if the optimizer's options make it unnecessary. */
  ptr(name: T): number {
    return this.tensors.get(name)?.compute() ?? 0;
  }

  dispose(): void {
    for (const t of this.tensors.values()) t.dispose();
  }
}

const GROUP: Names<ParameterGroup> = { parameters: true, lrScale: true, weightDecay: true };

/** @throws DataError unless it is a list of tensors, and of groups of tensors */
function checkParameters(name: string, parameters: readonly (Tensor | ParameterGroup)[]): void {
  const expected = "an array of tensors or groups, such as model.parameters()";
  if (!Array.isArray(parameters)) throw wrongKind(name, "parameters", parameters, expected);
  for (const p of parameters as readonly (Tensor | ParameterGroup)[]) {
    if (p instanceof Tensor) continue;
    if (typeof p !== "object" || p === null || !Array.isArray(p.parameters)) {
      throw wrongKind(name, "parameters", p, expected);
    }
    checkOptions<ParameterGroup>(`${name}: group of parameters`, p, GROUP);
    for (const t of p.parameters)
      if (!(t instanceof Tensor)) throw wrongKind(name, "parameter", t, "a tensor");
  }
}

/** @throws ShapeError for a tensor that no step could train */
function checkTrainable(name: string, p: Tensor, i: number): void {
  const what = `${name}: parameter ${i} [${p.shape.join(",")}]`;
  if (p.dtype !== "f32") throw new ShapeError(`${what} has the wrong dtype; got ${p.dtype}; expected f32`);
  if (p.node) throw new ShapeError(`${what} is an operation's result; expected a tensor that it starts from`);
}

/**
 * The base of all optimizers: step() changes the parameters by their gradients, zeroGrad() drops these, stateDict() and
 * loadStateDict() resume a training run.
 */
export abstract class Optimizer<T extends string = string, N extends string = string> {
  /** The learning rate; may be changed between steps. */
  lr: number;
  /** Weight decay of parameters whose group does not set its own. */
  readonly weightDecay: number;
  /** Steps taken so far. */
  steps = 0;
  /** The parameters that it changes, group after group. */
  readonly parameters: readonly Tensor[];
  /** Their gradients as one array: gradients.flat(). */
  readonly gradients: FlatGradients;
  /** The group of each parameter. */
  readonly #groups: readonly ParameterGroup[];
  /** State of the parameters that have had an update, by index. */
  readonly #memories = new Map<number, Memory<T, N>>();

  /** @throws ShapeError if there are no parameters; DataError for a rate outside its range */
  constructor(parameters: readonly (Tensor | ParameterGroup)[], lr: number, weightDecay: number) {
    const name = this.constructor.name;
    checkParameters(name, parameters);
    const groups = parameters.map((p): ParameterGroup => (p instanceof Tensor ? { parameters: [p] } : p));
    this.#groups = groups.flatMap((group) => group.parameters.map(() => group));
    this.parameters = groups.flatMap((group) => group.parameters);
    if (this.parameters.length === 0) throw new ShapeError(`${name}: got no parameters`);
    this.parameters.forEach((p, i) => checkTrainable(name, p, i));
    if (new Set(this.parameters).size < this.parameters.length)
      throw new DataError(`${name}: a parameter is listed twice; expected each once, in one group`);
    checkRange(`${name}: lr`, lr, 0, Infinity);
    checkRange(`${name}: weightDecay`, weightDecay, 0, Infinity);
    for (const { lrScale = 1, weightDecay: decay = 0 } of groups) {
      checkRange(`${name}: lrScale`, lrScale, 0, Infinity);
      checkRange(`${name}: weightDecay`, decay, 0, Infinity);
    }
    this.lr = lr;
    this.weightDecay = weightDecay;
    this.gradients = new FlatGradients(this.parameters);
  }

  /**
   * Changes every parameter that has a gradient, in place: all or, after an error, none.
   * @throws WasmError if memory runs out, or a parameter was disposed of; ShapeError for a gradient of another shape;
   * DataError for a rate that is negative or not a number
   */
  step(): void {
    this.#check();
    const trained = this.parameters.filter((p) => p.grad);
    aboutToWrite(trained);
    const sums = trained.reduce((most, p) => Math.max(most, sumsOf(p.size, this.sums)), 0);
    withRoom(sums, () => {
      this.#remember();
      this.look();
      this.#update();
    });
  }

  #check(): void {
    const { name } = this.constructor;
    checkRange(`${name}: lr`, this.lr, 0, Infinity);
    this.parameters.forEach((p, i) => {
      const what = `${name}: parameter ${i} [${p.shape.join(",")}]`;
      if (p.disposed) throw new WasmError(`${what}: used after it was disposed of`);
      const { grad } = p as { grad: unknown };
      if (grad === undefined) return;
      if (!(grad instanceof Tensor))
        throw wrongKind(name, `the gradient of parameter ${i}`, grad, "a tensor");
      void grad.compute();
      if (grad.dtype === "f32" && sameShape(grad.shape, p.shape)) return;
      throw new ShapeError(`${what}: its gradient does not fit; got ${grad.dtype} [${grad.shape.join(",")}]`);
    });
  }

  #update(): void {
    this.steps++;
    this.parameters.forEach((p, i) => {
      if (!p.grad) return;
      const { lrScale = 1, weightDecay = this.weightDecay } = this.#groups[i]!;
      const memory = this.#memories.get(i)!;
      const { fresh } = memory;
      memory.fresh = false;
      this.update(p, p.grad, memory, { lr: this.lr * lrScale, weightDecay, first: fresh });
    });
  }

  /** Reserves memory for the state of every parameter that is about to be updated, before any is. */
  #remember(): void {
    const missing = this.parameters.flatMap((p, i) => (p.grad && !this.#memories.has(i) ? [i] : []));
    if (missing.length > 0) this.#allocate(missing).forEach((memory, i) => this.#memories.set(i, memory));
  }

  /** New state for these parameters: for all or, after an error, for none. */
  #allocate(indices: readonly number[]): Map<number, Memory<T, N>> {
    const made = new Map<number, Memory<T, N>>();
    try {
      const beginning = this.beginning();
      for (const i of indices) made.set(i, new Memory<T, N>(beginning, this.parameters[i]!));
    } catch (error) {
      for (const memory of made.values()) memory.dispose();
      throw error;
    }
    return made;
  }

  /** Drops every gradient. */
  zeroGrad(): void {
    for (const p of this.parameters) {
      p.grad?.dispose();
      p.grad = undefined;
    }
  }

  /** A copy of the optimizer's state: its steps and the tensors and numbers of each parameter, but not its options or lr. */
  stateDict(): OptimizerState {
    const state: OptimizerState = { steps: this.steps, numbers: {}, tensors: new Map() };
    for (const [i, { tensors, numbers }] of [...this.#memories].sort(([a], [b]) => a - b)) {
      for (const [name, t] of tensors) {
        state.tensors.set(`${i}.${name}`, { dtype: "F32", shape: t.shape, data: t.data() });
      }
      for (const [name, value] of Object.entries<number>(numbers)) state.numbers[`${i}.${name}`] = value;
    }
    return state;
  }

  /**
   * Restores the state that stateDict() returned: the next steps give the same bits. All or nothing.
   * @throws DataError naming what does not fit these parameters and options
   */
  loadStateDict(state: OptimizerState): void {
    const indices = checkState(this.constructor.name, state, this.parameters, this.beginning());
    this.#allocate(indices.filter((i) => !this.#memories.has(i))).forEach((m, i) => this.#memories.set(i, m));
    for (const [i, memory] of this.#memories) {
      if (!indices.includes(i)) {
        memory.dispose();
        this.#memories.delete(i);
        continue;
      }
      memory.fresh = false;
      for (const [name, t] of memory.tensors) {
        t.copyFrom(state.tensors.get(`${i}.${name}`)!.data as Float32Array);
      }
      for (const name of Object.keys(memory.numbers) as N[]) {
        memory.numbers[name] = state.numbers[`${i}.${name}`]!;
      }
    }
    this.steps = state.steps;
  }

  /** Frees the optimizer's own tensors, and so its state. The parameters keep their gradients. */
  dispose(): void {
    this.gradients.dispose();
    for (const memory of this.#memories.values()) memory.dispose();
    this.#memories.clear();
  }

  /** For `using`: dispose() at the end of the block. */
  [dispose](): void {
    this.dispose();
  }

  /** Sums per block of a parameter for which its update needs memory. */
  protected readonly sums: number = 0;

  /** Looks at all gradients before the first parameter is updated. */
  protected look(): void {}

  /** The state of a parameter at its first update. */
  protected abstract beginning(): Beginning;

  /** Updates a parameter and its state. */
  protected abstract update(p: Tensor, grad: Tensor, memory: Memory<T, N>, rates: Rates): void;
}
