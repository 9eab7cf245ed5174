// Tensors: a shape and a dtype over a reference-counted block of the WebAssembly heap.

import { DataError, ShapeError, WasmError } from "../errors.js";
import { checkOptions, wrongKind } from "../errors/options.js";
import type { Node } from "./autograd.js";
import { dispose } from "./dispose.js";
import type { Fluent } from "./fluent.js";
import {
  BYTES,
  checkDType,
  checkIntegral,
  checkNumbers,
  numbersOf,
  type ArrayOf,
  type DType,
  type DTypeOf,
  type Nested,
  type NumberArray,
  type TypedArray,
} from "./numbers.js";
import { copyPermuted } from "./permuted.js";
import { printed } from "./print.js";
import { checkShape, sizeOf, type Shape } from "./shape.js";
import { enterScope } from "./scope.js";
import { liveStorages, OWNERS, Storage } from "./storage.js";

export type { ArrayOf, DType, DTypeOf, Nested, NumberArray, TypedArray };

/** Tensors that were garbage-collected without being disposed of, with their labels. */
const forgotten: string[] = [];
const MAX_FORGOTTEN = 1000;
const backstop = new FinalizationRegistry<Held>((held) => {
  if (forgotten.length < MAX_FORGOTTEN) forgotten.push(held.storage?.label() ?? "");
  letGo(held);
});

/** What a tensor keeps alive; a separate object, so that the garbage collector's backstop can release it. */
interface Held {
  storage: Storage | undefined;
  node: Node | undefined;
}

function letGo(held: Held): void {
  held.storage?.release();
  held.node?.release();
  held.storage = undefined;
  held.node = undefined;
}

/** Most elements shown of a tensor that is printed as part of another value. */
const MOST_INSIDE = 10;

/** What leakReport() returns: the number of blocks of each label, such as "conv2d [8,32,32,16]". */
export interface LeakReport {
  /** Blocks that belong only to the program's own tensors: forgotten ones are leaks. */
  live: Record<string, number>;
  /**
   * Blocks that are freed with their owners: models, optimizers, averages of weights. Gradients are counted in addition to
   * the block that they may share.
   */
  owned: Record<"parameters" | "gradients" | "buffers" | "optimizers" | "averages", Record<string, number>>;
  /** Tensors that the garbage collector freed because the program did not. */
  forgotten: readonly string[];
}

/** Every live block as "label × count". */
export function leakReport(): LeakReport {
  const live: Record<string, number> = {};
  const owned = Object.fromEntries(OWNERS.map((owner) => [owner, {}])) as LeakReport["owned"];
  for (const s of liveStorages()) {
    const counts = s.owner ? owned[s.owner] : live;
    counts[s.label()] = (counts[s.label()] ?? 0) + 1;
  }
  return { live, owned, forgotten: [...forgotten] };
}

// Operations as methods, declared together with the class.
export interface Tensor<D extends DType = "f32"> extends Fluent<D> {}

/**
 * An n-dimensional array of f32 (or of i32 labels, u8 pixels) in the WebAssembly heap. Images are NHWC:
 * [batch, height, width, channels]. Made by tensor(), zeros() and the like, and by operations; freed by the enclosing
 * tidy(), or by dispose(). In types, `Tensor` holds f32, `Tensor<"i32">` labels, and `Tensor<DType>` any.
 */
export class Tensor<D extends DType = "f32"> {
  /** Sizes of the axes, outermost first; [] for a scalar. */
  readonly shape: Shape;
  /** Type of the elements: "f32", "i32" or "u8". */
  readonly dtype: D;
  /** Number of elements. */
  readonly size: number;
  /** Whether backward() should find the gradient with respect to this tensor. */
  requiresGrad = false;
  /** The gradient, after backward(); same shape. */
  grad: Tensor | undefined;
  readonly #held: Held;

