// The page's end of the worker: which one it is, and what is said where there is none.

import { DataError, WasmError, reason } from "../errors.js";
import { wrongKind } from "../errors/options.js";
import type { ModelOptions } from "./model-request.js";
import type { WorkerMethods } from "./protocol.js";
import { Connection, type Port } from "./rpc.js";

const CURE =
  'serve the file, or give the option worker: () => new Worker(…) with a file of your own that holds import "fovea/web/worker"';

/** A connection, and who uses it. */
export class Link {
  readonly connection: Connection<WorkerMethods>;
  readonly #worker: Worker;
  readonly #own: boolean;
  #users = 0;

  constructor(worker: Worker, own: boolean) {
    this.#worker = worker;
    this.#own = own;
    this.connection = new Connection<WorkerMethods>(worker as unknown as Port);
    worker.addEventListener("error", (event) => {
      const { message } = event as Partial<ErrorEvent>;
      const what = this.connection.loaded ? "the worker has died" : "the worker cannot be loaded";
      const cure = this.connection.loaded ? "dispose() of this and create it anew" : CURE;
      this.connection.fail(new WasmError(`fovea/web: ${what}${message ? ` (${message})` : ""}; ${cure}`));
    });
    worker.addEventListener("messageerror", () => {
      this.connection.fail(new WasmError("fovea/web: a message of the worker cannot be read by this page"));
    });
  }

  use(): this {
    this.#users++;
    return this;
  }

  /** Ends the worker with its last user, if it is the library's. */
  release(): void {
    if (--this.#users > 0) return;
    this.connection.fail(new DataError("fovea/web: used after dispose()"));
    links.delete(this.#worker);
    if (this.#own) this.#worker.terminate();
  }
}

/** The links of workers that callers bring, which may serve several. */
const links = new Map<Worker, Link>();

function ownWorker(): Worker {
  try {
    return new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "fovea" });
  } catch (error) {
    throw new WasmError(`fovea/web: the worker cannot be started: ${reason(error)}; ${CURE}`);
  }
}

/** The link to the worker that is asked for. @throws WasmError if it cannot be started; DataError if it is none */
export function linkTo(op: string, given: ModelOptions["worker"]): Link {
  const worker = typeof given === "function" ? given() : (given ?? ownWorker());
  if (typeof (worker as Partial<Worker> | undefined)?.postMessage !== "function") {
    throw wrongKind(op, "worker", worker, "a Worker, or a function that makes one");
  }
  const known = links.get(worker);
  if (known) return known.use();
  const link = new Link(worker, typeof given !== "object");
  links.set(worker, link);
  return link.use();
}
