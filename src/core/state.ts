// State dicts: a model's parameters and buffers outside the heap, as files hold them.

/** A tensor in PyTorch's layout. */
export interface StateTensor {
  /** safetensors' name of the type. */
  dtype: "F32" | "I64";
  shape: readonly number[];
  data: Float32Array | BigInt64Array;
}

/** Names (torchvision's) and values of all parameters and buffers. */
export type StateDict = Map<string, StateTensor>;
