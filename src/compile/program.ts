// Steps as launches of kernels on addresses: the compiled form of a network for inputs of one shape.

import { sizeOf, type Shape } from "../core/shape.js";
import { Storage } from "../core/storage.js";
import type { DType } from "../core/tensor.js";
import { DataError } from "../errors.js";
import { launch, type Ranged } from "../wasm/parallel.js";
import { OWN, type Bound, type Plan } from "../wasm/plan.js";
import { runtime } from "../wasm/runtime.js";
import { Sequence } from "../wasm/sequence.js";
import { placesFor } from "./arena.js";
import type { Constants } from "./constants.js";
import { isView, planOf, plannedOf, shapesOf, type Step, type Steps } from "./steps.js";
import { Tuner } from "./tuning.js";

interface Planned {
  readonly step: Step;
  plan: Plan;
  /** The place of its words, and its launches in the sequence. */
  words: number;
  first: number;
}

/** Bytes from one step's structs to the next: whole cache lines. */
const wholeLines = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** Least milliseconds of a part in runInParts(): a page draws 60 frames a second. */
const PART_MS = 10;

export class Program {
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly outputDtype: DType;
  /** Values, scratch memory and words, one after the other. */
  readonly #block: Storage;
  readonly #steps: Planned[];
  /** Steps that read the input or write the output. */
  readonly #moving: readonly Planned[];
  readonly #addressOf: (value: string) => number;
  readonly #scratch: number;
  readonly #bytesOfValues: number;
  readonly #sequence: Sequence;
  readonly #constants: Constants;
  #input = 0;
  #output = 0;

