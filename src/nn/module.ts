// Modules: layers and networks. A module's fields are its tree: parameters, buffers and child modules are found there,
// in the order of the fields, and named as PyTorch names them.

import { dispose } from "../core/dispose.js";
import { keep, tidy } from "../core/scope.js";
import { sameShape, type Shape } from "../core/shape.js";
import { listed, type StateDict, type StateTensor } from "../core/state.js";
import type { Owner } from "../core/storage.js";
import { aboutToOverwrite, checkTensors, Tensor, type DType, type TypedArray } from "../core/tensor.js";
import { DataError, short } from "../errors.js";
import { checkOptions, kindOf, wrongKind } from "../errors/options.js";
import { permute } from "../ops/index.js";
import { noGrad } from "../core/grad-mode.js";
import { addForwardHook, type ForwardHook, type HookHandle } from "./hooks.js";

/** Options of Parameter and BufferTensor. */
export interface StateOptions {
  /** Axis i in files is axis fileAxes[i] in memory. Default: the same order. */
  fileAxes?: readonly number[];
}

/** Options of loadStateDict(). */
export interface LoadOptions {
  /** Whether everything must be present and fit. Default true. */
  strict?: boolean;
  /** Name for errors: a file. */
  source?: string;
}

/** A tensor of another shape or type than the model's. */
export interface Mismatch {
  /** The tensor's name in files. */
  readonly name: string;
  /** Type and shape in the state dict. */
  readonly got: string;
  /** Type and shape in the model. */
  readonly expected: string;
}

/** How a state dict and a module differ. */
export interface LoadReport {
  /** Names that the module has and the state dict lacks. */
  readonly missing: string[];
  /** Names that the state dict has and the module lacks. */
  readonly unexpected: string[];
  /** Tensors of another shape or type. */
  readonly mismatched: Mismatch[];
}

/** A tensor that belongs to a module: freed with it, not by scopes, and part of its state. */
abstract class ModuleTensor<D extends DType = DType> extends Tensor<D> {
  /** Axis i in files is axis fileAxes[i] in memory; undefined for the same order. */
  readonly fileAxes: readonly number[] | undefined;

  constructor(value: Tensor<D>, owner: Owner, options: StateOptions = {}) {
    checkTensors(owner === "parameters" ? "Parameter" : "BufferTensor", { value });
    checkOptions<StateOptions>(owner === "parameters" ? "Parameter" : "BufferTensor", options, {
      fileAxes: true,
    });
    const { fileAxes } = options;
    super(value.storage.retain(), value.shape, value.dtype);
    keep(this);
    value.dispose();
    this.storage.owner = owner;
    this.fileAxes = fileAxes;
  }

  override dispose(): void {
    if (!this.disposed) this.storage.owner = undefined; // any tensor that still holds the elements now owns them
    super.dispose();
  }

  /** The shape in files, as stateDict() returns it. */
  get fileShape(): Shape {
    return this.fileAxes ? this.fileAxes.map((a) => this.shape[a]!) : this.shape;
  }
}

/** A tensor that training changes. Takes over `value`, which must not be used afterwards. */
export class Parameter extends ModuleTensor<"f32"> {
  constructor(value: Tensor, options?: StateOptions) {
    super(value, "parameters", options);
    this.requiresGrad = true;
  }
}

/** State that is not trained, such as running statistics. i32 counters become int64 in files, as PyTorch has them. */
export class BufferTensor<D extends DType = "f32"> extends ModuleTensor<D> {
  constructor(value: Tensor<D>, options?: StateOptions) {
    super(value, "buffers", options);
  }
}

/**
 * "runningMean" → "running_mean": PyTorch's spelling of a field's name. A trailing _ is dropped: "head_" where `head` is taken. Names
 * that begin with a capital stay unchanged: "Mixed_5b".
 */
function fileName(field: string): string {
  if (/^[A-Z]/.test(field)) return field;
  return field.replace(/_$/, "").replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
}

/** Options of namedParameters() and the like. */
export interface NamesOptions {
  /** Whether a tensor used in several places is listed once, under its first name; otherwise under all. Default true. */
  removeDuplicate?: boolean;
}

/** A class of modules whose constructor takes no arguments, such as ReLU. */
export type ModuleClass = new () => Module;

/** Base class of layers and networks. Subclasses keep their parts in fields and define forward(). */
export abstract class Module {
  /** Whether layers such as dropout and batch normalisation behave as in training. Set by train() and eval(). */
  training = true;

  /**
   * The module's output for x. The enclosing tidy() frees intermediate tensors, unless a gradient still needs them. If a network
   * has auxiliary classifiers, outputsOf() returns their outputs.
   */
  abstract forward(x: Tensor): Tensor;

