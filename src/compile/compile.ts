// compile(): a model for inference alone. Its graph is traced, batch normalisation goes into weights, sums and activations into the
// steps before them, weights are packed once, and all values share one block of memory.

import { scoped } from "../core/scope.js";
import { checkShape, describe, type Shape } from "../core/shape.js";
import { dispose } from "../core/dispose.js";
import { checkTensors, empty, Tensor } from "../core/tensor.js";
import { DataError, ShapeError, WasmError } from "../errors.js";
import { checkOptions, wrongKind } from "../errors/options.js";
import { Module } from "../nn/module.js";
import { trace, type Graph } from "../nn/trace.js";
import { runtime } from "../wasm/runtime.js";
import { Constants } from "./constants.js";
import { foldBatchNorm } from "./fold.js";
import { fuse } from "./fuse.js";
import { Program } from "./program.js";
import { stepsOf, type Steps } from "./steps.js";

export interface CompileOptions {
  /**
   * Whether the model stays as it is. false disposes of it, so that weights are in memory once; the compiled model then takes
   * inputs of other shapes only where they want no weights in another layout. Default true.
   */
  keepModel?: boolean;
}

/** Programs for input shapes that are kept. */
const MOST_PROGRAMS = 8;

/** What tells two traces apart. */
function outline({ nodes, output }: Graph): string[] {
  return [
    ...nodes.map(({ name, op, inputs, attrs, shape }) => JSON.stringify([name, op, inputs, attrs, shape])),
    output,
  ];
}

/** The graph of a model. @throws DataError naming the first node that differs from one trace to the next */
function traceTwice(model: Module, shape: Shape): Graph {
  const graph = trace(model, shape);
  const [first, second] = [outline(graph), outline(trace(model, shape))];
  const i = first.findIndex((line, n) => line !== second[n]);
  if (i < 0 && first.length === second.length) return graph;
  const node = graph.nodes[i]?.name ?? "its output";
  throw new DataError(
    `compile: the model does not do the same each time: ${node} differs between two runs; expected no random or remembered choices`,
  );
}

function optimised(model: Module, shape: Shape): Steps {
  return fuse(foldBatchNorm(stepsOf(traceTwice(model, shape))));
}

/** A model compiled for inference, see compile(). */
export class CompiledModel {
  /** Shape that it was compiled for. */
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly #heap = runtime().heap;
  readonly #programs = new Map<string, Program>();
  #model: Module | undefined;
  #constants: Constants | undefined;
  #disposed = false;

  /** @internal */
  constructor(model: Module, inputShape: Shape, { keepModel = true }: CompileOptions) {
    this.#model = model;
    this.inputShape = [...inputShape];
    this.outputShape = this.#programFor(inputShape).outputShape;
    if (!keepModel) {
      model.dispose();
      this.#model = undefined;
    }
  }

  /** Bytes of its weights and of the memory of its programs. */
  get bytes(): number {
    const programs = [...this.#programs.values()].reduce((sum, program) => sum + program.bytes, 0);
    return programs + (this.#constants?.bytes ?? 0);
  }

  /**
   * The model's output for x. The first call with a new shape (another number of images, or another size where the model takes
   * it) plans it. @throws ShapeError unless x fits the model; WasmError after dispose() or init()
   */
  run(x: Tensor): Tensor {
    this.#refuseGone();
    checkTensors("CompiledModel.run", { x });
    if (x.dtype !== "f32") throw new ShapeError(`CompiledModel.run: x must be f32; got ${describe({ x })}`);
    const program = this.#programFor(x.shape);
    return scoped(() => {
      const y = empty(program.outputShape, "f32", "CompiledModel.run");
      const input = x.compute();
      y.storage.settle((output) => program.run(input, output));
      return y;
    });
  }

  /** Frees its memory. The model stays as it is. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#forget();
  }

  [dispose](): void {
    this.dispose();
  }

  #forget(): void {
    for (const program of this.#programs.values()) program.dispose();
    this.#programs.clear();
    this.#constants?.dispose();
    this.#constants = undefined;
  }

  #refuseGone(): void {
    if (this.#disposed) throw new WasmError("CompiledModel: used after dispose()");
    if (this.#heap === runtime().heap) return;
    throw new WasmError(
      "CompiledModel: made before init() replaced the kernels and their memory; compile the model after init()",
    );
  }

  #programFor(shape: Shape): Program {
    const key = shape.join();
    const known = this.#programs.get(key);
    if (known) return known;
    const steps = optimised(this.#model!, shape);
    this.#constants ??= new Constants(steps.constants);
    const program = new Program(steps, this.#constants);
    if (this.#programs.size === MOST_PROGRAMS) {
      const [oldest] = this.#programs;
      oldest![1].dispose();
      this.#programs.delete(oldest![0]);
    }
    this.#programs.set(key, program);
    this.#constants.keepOnly(new Set([...this.#programs.values()].flatMap((each) => each.constantsInUse)));
    return program;
  }
}

/**
 * Compiles a model for inference: the same numbers as its forward() in evaluation up to rounding, faster. inputShape: of the
 * images that it will mostly see, [n,h,w,c]. The weights are those of now: what the model learns later is not seen.
 * @throws DataError for something else than a model, for an operation that has no compiled form, and where the model does not do
 * the same each time; ShapeError if the input does not fit
 */
export function compile(model: Module, inputShape: Shape, options: CompileOptions = {}): CompiledModel {
  if (!(model instanceof Module)) throw wrongKind("compile", "model", model, "a Module");
  checkShape("compile", inputShape);
  checkOptions<CompileOptions>("compile", options, { keepModel: true });
  return new CompiledModel(model, inputShape, options);
}
