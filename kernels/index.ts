// The exports of kernels.*.wasm.

export { gemm, gemmScratch, gemmUnits } from "./product/gemm";
export { rowsGemm, rowsGemmScratch, rowsGemmUnits, segmentBlocks } from "./product/rows-gemm";
export { pixelsGemm, pixelsGemmScratch, pixelsGemmUnits } from "./product/pixels-gemm";
export { fewRows, fewRowsScratch } from "./product/few-rows";
export { tileColumns, tileCount, tileRows } from "./tile/tile";
export * from "./elementwise/copy";
export * from "./elementwise/generated/maps";
export * from "./elementwise/prelu";
export { argmax, gather, scatterAdd, sum, sumBackward } from "./reduce/reduce";
export * from "./reduce/softmax";
export * from "./norm/batch-norm";
export * from "./image/normalize";
export * from "./optimizer/optimizer";
export * from "./elementwise/dropout";
export * from "./depthwise/depthwise";
export * from "./depthwise/weight";
export { packPanels, padImages } from "./product/pack";
export * from "./pool/avg-pool";
export * from "./pool/max-pool";
export * from "./image/resize";
export { winogradConvScratch } from "./winograd/block";
export { winogradConv, winogradConvUnits } from "./winograd/conv";
export * from "./winograd/gradient";
export { winogradPoints, winogradProducts } from "./winograd/points";
export { winogradWeights, winogradWeightsFloats, winogradWeightsScratch } from "./winograd/weights";