  /** Tensors are made by tensor(), zeros() and the like, and by operations. */
  constructor(made: never);
  /** @internal */
  constructor(storage: Storage, shape: Shape, dtype: D);
  constructor(storage: Storage, shape?: Shape, dtype?: D) {
    if (!(storage instanceof Storage) || !shape || !dtype) {
      throw new DataError("Tensor: tensors are made by tensor(), zeros(), ones(), full() and by operations");
    }
    this.shape = shape;
    this.dtype = dtype;
    this.size = sizeOf(shape);
    this.#held = { storage, node: undefined };
    backstop.register(this, this.#held, this);
    enterScope(this);
  }

  /**
   * The operation that made it, while a gradient may be asked for.
   * @internal
   */
  get node(): Node | undefined {
    return this.#held.node;
  }
  /** @internal */
  set node(node: Node | undefined) {
    this.#held.node = node;
  }

  /** Whether the tensor was freed: by dispose(), an enclosing tidy(), or its owner. */
  get disposed(): boolean {
    return this.#held.storage === undefined;
  }

  /**
   * The heap block. @throws WasmError after dispose().
   * @internal
   */
  get storage(): Storage {
    const { storage } = this.#held;
    if (storage === undefined) {
      throw new WasmError(`tensor [${this.shape.join(",")}]: used after it was disposed of`);
    }
    return storage;
  }

  /**
   * Byte address of the elements; computes them if they wait to be.
   * @internal
   */
  compute(): number {
    return this.storage.compute();
  }

  /** Size of the elements in bytes. */
  get bytes(): number {
    return this.size * BYTES[this.dtype];
  }

  /**
   * A live view of the elements, valid until the next allocation; computes them if they wait to be.
   * @internal
   */
  view(): ArrayOf<D> {
    const { storage } = this;
    return storage.heap[this.dtype](storage.compute(), this.size) as ArrayOf<D>;
  }

  /** The elements, copied out, in row-major order: a Float32Array of f32, an Int32Array of i32, a Uint8Array of u8. */
  data(): ArrayOf<D> {
    return this.view().slice() as ArrayOf<D>;
  }

  /** The elements as nested arrays; a scalar as a number. */
  tolist(): Nested {
    const values = this.view();
    const build = (axis: number, offset: number): Nested => {
      if (axis === this.shape.length) return values[offset]!;
      const step = sizeOf(this.shape.slice(axis + 1));
      return Array.from({ length: this.shape[axis]! }, (_, i) => build(axis + 1, offset + i * step));
    };
    return build(0, 0);
  }

  /** The only element of a tensor of one. @throws ShapeError if it has more or none. */
  item(): number {
    if (this.size !== 1) throw new ShapeError(`item: expected one element; got x:[${this.shape.join(",")}]`);
    return this.view()[0]!;
  }

  /** Overwrites the elements. @throws ShapeError if the count differs; DataError if source holds anything other than numbers */
  copyFrom(source: Tensor<DType> | ArrayLike<number>): this {
    this.#checkSource(source);
    const { storage } = this;
    storage.touch();
    if (source instanceof Tensor) void source.compute(); // if this fails, the tensor is unchanged
    void storage.overwrite(); // allocated before the source is read: growing memory invalidates views
    this.view().set(source instanceof Tensor ? source.view() : source);
    return this;
  }

  /**
   * copyFrom() of an array of this shape, whose axis axes[i] is this tensor's axis i.
   * @internal
   */
  copyPermuted(source: ArrayLike<number>, shape: Shape, axes: readonly number[]): this {
    this.#checkSource(source);
    this.storage.touch();
    void this.storage.overwrite();
    copyPermuted(this.view(), source, shape, axes);
    return this;
  }

  #checkSource(source: Tensor<DType> | ArrayLike<number>): void {
    if (!(source instanceof Tensor)) {
      checkNumbers("copyFrom", source);
      if (this.dtype !== "f32") checkIntegral("copyFrom", source);
    }
    const count = source instanceof Tensor ? source.size : source.length;
    if (count !== this.size) {
      throw new ShapeError(`copyFrom: x:[${this.shape.join(",")}] holds ${this.size} elements; got ${count}`);
    }
  }

  /** Another tensor over the same elements, outside the gradient graph. */
  detach(): Tensor<D> {
    return new Tensor(this.storage.retain(), this.shape, this.dtype);
  }

