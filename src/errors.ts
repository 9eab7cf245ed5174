// The errors that fovea throws. Messages read `<op or file>: <what is wrong>; got …; expected …`.

/** Most characters of foreign text (a file's, a user's) that a message shows. */
const MOST_SHOWN = 200;
/** Most characters of a whole message: our longest lists all options of a training run. */
const MOST = 2000;

/** Characters that would move the cursor, change colours or reverse text on a terminal, and lone surrogates. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

/** Text without characters that a terminal would obey. */
export function printable(text: string): string {
  return text.replace(
    UNPRINTABLE,
    (c) => ESCAPES.get(c) ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The text, or its beginning and end if it is too long. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = Math.floor(most / 4);
  return `${text.slice(0, most - end - 1)}…${text.slice(-end)}`;
}

/** Text from a file or a user for an error message: without control characters, and cut in the middle where it is long. */
export function short(text: unknown): string {
  return typeof text === "string" ? printable(cut(text, MOST_SHOWN)) : show(text);
}

/**
 * Any value from a file or a user for an error message, as JSON but never longer than 200 characters. It walks neither
 * deep nor far, so a huge, deep or cyclic value costs nothing.
 */
export function show(value: unknown): string {
  let left = MOST_SHOWN;
  const put = (text: string): string => {
    left -= text.length;
    return text;
  };
  const items = <T>(open: string, all: Iterable<T>, each: (one: T) => string, close: string): string => {
    let out = put(open);
    let first = true;
    for (const one of all) {
      if (left <= 0) return `${out}…${close}`;
      if (!first) out += put(",");
      first = false;
      out += each(one);
    }
    return out + put(close);
  };
  const walk = (v: unknown, depth: number): string => {
    if (typeof v === "string") return put(JSON.stringify(cut(v, Math.max(left, 16))));
    if (typeof v === "function") return put("a function");
    if (typeof v !== "object" || v === null) return put(String(v));
    if (Array.isArray(v)) return depth > 2 ? put("[…]") : items("[", v, (one) => walk(one, depth + 1), "]");
    const proto: unknown = Object.getPrototypeOf(v);
    if (depth > 2 || (proto !== Object.prototype && proto !== null)) return put("{…}");
    const field = (key: string): string =>
      put(`${JSON.stringify(cut(key, 40))}:`) + walk((v as Record<string, unknown>)[key], depth + 1);
    return items("{", keysOf(v), field, "}");
  };
  return printable(cut(walk(value, 0), MOST_SHOWN));
}

function* keysOf(object: object): Generator<string> {
  for (const key in object) if (Object.hasOwn(object, key)) yield key;
}

/**
 * The first line of an error from Node or a library, for a message of ours that names the file itself: "ENOENT: no such file
 * or directory".
 */
export function reason(error: unknown): string {
  if (error instanceof FoveaError) return error.message;
  if (!(error instanceof Error)) return short(error);
  const { message, syscall } = error as Error & { syscall?: unknown };
  const call = typeof syscall === "string" ? message.indexOf(`, ${syscall}`) : -1;
  return short((call < 0 ? message : message.slice(0, call)).split("\n", 1)[0]);
}

/** The base of all errors of fovea. Their messages have no control characters, no endless words and a limited length. */
export class FoveaError extends Error {
  /** The class's name. */
  override name = "FoveaError";

  constructor(message: string) {
    const words = cut(String(message), 4 * MOST).replace(/\S{201,}/g, (word) => cut(word, MOST_SHOWN));
    super(printable(cut(words, MOST)));
  }
}

/** Tensors whose shapes, dtypes, axes or attributes do not fit an operation. */
export class ShapeError extends FoveaError {
  /** The class's name. */
  override name = "ShapeError";
}

/** A file, dataset, state dict or value that is not what it should be. The message names it. */
export class DataError extends FoveaError {
  /** The class's name. */
  override name = "DataError";
}

/** The WebAssembly side cannot do its work: out of memory, or a binary that the engine refuses. */
export class WasmError extends FoveaError {
  /** The class's name. */
  override name = "WasmError";
}
