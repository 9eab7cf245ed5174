// State dicts: a model's parameters and buffers outside the heap, as files hold them.

/** A tensor in PyTorch's layout. */
export interface StateTensor {
  /** safetensors' name of the type. */
  dtype: "F32" | "I64";
  /** In PyTorch's order of axes. */
  shape: readonly number[];
  /** The elements, row after row. */
  data: Float32Array | BigInt64Array;
}

/** Names (torchvision's) and values of all parameters and buffers. */
export type StateDict = Map<string, StateTensor>;

/** Most names listed in an error, which gives the count of the others. */
const LISTED = 4;

/** "a, b, c, d and 3 more": for errors. */
export function listed(names: readonly string[]): string {
  const more = names.length - LISTED;
  return names.slice(0, LISTED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
