// Modules: layers and networks. A module's fields are its tree: parameters, buffers and child modules are found there,
// in the order of the fields, and named as PyTorch names them.

import { keep, tidy } from "../core/scope.js";
import { sameShape, type Shape } from "../core/shape.js";
import type { StateDict, StateTensor } from "../core/state.js";
import { tensor, Tensor, type DType, type TypedArray } from "../core/tensor.js";
import { DataError } from "../errors.js";
import { permute } from "../ops/index.js";
import { noGrad } from "../core/autograd.js";

export interface StateOptions {
  /** Axis i in files is axis fileAxes[i] in memory. Default: the same order. */
  fileAxes?: readonly number[];
}

/** A tensor that belongs to a module: freed with it, not by scopes, and part of its state. */
abstract class ModuleTensor extends Tensor {
  readonly fileAxes: readonly number[] | undefined;

  constructor(value: Tensor, { fileAxes }: StateOptions = {}) {
    super(value.storage.retain(), value.shape, value.dtype);
    keep(this);
    value.dispose();
    this.fileAxes = fileAxes;
  }
}

/** A tensor that training changes. Takes over `value`, which must not be used afterwards. */
export class Parameter extends ModuleTensor {
  constructor(value: Tensor, options?: StateOptions) {
    super(value, options);
    this.requiresGrad = true;
  }
}

/** State that is not trained, such as running statistics. i32 counters become int64 in files, as PyTorch has them. */
export class Buffer extends ModuleTensor {}

/** "runningMean" → "running_mean": PyTorch's spelling of a field's name. */
function fileName(field: string): string {
  return field.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
}

/** Base class of layers and networks. Subclasses keep their parts in fields and define forward(). */
export abstract class Module {
  /** Whether layers such as dropout and batch normalisation behave as in training. Set by train() and eval(). */
  training = true;

  /** The module's output for x. */
  abstract forward(x: Tensor): Tensor;

  /** forward(x), with every tensor made on the way freed unless a gradient still needs it. */
  call(x: Tensor): Tensor {
    return tidy(() => this.forward(x));
  }

  /** Child modules by field name; an array's elements count as `field.0`, `field.1`, … */
  namedChildren(): [name: string, child: Module][] {
    return Object.entries(this).flatMap(([field, value]): [string, Module][] => {
      if (value instanceof Module) return [[field, value]];
      if (!Array.isArray(value)) return [];
      return value.flatMap((v, i): [string, Module][] => (v instanceof Module ? [[`${field}.${i}`, v]] : []));
    });
  }

  /** This module and everything below it, parents first. */
  *modules(): Generator<Module> {
    yield this;
    for (const [, child] of this.namedChildren()) yield* child.modules();
  }

  *#tensors(prefix: string): Generator<[string, ModuleTensor]> {
    for (const [field, value] of Object.entries(this)) {
      if (value instanceof ModuleTensor) yield [prefix + fileName(field), value];
    }
    for (const [name, child] of this.namedChildren()) yield* child.#tensors(`${prefix}${fileName(name)}.`);
  }

  /** Trainable tensors with their names in files, such as "layer1.0.conv1.weight". */
  namedParameters(): [name: string, parameter: Parameter][] {
    return [...this.#tensors("")].filter((e): e is [string, Parameter] => e[1] instanceof Parameter);
  }

  parameters(): Parameter[] {
    return this.namedParameters().map(([, p]) => p);
  }

  /** Running statistics and the like, with their names in files. */
  namedBuffers(): [name: string, buffer: Buffer][] {
    return [...this.#tensors("")].filter((e): e is [string, Buffer] => e[1] instanceof Buffer);
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

  /** Forgets every parameter's gradient. */
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
   * Overwrites all parameters and buffers. All or nothing: on an error the module is as before.
   * @throws DataError listing missing and unexpected names, or tensors of another shape or type
   */
  loadStateDict(state: StateDict): void {
    const own = new Map(this.#tensors(""));
    const missing = [...own.keys()].filter(
      (name) => !state.has(name) && !name.endsWith("num_batches_tracked"),
    );
    const unexpected = [...state.keys()].filter((name) => !own.has(name));
    const problems: string[] = [];
    if (missing.length) problems.push(`missing ${missing.join(", ")}`);
    if (unexpected.length) problems.push(`unexpected ${unexpected.join(", ")}`);
    for (const [name, t] of own) {
      const entry = state.get(name);
      if (entry) problems.push(...mismatch(name, t, entry));
    }
    if (problems.length) throw new DataError(`loadStateDict: ${problems.join("; ")}`);
    for (const [name, t] of own) {
      const entry = state.get(name);
      if (entry) fromFile(t, entry);
    }
  }

  /** Frees all parameters and buffers. */
  dispose(): void {
    for (const [, t] of this.#tensors("")) t.dispose();
  }
}

function fileShape(t: ModuleTensor): Shape {
  return t.fileAxes ? t.fileAxes.map((a) => t.shape[a]!) : t.shape;
}

function fileDType(dtype: DType): StateTensor["dtype"] {
  return dtype === "f32" ? "F32" : "I64";
}

function mismatch(name: string, t: ModuleTensor, entry: StateTensor): string[] {
  const shape = fileShape(t);
  if (!sameShape(entry.shape, shape)) {
    return [`${name} has shape [${entry.shape.join(",")}], expected [${shape.join(",")}]`];
  }
  const dtype = fileDType(t.dtype);
  return entry.dtype === dtype ? [] : [`${name} has dtype ${entry.dtype}, expected ${dtype}`];
}

function toFile(t: ModuleTensor): StateTensor {
  const dtype = fileDType(t.dtype);
  const values: TypedArray = t.fileAxes ? noGrad(() => tidy(() => permute(t, t.fileAxes!).data())) : t.data();
  const data = dtype === "F32" ? (values as Float32Array) : BigInt64Array.from(values, (v) => BigInt(v));
  return { dtype, shape: fileShape(t), data };
}

function fromFile(t: ModuleTensor, { shape, data }: StateTensor): void {
  if (data instanceof BigInt64Array) {
    t.copyFrom(Array.from(data, Number));
  } else if (!t.fileAxes) {
    t.copyFrom(data);
  } else {
    const inverse = t.fileAxes.map((_, i) => t.fileAxes!.indexOf(i));
    noGrad(() => tidy(() => t.copyFrom(permute(tensor(data, shape), inverse))));
  }
}