  /** Child modules by field name; an array's elements count as `field.0`, `field.1`, … */
  namedChildren(): [name: string, child: Module][] {
    return Object.entries(this).flatMap(([field, value]): [string, Module][] => {
      if (value instanceof Module) return [[field, value]];
      if (!Array.isArray(value)) return [];
      return value.flatMap((v, i): [string, Module][] => (v instanceof Module ? [[`${field}.${i}`, v]] : []));
    });
  }

  /** Replaces the child of that name. */
  protected setChild(name: string, child: Module): void {
    const [field, index] = name.split(".") as [string, string?];
    const fields = this as Record<string, unknown>;
    if (index === undefined) fields[field] = child;
    else (fields[field] as Module[])[Number(index)] = child;
  }

  /** The parent, the name in it, and the module at a path. */
  #find(path: string): [parent: Module, name: string, module: Module] {
    for (const [name, child] of this.namedChildren()) {
      const own = fileName(name);
      if (path === own || path === name) return [this, name, child];
      if (path.startsWith(`${own}.`)) return child.#find(path.slice(own.length + 1));
    }
    const known = this.namedChildren().map(([name]) => fileName(name));
    throw new DataError(
      `getSubmodule: no module at '${short(path)}'; known here: ${known.join(", ") || "none"}`,
    );
  }

  /** The module at a path, named as in files: "layer1.0.conv1". @throws DataError listing the names where the path ends */
  getSubmodule(path: string): Module {
    return this.#find(path)[2];
  }

  /** Puts another module at a path; returns the old one, which the caller disposes of. @throws DataError as getSubmodule() */
  setSubmodule(path: string, module: Module): Module {
    const [parent, name, old] = this.#find(path);
    parent.setChild(name, module);
    return old;
  }

  /** This module and everything below it, parents first; each once, even if used twice. */
  *modules(): Generator<Module> {
    yield* this.#modules(new Set());
  }

  *#modules(seen: Set<Module>): Generator<Module> {
    if (seen.has(this)) return;
    seen.add(this);
    yield this;
    for (const [, child] of this.namedChildren()) yield* child.#modules(seen);
  }

  *#tensors(prefix: string): Generator<[string, ModuleTensor]> {
    for (const [field, value] of Object.entries(this)) {
      if (value instanceof ModuleTensor) yield [prefix + fileName(field), value];
    }
    for (const [name, child] of this.namedChildren()) yield* child.#tensors(`${prefix}${fileName(name)}.`);
  }

  #named<T extends ModuleTensor>(
    kind: abstract new (...args: never[]) => T,
    options: NamesOptions,
  ): [name: string, tensor: T][] {
    checkOptions<NamesOptions>(this.constructor.name, options, { removeDuplicate: true });
    const { removeDuplicate = true } = options;
    const seen = new Set<ModuleTensor>();
    return [...this.#tensors("")].filter((entry): entry is [string, T] => {
      const again = seen.has(entry[1]);
      seen.add(entry[1]);
      return entry[1] instanceof kind && !(again && removeDuplicate);
    });
  }

  /** Trainable tensors with their names in files, such as "layer1.0.conv1.weight". */
  namedParameters(options: NamesOptions = {}): [name: string, parameter: Parameter][] {
    return this.#named(Parameter, options);
  }

  /** Every parameter of the module and its children, each once. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([, p]) => p);
  }

  /** Running statistics and the like, with their names in files. */
  namedBuffers(options: NamesOptions = {}): [name: string, buffer: BufferTensor<DType>][] {
    return this.#named<BufferTensor<DType>>(BufferTensor, options);
  }

  /** Switches this module and all below it to training (or, with false, to evaluation). */
  train(mode = true): this {
    for (const m of this.modules()) m.training = mode;
    return this;
  }

  /** Switches this module and all below it to evaluation. */
  eval(): this {
    return this.train(false);
  }

  /**
   * Calls a function after each forward() of this module, in training and evaluation, wherever the module is in a network. It gets
   * the module, its input and its output; a tensor that it returns replaces the output. Hooks are called in the order in which
   * they were registered. compile() and exportOnnx() refuse models with hooks (so evaluate() runs these uncompiled);
   * trace() and summary() ignore hooks. @throws DataError unless hook is a function
   */
  registerForwardHook(hook: ForwardHook): HookHandle {
    return addForwardHook(this, hook);
  }

  /** Drops every parameter's gradient. */
  zeroGrad(): void {
    for (const p of this.parameters()) {
      p.grad?.dispose();
      p.grad = undefined;
    }
  }

  /** A copy of all parameters and buffers under PyTorch's names and in PyTorch's layout. */
  stateDict(): StateDict {
    return new Map([...this.#tensors("")].map(([name, t]) => [name, toFile(t)]));
  }

  /**
   * Overwrites all parameters and buffers. All or nothing: on an error the module is as before. `num_batches_tracked` may
   * be missing. With strict: false, what fits is loaded and the rest stays unchanged; the report lists it.
   * NOTE: PyTorch's strict=False still refuses other shapes; here they are reported, since a new head is the common case.
   * @throws DataError listing missing and unexpected names, and tensors of another shape or type; with strict: false, if
   * nothing fits. The message begins with `source`. WasmError if the heap has no room for tensors that had no memory yet.
   */
  loadStateDict(state: StateDict, options: LoadOptions = {}): LoadReport {
    checkOptions<LoadOptions>("loadStateDict", options, { strict: true, source: true });
    const { strict = true, source = "loadStateDict" } = options;
    if (!(state instanceof Map)) throw wrongKind(source, "state", state, "a Map, as stateDict() returns it");
    const own = new Map(this.#tensors(""));
    const report = compareStates(own, state);
    const { missing, unexpected, mismatched } = report;
    const wrong = new Set(mismatched.map(({ name }) => name));
    const fitting = [...own].filter(([name]) => state.has(name) && !wrong.has(name));
    if (strict ? missing.length || unexpected.length || mismatched.length : !fitting.length) {
      throw new DataError(`${source}: ${describeReport(report)}`);
    }
    aboutToOverwrite(fitting.map(([, t]) => t)); // after this nothing can run out of memory
    for (const [name, t] of fitting) fromFile(t, state.get(name)!);
    return report;
  }

  /** Frees all parameters and buffers. */
  dispose(): void {
    for (const [, t] of this.#tensors("")) t.dispose();
  }

  /** For `using`: dispose() at the end of the block. */
  [dispose](): void {
    this.dispose();
  }
}

function fileDType(dtype: DType): StateTensor["dtype"] {
  return dtype === "f32" ? "F32" : "I64";
}

function mismatch(name: string, t: ModuleTensor, given: StateTensor): Mismatch | undefined {
  const [ownType, ownShape] = [fileDType(t.dtype), t.fileShape];
  const { dtype, shape, data } = (given ?? {}) as Partial<StateTensor>;
  if (dtype === undefined || !Array.isArray(shape) || !ArrayBuffer.isView(data)) {
    return { name, got: kindOf(given), expected: "{ dtype, shape, data }" };
  }
  if (dtype === ownType && sameShape(shape, ownShape)) return undefined;
  const type = (d: string): string => (dtype === ownType ? "" : `${d} `);
  return {
    name,
    got: `${type(dtype)}[${shape.join(",")}]`,
    expected: `${type(ownType)}[${ownShape.join(",")}]`,
  };
}

function compareStates(own: ReadonlyMap<string, ModuleTensor>, state: StateDict): LoadReport {
  return {
    missing: [...own.keys()].filter((name) => !state.has(name) && !name.endsWith("num_batches_tracked")),
    unexpected: [...state.keys()].filter((name) => !own.has(name)),
    mismatched: [...own].flatMap(
      ([name, t]) => (state.has(name) && mismatch(name, t, state.get(name)!)) || [],
    ),
  };
}

function describeReport({ missing, unexpected, mismatched }: LoadReport): string {
  const problems: string[] = [];
  if (missing.length) problems.push(`missing ${listed(missing)}`);
  if (unexpected.length) problems.push(`unexpected ${listed(unexpected)}`);
  const wrong = mismatched.map(({ name, got, expected }) => `${name} is ${got}, expected ${expected}`);
  if (wrong.length) problems.push(listed(wrong));
  if (problems.length === 1 && wrong.length) problems.push("strict: false loads the rest");
  return problems.join("; ");
}

function toFile(t: ModuleTensor): StateTensor {
  const dtype = fileDType(t.dtype);
  const values: TypedArray = t.fileAxes
    ? noGrad(() => tidy(() => permute(t as Tensor, t.fileAxes!).data()))
    : t.data();
  const data = dtype === "F32" ? (values as Float32Array) : BigInt64Array.from(values, (v) => BigInt(v));
  return { dtype, shape: t.fileShape, data };
}

function fromFile(t: ModuleTensor, { shape, data }: StateTensor): void {
  const { fileAxes } = t;
  if (data instanceof BigInt64Array) t.copyFrom(Array.from(data, Number));
  else if (!fileAxes) t.copyFrom(data);
  else t.copyPermuted(data, shape, [...fileAxes.keys()].map((axis) => fileAxes.indexOf(axis))); // prettier-ignore
}
