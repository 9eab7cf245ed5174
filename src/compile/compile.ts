// compile(): a model for inference only. Its graph is traced, batch normalisation goes into weights, sums and activations into the
// steps before them, weights are packed once, and all values share one block of memory.

import { enterScope, keep, scoped } from "../core/scope.js";
import { checkShape, describe, type Shape } from "../core/shape.js";
import { dispose } from "../core/dispose.js";
import type { StateDict } from "../core/state.js";
import { checkTensors, empty, zeros, type Tensor } from "../core/tensor.js";
import { turn } from "../core/turn.js";
import { DataError, ShapeError, WasmError } from "../errors.js";
import { checkOptions, wrongKind } from "../errors/options.js";
import { refuseHooks } from "../nn/hooks.js";
import { Module } from "../nn/module.js";
import { freeConstants, trace, type Graph } from "../nn/trace.js";
import { runtime } from "../wasm/runtime.js";
import { checkRows, outputFor, piecesOf } from "./pieces.js";
import { Constants } from "./constants.js";
import { foldBatchNorm } from "./fold.js";
import { fuse } from "./fuse.js";
import { join } from "./join.js";
import { Program } from "./program.js";
import { stepsOf, type Steps } from "./steps.js";

/** Options of compile(). */
export interface CompileOptions {
  /**
   * Whether to keep the model. false disposes of it, so that weights are in memory once, in the layouts for this number of
   * images. Other numbers run in pieces of this size, the last one filled up; other image sizes are refused. Default true.
   */
  keepModel?: boolean;
  /**
   * Whether to time different ways to the same numbers, where rules cannot tell which is fastest on this machine: for a second at
   * most. Node keeps the results in a file for the next process. Default true.
   */
  tune?: boolean;
}

/** Most programs kept, one for each input shape. */
const MOST_PROGRAMS = 8;

/** A text that differs between different traces. */
function outline({ nodes, output }: Graph): string[] {
  return [
    ...nodes.map(({ name, op, inputs, attrs, shape }) => JSON.stringify([name, op, inputs, attrs, shape])),
    output,
  ];
}

/** The graph of a model. @throws DataError naming the first node that differs from one trace to the next */
function traceTwice(model: Module, shape: Shape): Graph {
  const [graph, again] = [trace(model, shape), trace(model, shape)];
  const [first, second] = [outline(graph), outline(again)];
  freeConstants(again);
  const i = first.findIndex((line, n) => line !== second[n]);
  if (i < 0 && first.length === second.length) return graph;
  freeConstants(graph);
  const node = graph.nodes[i]?.name ?? "its output";
  throw new DataError(
    `compile: the model does not do the same each time: ${node} differs between two runs; expected no random or remembered choices`,
  );
}

function optimised(graph: Graph): Steps {
  return join(fuse(foldBatchNorm(stepsOf(graph))));
}

/** A model compiled for inference, see compile(). */
export class CompiledModel {
  /** Shape that it was compiled for. */
  readonly inputShape: Shape;
  /** Shape of the output for an input of `inputShape`. */
  readonly outputShape: Shape;
  readonly #heap = runtime().heap;
  readonly #programs = new Map<string, Program>();
  readonly #tunes: boolean;
  #turn: Promise<void> = Promise.resolve();
  /** The program of the running runAsync(). */
  #running: Program | undefined;
  #model: Module | undefined;
  #constants: Constants | undefined;
  /** The graph whose constants these are made of. */
  #graph: Graph | undefined;
  #disposed = false;

  /** @internal */
  constructor(model: Module, inputShape: Shape, { keepModel = true, tune = true }: CompileOptions) {
    this.#model = model;
    this.#tunes = tune;
    this.inputShape = [...inputShape];
    try {
      this.outputShape = this.#programFor(inputShape).outputShape;
      if (!keepModel) checkRows(model, this);
    } catch (error) {
      this.#forget();
      throw error;
    }
    if (keepModel) return;
    model.dispose();
    this.#model = undefined;
  }

