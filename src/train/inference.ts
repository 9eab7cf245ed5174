// Runs a model on images in the fastest way possible: compiled or, if it cannot be compiled, with its own forward().

import { compile, type CompiledModel } from "../compile/index.js";
import { noGrad } from "../core/grad-mode.js";
import { tidy } from "../core/scope.js";
import { checkTensors, type Tensor } from "../core/tensor.js";
import { FoveaError } from "../errors.js";
import { inEvaluation } from "../nn/evaluation.js";
import type { Module } from "../nn/index.js";

/** A model in use during a time in which its weights do not change. */
export class Inference {
  readonly #model: Module;
  /** undefined before the first images; false for a model that cannot be compiled. */
  #compiled: CompiledModel | false | undefined;

  constructor(model: Module) {
    this.#model = model;
  }

  /** Whether the model runs compiled; known after the first run. */
  get compiled(): boolean {
    return Boolean(this.#compiled);
  }

  /** The model's output in evaluation for images:[n,h,w,c]. */
  run(images: Tensor): Tensor {
    if (this.#compiled === false) return this.#forward(images);
    try {
      this.#compiled ??= compile(this.#model, images.shape);
      return this.#compiled.run(images);
    } catch (error) {
      if (!(error instanceof FoveaError)) throw error;
      this.dispose();
      this.#compiled = false;
      return this.#forward(images); // if forward() fails too, it throws its own error
    }
  }

  #forward(images: Tensor): Tensor {
    const logits = noGrad(() => inEvaluation(this.#model, () => tidy(() => this.#model.forward(images))));
    checkTensors("evaluate", { "the output of the model's forward()": logits });
    return logits;
  }

  dispose(): void {
    if (this.#compiled) this.#compiled.dispose();
    this.#compiled = undefined;
  }
}
