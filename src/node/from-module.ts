// Users' own datasets and transforms that worker threads can make too: a module defines them, and each thread imports it.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { isAbsolute, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  firstClasses,
  makeBatchTransform,
  makeTransform,
  registerBatchTransform,
  registerTransform,
  type BatchTransform,
  type Dataset,
  type DatasetSource,
  type RawImage,
  type LeftOut,
  type Transform,
  type TransformSpec,
} from "../data/index.js";
import { isImage, notAnImage } from "../data/image.js";
import { checkDataset } from "../data/options.js";
import { checkTargets } from "../data/targets.js";
import { DataError, reason, short } from "../errors.js";
import { kindOf, wrongKind } from "../errors/options.js";

/** The exports of a module. Each is a function of the options given with the module. */
type Export = "dataset" | "transform" | "batchTransform";

/** Modules that this thread has imported, by URL. */
const imported = new Map<string, Readonly<Record<string, unknown>>>();

/** A module's name in messages: a file's path. */
const named = (url: string): string => short(url.startsWith("file:") ? fileURLToPath(url) : url);

/** An error of the user's code, as one of ours. */
function blame(what: string, error: unknown): DataError {
  return Object.assign(new DataError(`${what}: ${reason(error)}`), { cause: error });
}

const require = createRequire(import.meta.url);

/** A package that is installed where the program runs, or beside fovea. */
function installed(op: string, name: string): string {
  try {
    const file = require.resolve(name, {
      paths: [process.cwd(), fileURLToPath(new URL(".", import.meta.url))],
    });
    return pathToFileURL(file).href;
  } catch (error) {
    throw new DataError(
      `${op}: no such module; got '${short(name)}' (${reason(error)}); expected a file's URL or path, or an installed package`,
    );
  }
}

/** The URL of a module. @throws DataError if there is none */
function urlOf(op: string, module: string | URL): string {
  const given: unknown = module;
  if (!(given instanceof URL) && (typeof given !== "string" || given === "")) {
    throw wrongKind(op, "module", given, "a URL, a path or a package's name");
  }
  const text = String(module);
  const isFile = isAbsolute(text) || /^\.{1,2}[/\\]/.test(text);
  if (!isFile && !/^[a-z]{2,}:/i.test(text)) return installed(op, text);
  const url = isFile ? pathToFileURL(resolve(text)).href : text;
  if (url.startsWith("file:") && !existsSync(new URL(url))) {
    throw new DataError(
      `${op}: no such module; got '${named(url)}'; expected a file's URL or path, or an installed package`,
    );
  }
  return url;
}

/** Imports a module, once in a thread. @throws DataError naming it if that fails */
async function load(url: string): Promise<void> {
  if (imported.has(url)) return;
  try {
    imported.set(url, (await import(/* @vite-ignore */ url)) as Readonly<Record<string, unknown>>);
  } catch (error) {
    throw blame(`${named(url)}: cannot be imported`, error);
  }
}

/** The result of the module's function for the options. @throws DataError naming module and export */
function madeBy(url: string, name: Export, options: unknown): unknown {
  const make = imported.get(url)?.[name];
  if (typeof make !== "function") {
    throw new DataError(`${named(url)}: exports no function '${name}'; got ${kindOf(make)}`);
  }
  try {
    return (make as (options: unknown) => unknown)(options);
  } catch (error) {
    throw blame(`${named(url)}: ${name}()`, error);
  }
}

/** @throws DataError unless threads can be sent the options */
function checkCloneable(op: string, options: unknown): void {
  try {
    structuredClone(options);
  } catch (error) {
    throw new DataError(`${op}: options cannot be sent to worker threads: ${reason(error)}`);
  }
}

/** The result of a module's dataset(), checked, with errors that name the module and the image. */
class ModuleDataset implements Dataset {
  readonly name: string;
  readonly length: number;
  readonly classes: readonly string[];
  readonly labels: Int32Array;
  readonly targets: Float32Array | undefined;
  readonly leftOut: readonly LeftOut[] | undefined;
  readonly notes: readonly string[] | undefined;
  readonly source: DatasetSource;
  readonly #own: Dataset;
  readonly #module: string;

  constructor(source: DatasetSource, own: Dataset, module: string) {
    checkDataset(`${module}: dataset()`, own);
    const { name = module, length, classes, labels, targets, leftOut, notes } = own;
    this.source = source;
    this.#own = own;
    this.#module = module;
    this.name = name;
    this.length = length;
    this.classes = classes;
    if (targets) {
      this.targets = Float32Array.from(targets);
      checkTargets(name, this.targets, length, classes.length);
    }
    this.labels = targets ? firstClasses(this.targets!, classes.length) : Int32Array.from(labels);
    const bad = targets ? -1 : this.labels.findIndex((label) => !(label >= 0 && label < classes.length));
    if (bad >= 0 || this.labels.length !== length) {
      const got = bad >= 0 ? `${this.labels[bad]} at index ${bad}` : `${this.labels.length} labels`;
      throw new DataError(
        `${module}: dataset(): labels do not fit; got ${got}; expected ${length} from 0 to ${classes.length - 1}`,
      );
    }
    this.leftOut = leftOut;
    this.notes = notes;
  }

