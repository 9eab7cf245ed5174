// The exports of kernels.*.wasm.

export { gemm, gemmScratch, gemmUnits } from "./product/gemm";
export { rowsGemm, rowsGemmScratch, rowsGemmUnits, segmentBlocks } from "./product/rows-gemm";
export { pixelsGemm, pixelsGemmScratch, pixelsGemmUnits } from "./product/pixels-gemm";
export { tileColumns, tileCount, tileRows } from "./tile/tile";
export * from "./elementwise/activation";
export * from "./elementwise/copy";
export * from "./elementwise/elementwise";
export { argmax, maxBackward, sum, sumBackward } from "./reduce/reduce";
export * from "./reduce/softmax";
export * from "./norm/batch-norm";
export * from "./image/normalize";
export * from "./optimizer/optimizer";
export * from "./elementwise/dropout";
export * from "./depthwise/depthwise";
export * from "./depthwise/weight";
export { packPanels, packPanelsUnits, padImages } from "./product/pack";
export * from "./pool/avg-pool";
export * from "./pool/max-pool";
export * from "./image/resize";
export { winogradConv, winogradConvScratch, winogradConvUnits } from "./winograd/winograd";
export {
  winogradWeightBackward,
  winogradWeights,
  winogradWeightsScratch,
  winogradWeightsUnits,
} from "./winograd/weights";
export {
  winogradStrips,
  winogradStripsScratch,
  winogradSums,
  winogradSumsScratch,
  winogradSumsUnits,
  winogradTiles,
  winogradTilesFloats,
  winogradTilesScratch,
} from "./winograd/weight";
export { winogradStrided, winogradStridedScratch, winogradStridedUnits } from "./winograd/strided";
export {
  stridedWeightFloats,
  stridedWeights,
  stridedWeightsScratch,
  stridedWeightsUnits,
} from "./winograd/strided-weights";
export {
  stridedSums,
  stridedSumsScratch,
  stridedSumsUnits,
  stridedTiles,
  stridedTilesFloats,
  stridedTilesScratch,
} from "./winograd/strided-weight";
export { stemConv, stemConvScratch, stemConvUnits, stemSums, stemSumsScratch } from "./winograd/stem";
export { stemWeight, stemWeightBackward } from "./winograd/stem-transforms";
