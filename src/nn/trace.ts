// The graph of a network: its operations and their inputs, found without computing anything. Everything that looks at whole
// networks (summaries, compiled inference, exchange formats) is a function of it.

import { shapesOnly, withoutValues } from "../core/op.js";
import { keep, tidy } from "../core/scope.js";
import { checkShape, type Shape } from "../core/shape.js";
import type { Storage } from "../core/storage.js";
import { checkTensors, empty, Tensor, type DType } from "../core/tensor.js";
import { wrongKind } from "../errors/options.js";
import { inEvaluation } from "./evaluation.js";
import { withoutHooks } from "./hooks.js";
import { BufferTensor, Module, Parameter } from "./module.js";

/** One application of an operation. */
export interface GraphNode {
  /** Unique name of its output: "layer1.0.conv1.conv2d". */
  readonly name: string;
  /** The operation: "conv2d". */
  readonly op: string;
  /** Its inputs, by the op's names for them ("x", "weight"): names of nodes or constants, or "input". */
  readonly inputs: Readonly<Record<string, string>>;
  /** All other arguments: strides, eps. No tensors. */
  readonly attrs: Readonly<Record<string, unknown>>;
  /** Shape of its output. */
  readonly shape: Shape;
  /** Type of the output's elements. */
  readonly dtype: DType;
}

/** One application of a module. */
export interface GraphLayer {
  /** Where the module is: "layer1.0.conv1"; "" is the network itself. */
  readonly path: string;
  /** The module itself. */
  readonly module: Module;
  /** Shape of its output. */
  readonly shape: Shape;
  /** The nodes that it applied: nodes[begin] … nodes[end − 1]. */
  readonly begin: number;
  /** Index after the last of them. */
  readonly end: number;
}

/** The operations of a network in order, as trace() records them. */
export interface Graph {
  /** Shape of the value called "input". */
  readonly inputShape: Shape;
  /** In the order in which they are applied: a node's inputs come before it. */
  readonly nodes: readonly GraphNode[];
  /**
   * Tensors that nodes read but no node makes: parameters and buffers by their names in files, the model's own, not copies. The
   * caller disposes of any others.
   */
  readonly constants: ReadonlyMap<string, Tensor>;
  /** Name of the value that the network returns. */
  readonly output: string;
  /** In the order in which they finish: parts before their parent. */
  readonly layers: readonly GraphLayer[];
}

/** Releases a graph's constants, except parameters and buffers, which are the model's. */
export function freeConstants({ constants }: Graph): void {
  for (const t of constants.values()) {
    if (!(t instanceof Parameter || t instanceof BufferTensor)) t.dispose();
  }
}

/** Every module below, and the module itself, by path. */
function pathsOf(module: Module, path = ""): [path: string, module: Module][] {
  const below = module
    .namedChildren()
    .flatMap(([name, child]) => pathsOf(child, path ? `${path}.${name}` : name));
  return [...below, [path, module]];
}

/** Runs fn and calls `seen` before and after every forward. A module used in two places goes by its first name. */
function watchForward(
  model: Module,
  seen: (path: string, module: Module, forward: () => Tensor) => Tensor,
  fn: () => void,
): void {
  const undo: (() => void)[] = [];
  const paths = new Map(
    pathsOf(model)
      .reverse()
      .map(([path, module]) => [module, path]),
  );
  for (const [module, path] of paths as ReadonlyMap<Module & { forward?: Module["forward"] }, string>) {
    const own = Object.getOwnPropertyDescriptor(module, "forward"); // it may be a field of the module itself
    undo.push(() => {
      if (own) Object.defineProperty(module, "forward", own);
      else delete (module as { forward?: unknown }).forward;
    });
    const forward = module.forward.bind(module);
    module.forward = (x) => seen(path, module, () => forward(x));
  }
  try {
    fn();
  } finally {
    for (const restore of undo) restore();
  }
}

/**
 * The graph of a model in evaluation, for an input of this shape [n, h, w, c]. Takes hardly any time or memory.
 * @throws ShapeError if the input does not fit; DataError for anything other than a model
 */
export function trace(model: Module, input: Tensor | Shape): Graph {
  if (!(model instanceof Module)) throw wrongKind("trace", "model", model, "a Module");
  const inputShape = input instanceof Tensor ? input.shape : input;
  checkShape("trace", inputShape);
  const nodes: GraphNode[] = [];
  const layers: GraphLayer[] = [];
  const constants = new Map<string, Tensor>();
  const states = new Map<Storage, string>(
    [...model.namedParameters(), ...model.namedBuffers()].map(([name, t]) => [t.storage, name]),
  );
  const made = new Map<Storage, string>();
  const counts = new Map<string, number>();
  const paths: string[] = [];

  const nameOf = (t: Tensor): string => {
    const known = made.get(t.storage);
    if (known !== undefined) return known;
    const state = states.get(t.storage);
    const name = state ?? unique("constant");
    // Tensors that are not the model's state may end with forward(), or belong to others: the graph has its own tensor over their elements.
    constants.set(name, state === undefined ? keep(t.detach()) : t);
    made.set(t.storage, name);
    return name;
  };
  const unique = (name: string): string => {
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    return count === 0 ? name : `${name}_${count}`;
  };

  let output = "";
  watchForward(
    model,
    (path, module, forward) => {
      const begin = nodes.length;
      paths.push(path);
      const y = forward();
      paths.pop();
      checkTensors(`trace: ${path || "the model"}`, { "the output of forward()": y });
      layers.push({ path, module, shape: y.shape, begin, end: nodes.length });
      return y;
    },
    () =>
      withoutHooks(() =>
        inEvaluation(model, () =>
          shapesOnly(
            () =>
              tidy(() => {
                const x = withoutValues(empty(inputShape), "input");
                made.set(x.storage, "input");
                output = nameOf(model.forward(x));
              }),
            ({ name: op, inputs, attrs, y }) => {
              const all = Object.entries({ ...inputs, ...(attrs as object) });
              const read = all.filter((entry): entry is [string, Tensor] => entry[1] instanceof Tensor);
              const attributes = all.filter(([, value]) => !(value instanceof Tensor) && value !== undefined);
              const name = unique([paths.at(-1), op].filter(Boolean).join("."));
              nodes.push({
                name,
                op,
                inputs: Object.fromEntries(read.map(([key, t]) => [key, nameOf(t)])),
                attrs: Object.fromEntries(attributes),
                shape: y.shape,
                dtype: y.dtype,
              });
              made.set(y.storage, name);
            },
          ),
        ),
      ),
  );
  return { inputShape, nodes, constants, output, layers };
}