  /** Frees the elements (once nothing else uses them). A second call does nothing. */
  dispose(): void {
    if (this.disposed) return;
    backstop.unregister(this);
    letGo(this.#held);
    this.grad?.dispose();
    this.grad = undefined;
  }

  /** For `using`: dispose() at the end of the block. */
  [dispose](): void {
    this.dispose();
  }

  /**
   * The elements as PyTorch prints them, with the shape: four digits after the point; above 1,000 elements the first and
   * last three of each axis. Computes them if they wait to be.
   */
  toString(): string {
    const notes = this.requiresGrad ? ["requiresGrad"] : [];
    if (this.disposed) return printed(this.shape, undefined, this.dtype, [...notes, "disposed"]);
    try {
      return printed(this.shape, this.view(), this.dtype, notes);
    } catch {
      return printed(this.shape, undefined, this.dtype, [...notes, "no values"]);
    }
  }

  /** For console.log() in Node, Deno and Bun: the text, or inside other objects only the shape, unless the text is short. */
  [Symbol.for("nodejs.util.inspect.custom")](depth?: number, options?: { depth?: number | null }): string {
    const inside = typeof depth === "number" && depth < (options?.depth ?? depth);
    if (!inside || this.size <= MOST_INSIDE) return this.toString();
    const flag = this.requiresGrad ? ", requiresGrad" : "";
    return `Tensor(${this.dtype} [${this.shape.join(",")}]${this.disposed ? ", disposed" : ""}${flag})`;
  }
}

/** A tensor of any dtype. */
export type AnyTensor = Tensor<DType>;

/** A tensor with undefined elements. `op` names the operation that made it in errors and leak reports. */
export function empty<D extends DType = "f32">(shape: Shape, dtype = "f32" as D, op = "empty"): Tensor<D> {
  checkShape(op, shape);
  const storage = new Storage(sizeOf(shape) * BYTES[dtype], () => `${op} ${dtype}:[${shape.join(",")}]`);
  return new Tensor<D>(storage, shape, dtype);
}

/** Where other threads find the elements: a byte address, if the memory is shared. For code inside the library. */
export function sharedPlace(x: Tensor): { memory: WebAssembly.Memory; address: number } {
  const { storage } = x;
  return { memory: storage.heap.memory, address: storage.compute() };
}

/**
 * Prepares tensors to be written, all or none: allocates their memory, and computes what waits for their values. After this,
 * writing cannot run out of memory. For code inside the library. @throws WasmError
 */
export function aboutToWrite(tensors: Iterable<AnyTensor>): void {
  for (const x of tensors) {
    x.storage.touch();
    void x.compute();
  }
}

/** aboutToWrite() for tensors of which every element is written: deferred elements are not computed. */
export function aboutToOverwrite(tensors: Iterable<AnyTensor>): void {
  for (const { storage } of tensors) {
    storage.touch();
    storage.reserve();
  }
}

/** A tensor of the given value. @throws ShapeError unless shape is an array of sizes, and dtype is known */
export function full<D extends DType = "f32">(shape: Shape, value: number, dtype = "f32" as D): Tensor<D> {
  return filled("full", shape, value, dtype);
}

/** A tensor of zeros. @throws ShapeError as full() */
export function zeros<D extends DType = "f32">(shape: Shape, dtype = "f32" as D): Tensor<D> {
  return filled("zeros", shape, 0, dtype);
}

/** A tensor of ones. @throws ShapeError as full() */
export function ones<D extends DType = "f32">(shape: Shape, dtype = "f32" as D): Tensor<D> {
  return filled("ones", shape, 1, dtype);
}

function filled<D extends DType>(op: string, shape: Shape, value: number, dtype: D): Tensor<D> {
  checkShape(op, shape);
  checkDType(op, dtype);
  if (typeof value !== "number") throw wrongKind(op, "value", value, "a number");
  if (dtype !== "f32") checkIntegral(op, [value]);
  const x = empty([...shape], dtype, op); // a copy: the caller's array may change
  x.view().fill(value);
  return x;
}

/** Options of tensor(), zeros() and the like. */
export interface TensorOptions<D extends DType = DType> {
  /** Type of the elements. Default: that of the given typed array, otherwise "f32". */
  dtype?: D;
  /** Whether backward() computes a gradient for it, in `.grad`; for f32 alone. Default false. */
  requiresGrad?: boolean;
}

/**
 * A tensor of the given numbers: a flat array with a shape, or nested arrays, which have their own shape.
 * Typed arrays keep their dtype (Int32Array i32; Uint8Array and Uint8ClampedArray, a canvas' pixels, u8); everything else is f32 by default.
 * @throws DataError if the nesting is ragged, or a value is not a number; ShapeError if shape and count differ.
 */
export function tensor<D extends DType>(
  data: NumberArray | Nested,
  shape: Shape | undefined,
  options: TensorOptions<D> & { dtype: D },
): Tensor<D>;
export function tensor<T extends NumberArray | Nested>(
  data: T,
  shape?: Shape,
  options?: TensorOptions,
): Tensor<DTypeOf<T>>;
export function tensor(
  data: NumberArray | Nested,
  shape?: Shape,
  options: TensorOptions = {},
): Tensor<DType> {
  checkOptions<TensorOptions>("tensor", options, { dtype: true, requiresGrad: true });
  const own = numbersOf(data);
  const { values } = own;
  const { dtype = own.dtype, requiresGrad = false } = options;
  checkDType("tensor", dtype);
  const sizes = shape ?? own.shape;
  checkShape("tensor", sizes);
  if (sizeOf(sizes) !== values.length) {
    throw new ShapeError(
      `tensor: [${sizes.join(",")}] needs ${sizeOf(sizes)} elements; got ${values.length}`,
    );
  }
  if (dtype !== "f32") {
    checkIntegral("tensor", values);
    if (requiresGrad) throw new ShapeError(`tensor: only f32 can require a gradient; got ${dtype}`);
  }
  const x = empty([...sizes], dtype, "tensor");
  x.view().set(values);
  x.requiresGrad = requiresGrad;
  return x;
}

/** @throws DataError naming the first that is not a tensor */
export function checkTensors(op: string, tensors: Readonly<Record<string, unknown>>): void {
  for (const name in tensors) {
    if (!(tensors[name] instanceof Tensor)) throw wrongKind(op, name, tensors[name], "a tensor");
  }
}