  /** Bytes of its weights and of the memory of its programs. */
  get bytes(): number {
    const programs = [...this.#programs.values()].reduce((sum, program) => sum + program.bytes, 0);
    return programs + (this.#constants?.bytes ?? 0);
  }

  /**
   * The model's output for x. The first call with a new shape (another number of images, or another size if the model accepts
   * it) plans it. @throws ShapeError unless x fits the model; WasmError after dispose() or init()
   */
  run(x: Tensor): Tensor {
    this.#check("run", x);
    const program = this.#programFor(x.shape);
    const y = scoped(() => {
      const images = x.shape[0]!;
      const out = empty(outputFor(program, images), program.outputDtype, "CompiledModel.run");
      const input = x.compute();
      out.storage.settle((output) => {
        for (const [from, to] of piecesOf(program, images, input, output)) program.run(from, to);
      });
      return out;
    });
    enterScope(y);
    return y as Tensor;
  }

  /**
   * run() that lets the event loop turn every few milliseconds, so that pages stay responsive. Calls wait for earlier ones.
   * The caller disposes of the result. @throws as run(); WasmError if dispose(), loadStateDict() or init() is called in the
   * meantime
   */
  async runAsync(x: Tensor): Promise<Tensor> {
    this.#check("runAsync", x);
    const own = keep(x.detach()); // the caller's may be freed before its turn comes
    const turn = this.#turn.then(() => this.#inParts(own)).finally(() => own.dispose());
    this.#turn = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }

  async #inParts(x: Tensor): Promise<Tensor> {
    this.#check("runAsync", x);
    const program = (this.#running = this.#programFor(x.shape, "in parts "));
    const images = x.shape[0]!;
    const y = keep(zeros(outputFor(program, images), program.outputDtype));
    try {
      for (const [from, to] of piecesOf(program, images, x.compute(), y.compute())) {
        for (const _ of program.runInParts(from, to)) {
          await turn();
          this.#check("runAsync", x);
          if (this.#running !== program) {
            throw new WasmError(
              "CompiledModel.runAsync: loadStateDict() has replaced the weights in the meantime",
            );
          }
        }
      }
      return y as Tensor;
    } catch (error) {
      y.dispose();
      throw error;
    } finally {
      this.#running = undefined;
    }
  }

  /**
   * Loads other weights, under the names of the model's stateDict(), into the model too.
   * @throws DataError as the model's loadStateDict(), and if the model was not kept; WasmError after dispose() or init()
   */
  loadStateDict(state: StateDict): void {
    this.#refuseGone();
    if (!this.#model) {
      throw new DataError(
        "CompiledModel.loadStateDict: the model was released (keepModel: false); compile it again",
      );
    }
    this.#model.loadStateDict(state);
    this.#forget();
  }

  #check(method: string, x: Tensor): void {
    this.#refuseGone();
    checkTensors(`CompiledModel.${method}`, { x });
    if (x.dtype !== "f32")
      throw new ShapeError(`CompiledModel.${method}: x must be f32; got ${describe({ x })}`);
  }

  /** Frees its memory, but not the model. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#forget();
  }

  /** For `using`: dispose() at the end of the block. */
  [dispose](): void {
    this.dispose();
  }

  #forget(): void {
    for (const program of this.#programs.values()) program.dispose();
    this.#programs.clear();
    this.#running = undefined;
    this.#constants?.dispose();
    this.#constants = undefined;
    if (this.#graph) freeConstants(this.#graph);
    this.#graph = undefined;
  }

  #refuseGone(): void {
    if (this.#disposed) throw new WasmError("CompiledModel: used after dispose()");
    if (this.#heap === runtime().heap) return;
    throw new WasmError(
      "CompiledModel: made before init() replaced the kernels and their memory; compile the model after init()",
    );
  }

  /** The program of a graph. The first one provides the weights for all. */
  #plan(graph: Graph): Program {
    try {
      const steps = optimised(graph);
      this.#constants ??= new Constants(steps.constants);
      this.#graph ??= graph;
      return new Program(steps, this.#constants, this.#tunes);
    } finally {
      if (this.#graph !== graph) freeConstants(graph);
    }
  }

  /** The program for inputs of a shape; use: each user of programs has its own, which shares no values with others. */
  #programFor(shape: Shape, use = ""): Program {
    const planned = this.#model ? shape : this.#sameSize(shape);
    const key = use + planned.join();
    const known = this.#programs.get(key);
    if (known) return known;
    const program = this.#plan(this.#model ? traceTwice(this.#model, planned) : this.#graph!);
    if (this.#programs.size === MOST_PROGRAMS) {
      const [name, oldest] = [...this.#programs].find(([, each]) => each !== this.#running)!;
      oldest.dispose();
      this.#programs.delete(name);
    }
    this.#programs.set(key, program);
    const inUse = [...this.#programs.values()].flatMap((each) => each.constantsInUse);
    this.#constants!.keepOnly(new Set(inUse));
    return program;
  }

  /** The shape that a released model is compiled for. @throws DataError if images have another size */
  #sameSize([, ...size]: Shape): Shape {
    const [, ...own] = this.inputShape;
    if (size.join() === own.join()) return this.inputShape;
    throw new DataError(
      `CompiledModel: images of another size need the model, which was released (keepModel: false); ` +
        `got [n,${size.join()}]; expected [n,${own.join()}]`,
    );
  }
}

/**
 * Compiles a model for inference: the same numbers as its forward() in evaluation up to rounding, but faster. inputShape: the most
 * common shape of the images, [n,h,w,c]. The weights are the current ones: later training does not change the compiled model.
 * @throws DataError for anything other than a model, a model with forward hooks, an operation without a compiled form, or a model
 * that does not do the same each time; ShapeError if the input does not fit
 */
export function compile(model: Module, inputShape: Shape, options: CompileOptions = {}): CompiledModel {
  if (!(model instanceof Module)) throw wrongKind("compile", "model", model, "a Module");
  checkShape("compile", inputShape);
  checkOptions<CompileOptions>("compile", options, { keepModel: true, tune: true });
  refuseHooks("compile", model);
  return new CompiledModel(model, inputShape, options);
}