  /** tune: whether to time different ways to the same numbers. @throws DataError naming a step that cannot be compiled */
  constructor(steps: Steps, constants: Constants, tune: boolean) {
    this.#constants = constants;
    const shapes = shapesOf(steps);
    this.inputShape = steps.inputShape;
    this.outputShape = shapes.get(steps.output)!;
    this.outputDtype = steps.nodes.find(({ name }) => name === steps.output)?.dtype ?? "f32";
    const views = new Map(
      steps.nodes.filter(isView).map(({ name, inputs }) => [name, Object.values(inputs)[0]!]),
    );
    /** The value that shares its memory with this one. */
    const rootOf = (value: string): string => {
      const source = views.get(value) ?? steps.within.get(value)?.value;
      return source === undefined ? value : rootOf(source);
    };
    const output = rootOf(steps.output);
    if (output === "input" || steps.constants.has(output)) {
      throw new DataError(`compile: the model computes nothing; its output is ${output}`);
    }
    const nodes = steps.nodes.filter((step) => !isView(step));
    const [first, last] = [new Map<string, number>(), new Map<string, number>()];
    nodes.forEach(({ name, inputs }, i) => {
      for (const root of [name, ...Object.values(inputs)].map(rootOf)) {
        if (root === "input" || root === output || steps.constants.has(root)) continue;
        if (!first.has(root)) first.set(root, i);
        last.set(root, i);
      }
    });
    const { heap } = runtime();
    const lives = [...first].map(([name, from]) => ({
      bytes: heap.room(sizeOf(shapes.get(name)!) * 4),
      from,
      to: last.get(name)!,
    }));
    const { offsets, bytes } = placesFor(lives);
    const places = new Map([...first.keys()].map((name, i) => [name, offsets[i]!]));
    this.#steps = nodes.map((step) => ({ step, plan: planOf(step, shapes, steps), words: 0, first: 0 }));
    const scratch = Math.max(0, ...this.#steps.map(({ plan }) => plan.room.scratch));
    let end = wholeLines(bytes + scratch);
    let launches = 0;
    for (const planned of this.#steps) {
      planned.words = end;
      planned.first = launches;
      end += wholeLines(planned.plan.room.words);
      launches += planned.plan.launchCount;
    }
    this.#block = new Storage(end + Sequence.room(launches), () => "compile: memory of a program");
    const base = this.#block.compute();
    this.#scratch = base + bytes;
    this.#bytesOfValues = bytes;
    for (const planned of this.#steps) planned.words += base;
    this.#addressOf = (value) => {
      const root = rootOf(value);
      const offset = (steps.within.get(value)?.firstColumn ?? 0) * 4;
      if (root === "input") return this.#input;
      if (root === output) return this.#output + offset;
      return places.has(root) ? base + places.get(root)! + offset : constants.address(root);
    };
    this.#moving = this.#steps.filter(({ step: { name, inputs } }) =>
      [name, ...Object.values(inputs)].some((value) => ["input", output].includes(rootOf(value))),
    );
    try {
      if (tune) this.#tune(shapes, (step, way) => planOf(step, shapes, steps, way));
      this.#sequence = new Sequence(
        this.#steps.flatMap((planned) => this.#bind(planned)),
        base + end,
      );
    } catch (error) {
      this.#block.release();
      throw error;
    }
  }

  /** Names of constants that steps read in their own layout. */
  get constantsInUse(): string[] {
    return this.#steps.flatMap(({ step, plan }) =>
      Object.values(step.inputs).filter((_, i) => plan.uses(i + 1)),
    );
  }

  get bytes(): number {
    return this.#block.bytes;
  }

  /** Chooses the fastest ways for steps whose operands have addresses. Steps that read the input or write the output keep theirs. */
  #tune(shapes: ReadonlyMap<string, Shape>, planWay: (step: Step, way: number) => Plan): void {
    const tuner = new Tuner();
    const open = this.#steps.filter((planned) => planned.plan.ways > 1 && !this.#moving.includes(planned));
    let clean = false;
    for (const planned of open) {
      const { step, plan: first } = planned;
      const { op, inputs, shape, attrs, activation } = step;
      const sizes = Object.values(inputs).map((value) => shapes.get(value));
      const key = JSON.stringify([op, sizes, shape, attrs, activation]);
      /** Only ways that fit in the room of the first are possible. */
      const planOfWay = (way: number): Plan | undefined => {
        const plan = way === 0 ? first : planWay(step, way);
        const { room, launchCount } = plan;
        const fits = room.words <= first.room.words && room.scratch <= first.room.scratch;
        return fits && launchCount === first.launchCount ? plan : undefined;
      };
      const before = tuner.known(key, first.ways);
      if (before !== undefined) {
        planned.plan = planOfWay(before) ?? first;
        continue;
      }
      const plans = Array.from({ length: first.ways }, (_, way) => planOfWay(way));
      if (!plans.every((plan) => plan !== undefined)) continue;
      // Leftover numbers might be ones that slow processors down, such as subnormals.
      if (!clean) runtime().heap.u8(this.#block.compute(), this.#bytesOfValues).fill(0);
      clean = true;
      const way = tuner.choose(key, plans.length, (n) => {
        const launches = this.#bind({ ...planned, plan: plans[n]! });
        for (const { kernel, args, range } of launches) {
          if (range)
            launch(kernel as Ranged, range.units, range.grain, args, range.scratch, range.scratchBytes);
          else (runtime().kernels[kernel] as (...all: number[]) => number)(...args);
        }
      });
      planned.plan = plans[way]!;
    }
    tuner.keep();
  }

  /** Its launches, with the current addresses. */
  #bind({ step, plan, words }: Planned): Bound[] {
    const inputs = Object.values(step.inputs);
    const { scalars } = plannedOf(step);
    const direct = inputs.map((value, i) => (plan.uses(i + 1) ? this.#addressOf(value) : 0));
    const addresses = [
      ...new Array<number>(OWN).fill(0),
      this.#addressOf(step.name),
      ...direct,
      ...scalars.map((scalar) => step.attrs[scalar as string] as number),
      ...plan.derived.map((derived) => this.#constants.derived(inputs[derived.of - 1]!, derived)),
    ];
    return plan.bind(addresses, words, this.#scratch);
  }

  /** Computes the output to an address from the input at an address. */
  run(input: number, output: number): void {
    this.#place(input, output);
    this.#sequence.run();
  }

  /** The same in parts of a few milliseconds each. */
  *runInParts(input: number, output: number): Generator<void> {
    this.#place(input, output);
    for (let first = 0, begin = performance.now(); first < this.#sequence.length; first++) {
      this.#sequence.run(first, first + 1);
      if (performance.now() - begin < PART_MS) continue;
      yield;
      begin = performance.now();
    }
  }

  #place(input: number, output: number): void {
    if (input !== this.#input || output !== this.#output) {
      this.#input = input;
      this.#output = output;
      for (const planned of this.#moving) {
        this.#bind(planned).forEach((launch, i) => this.#sequence.set(planned.first + i, launch));
      }
    }
  }

  dispose(): void {
    this.#block.release();
  }
}
