// The exports of kernels.*.wasm. src/wasm/abi.ts holds the same list, typed.

export * from "./gemm";
export { tileColumns, tileCount, tileRows } from "./tile";
export * from "./elementwise";
export { argmax, maxBackward, sum, sumBackward } from "./reduce";
export * from "./softmax";
export * from "./norm";
export * from "./optimizer";
export * from "./random";
export * from "./depthwise";
export * from "./depthwise-weight";
export { packPanels, padImages } from "./pack";
export * from "./pool";
export * from "./winograd";