  async image(i: number): Promise<RawImage> {
    let image: unknown;
    try {
      image = await this.#own.image(i);
    } catch (error) {
      throw blame(`${this.#module}: image ${i}`, error);
    }
    if (isImage(image, false)) return image;
    throw notAnImage(`${this.#module}: image ${i}`, "it", image, false);
  }

  path(i: number): string | undefined {
    return this.#own.path?.(i);
  }
}

/** The dataset of a source of kind "module", in whatever thread. */
export async function openModuleDataset(source: DatasetSource): Promise<Dataset> {
  const { module: url, options } = source as DatasetSource & { module: string; options: unknown };
  await load(url);
  let own: unknown;
  try {
    own = await madeBy(url, "dataset", options);
  } catch (error) {
    throw error instanceof DataError ? error : blame(`${named(url)}: dataset()`, error);
  }
  return new ModuleDataset(source, own as Dataset, named(url));
}

/**
 * The dataset that a module's exported function `dataset(options)` returns (or promises): any object with `length`, `classes`,
 * `labels` (or `targets`) and `image(i)`, which returns, or promises, { data: Uint8Array, height, width, channels }. Worker threads
 * import the module and call it again with a copy of the options, so that the loader can have `workers`; it must then make the same
 * dataset. The module is JavaScript (or anything that Node runs directly) and may import "fovea".
 * @param module a URL (`new URL("./my-data.mjs", import.meta.url)`), a path (from where the program runs), or a package
 * @throws DataError if there is no such module, it cannot be imported, exports no such function, the function throws or returns
 * anything else, or the options cannot be sent to threads (structuredClone)
 */
export async function datasetFromModule(module: string | URL, options: unknown = {}): Promise<Dataset> {
  const url = urlOf("datasetFromModule", module);
  checkCloneable("datasetFromModule", options);
  return openModuleDataset({ kind: "module", module: url, options });
}

interface ModuleOptions {
  readonly module: string;
  readonly options: unknown;
}

const NAME = "FromModule";

/** The object that a module made to apply a step; the module has been imported. */
function applierOf<T extends { apply: unknown }>(
  { module, options }: ModuleOptions,
  name: Export,
): [T, string] {
  const own = madeBy(module, name, options);
  const apply: unknown = (own as Partial<T> | null | undefined)?.apply;
  if (typeof apply === "function") return [own as T, `${named(module)}: ${name}`];
  throw wrongKind(`${named(module)}: ${name}()`, "it", own, "an object with apply()");
}

registerTransform(NAME, (from: ModuleOptions): Transform => {
  const [own, what] = applierOf<Transform>(from, "transform");
  return {
    spec: { name: NAME, options: from },
    apply(image, random) {
      let made: unknown;
      try {
        made = own.apply(image, random);
      } catch (error) {
        throw blame(what, error);
      }
      if (isImage(made, true)) return made;
      throw notAnImage(what, "what apply() gives", made, true);
    },
  };
});

registerBatchTransform(NAME, (from: ModuleOptions): BatchTransform => {
  const [own, what] = applierOf<BatchTransform>(from, "batchTransform");
  return {
    spec: { name: NAME, options: from },
    apply(images, shape, targets, random) {
      try {
        own.apply(images, shape, targets, random);
      } catch (error) {
        throw blame(what, error);
      }
    },
  };
});

/** Imports the modules that specs name, those within Compose and RandomChoice too. @throws DataError if one cannot be */
export async function loadModulesOf(specs: unknown): Promise<void> {
  if (typeof specs !== "object" || specs === null || ArrayBuffer.isView(specs)) return;
  const { name, options } = specs as Partial<TransformSpec>;
  if (name === NAME) await load((options as ModuleOptions).module);
  else for (const one of Object.values(specs)) await loadModulesOf(one);
}

async function specOf(op: string, module: string | URL, options: unknown): Promise<TransformSpec> {
  const url = urlOf(op, module);
  checkCloneable(op, options);
  await load(url);
  return { name: NAME, options: { module: url, options } satisfies ModuleOptions };
}

/**
 * The transform that a module's exported function `transform(options)` returns: an object with `apply(image, random)` (see
 * Transform; no `spec` is needed). Worker threads import the module too, as for datasetFromModule().
 * @throws DataError as datasetFromModule()
 */
export async function transformFromModule(module: string | URL, options: unknown = {}): Promise<Transform> {
  return makeTransform(await specOf("transformFromModule", module, options));
}

/**
 * The same for batches: the module exports `batchTransform(options)`, which returns an object with
 * `apply(images, shape, targets, random)` (see BatchTransform). @throws DataError as datasetFromModule()
 */
export async function batchTransformFromModule(
  module: string | URL,
  options: unknown = {},
): Promise<BatchTransform> {
  return makeBatchTransform(await specOf("batchTransformFromModule", module, options));
}
