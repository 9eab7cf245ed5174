// Calls from a page into its worker: numbered requests, their answers, events on the way, and cancelling.

import { DataError, FoveaError, reason, ShapeError, WasmError } from "../errors.js";

export type Awaitable<T> = T | Promise<T>;

/** From the page. */
export type ToWorker =
  | {
      readonly fovea: "call";
      readonly id: number;
      readonly method: string;
      readonly args: readonly unknown[];
    }
  | { readonly fovea: "cancel"; readonly id: number };

/** An error on its way to the page. */
interface WireError {
  readonly name: string;
  readonly message: string;
}

/** To the page. "hello" is sent once, when the worker has loaded. */
export type FromWorker =
  | { readonly fovea: "hello" }
  | { readonly fovea: "event"; readonly id: number; readonly event: unknown }
  | { readonly fovea: "result"; readonly id: number; readonly value: unknown }
  | { readonly fovea: "error"; readonly id: number; readonly error: WireError };

/** A worker, a port of a MessageChannel, or the worker's own side. */
export interface Port {
  /** Of ports, which keep their messages until then. */
  start?(): void;
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
}

/** What a method gets besides its arguments. */
export interface Call {
  /** Aborted when the page no longer wants the answer. */
  readonly signal: AbortSignal;
  /** Tells the page something on the way. */
  emit(event: unknown): void;
}

/** A value that goes to the page with these buffers, which are then gone here. */
export class Transferred<T> {
  readonly value: T;
  readonly buffers: readonly Transferable[];

  constructor(value: T, buffers: readonly Transferable[]) {
    this.value = value;
    this.buffers = buffers;
  }
}

type AnyMethod = (...args: never[]) => unknown;
type Answer<M> = M extends (...args: never[]) => infer R ? Awaited<R> : never;

/** The worker's side of a list of methods. */
export type Methods<List> = {
  readonly [M in keyof List]: List[M] extends (...args: infer Args) => unknown
    ? (call: Call, ...args: Args) => Awaitable<Answer<List[M]> | Transferred<Answer<List[M]>>>
    : never;
};

const isAbort = (error: unknown): error is Error => (error as Error | undefined)?.name === "AbortError";

function wire(error: unknown): WireError {
  if (!(error instanceof FoveaError || isAbort(error))) return { name: "Error", message: reason(error) };
  const { name, message } = error;
  return { name, message };
}

/** Answers the calls that come through a port. */
export function serve<List extends object>(port: Port, methods: Methods<List>): void {
  const running = new Map<number, AbortController>();
  const answer = async (id: number, method: string, args: readonly unknown[]): Promise<void> => {
    const controller = new AbortController();
    running.set(id, controller);
    const send = (message: FromWorker, buffers: readonly Transferable[] = []): void =>
      port.postMessage(message, [...buffers]);
    try {
      const fn = Object.hasOwn(methods, method) ? methods[method as keyof List] : undefined;
      if (!fn)
        throw new WasmError(`fovea/web: the worker has no '${method}'; page and worker are of two versions`);
      const call: Call = { signal: controller.signal, emit: (event) => send({ fovea: "event", id, event }) };
      const result = await (fn as unknown as (...all: unknown[]) => unknown)(call, ...args);
      if (result instanceof Transferred) send({ fovea: "result", id, value: result.value }, result.buffers);
      else send({ fovea: "result", id, value: result });
    } catch (error) {
      send({ fovea: "error", id, error: wire(error) });
    } finally {
      running.delete(id);
    }
  };
  port.addEventListener("message", ({ data }: MessageEvent<ToWorker | undefined>) => {
    if (data?.fovea === "call") void answer(data.id, data.method, data.args);
    else if (data?.fovea === "cancel") running.get(data.id)?.abort();
  });
  port.start?.();
  port.postMessage({ fovea: "hello" } satisfies FromWorker, []);
}

const KINDS: Record<string, new (message: string) => Error> = {
  FoveaError,
  DataError,
  ShapeError,
  WasmError,
  NonFiniteLossError: DataError, // whose batch stays in the worker
};

function revived({ name, message }: WireError): Error {
  if (name === "AbortError") return new DOMException(message, name);
  const Kind = KINDS[name];
  return Kind ? Object.assign(new Kind(message), { name }) : new Error(`fovea/web: ${message}`);
}

export interface CallOptions {
  readonly transfer?: readonly Transferable[];
  /** Asks the worker to stop; what that means is the method's own. */
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: never) => void) | undefined;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  onEvent: ((event: never) => void) | undefined;
}

/** The page's side. */
export class Connection<List extends object> {
  readonly #port: Port;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #failed: Error | undefined;
  /** Whether the worker has loaded. */
  loaded = false;

  constructor(port: Port) {
    this.#port = port;
    port.addEventListener("message", ({ data }: MessageEvent<FromWorker | undefined>) => this.#receive(data));
    port.start?.();
  }

  /** Calls a method. @throws what the method throws; the signal's reason if it was aborted before, or the method gave up because of it */
  async call<M extends keyof List & string>(
    method: M,
    args: List[M] extends AnyMethod ? Parameters<List[M]> : never,
    { transfer = [], signal, onEvent }: CallOptions = {},
  ): Promise<Answer<List[M]>> {
    signal?.throwIfAborted();
    if (this.#failed) throw this.#failed;
    const id = this.#calls++;
    const cancel = (): void => this.#port.postMessage({ fovea: "cancel", id } satisfies ToWorker, []);
    signal?.addEventListener("abort", cancel);
    try {
      return await new Promise<Answer<List[M]>>((resolve, reject) => {
        this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, onEvent });
        try {
          this.#port.postMessage({ fovea: "call", id, method, args } satisfies ToWorker, [...transfer]);
        } catch (error) {
          this.#waiting.delete(id);
          reject(new DataError(`${method}: cannot be sent to the worker: ${reason(error)}`));
        }
      });
    } catch (error) {
      if (isAbort(error)) signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** Refuses what has not been answered and all that comes. */
  fail(error: Error): void {
    this.#failed ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #receive(message: FromWorker | undefined): void {
    if (message?.fovea === "hello") this.loaded = true;
    if (message?.fovea !== "event" && message?.fovea !== "result" && message?.fovea !== "error") return;
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return;
    if (message.fovea === "event") return waiting.onEvent?.(message.event as never);
    this.#waiting.delete(message.id);
    if (message.fovea === "result") waiting.resolve(message.value);
    else waiting.reject(revived(message.error));
  }
}
