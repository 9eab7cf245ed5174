// The errors that fovea throws. Messages read `<op or file>: <what is wrong>; got …; expected …`.

/** Tensors whose shapes, dtypes, axes or attributes do not fit an operation. */
export class ShapeError extends Error {
  override name = "ShapeError";
}

/** A file, dataset, state dict or value that is not what it should be. The message names it. */
export class DataError extends Error {
  override name = "DataError";
}

/** The WebAssembly side cannot do what was asked: out of memory, a binary the engine refuses. */
export class WasmError extends Error {
  override name = "WasmError";
}
