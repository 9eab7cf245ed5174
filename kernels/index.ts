// The exports of kernels.*.wasm. src/wasm/abi.ts holds the same list, typed.

export { gemm, gemmScratch, gemmUnits } from "./gemm";
export { rowsGemm, rowsGemmScratch, rowsGemmUnits, segmentBlocks } from "./rows-gemm";
export { pixelsGemm, pixelsGemmScratch, pixelsGemmUnits } from "./pixels-gemm";
export { tileColumns, tileCount, tileRows } from "./tile";
export * from "./activation";
export * from "./copy";
export * from "./elementwise";
export { argmax, maxBackward, sum, sumBackward } from "./reduce";
export * from "./softmax";
export * from "./norm";
export * from "./normalize";
export * from "./optimizer";
export * from "./random";
export * from "./depthwise";
export * from "./depthwise-weight";
export { packPanels, packPanelsUnits, padImages } from "./pack";
export * from "./avg-pool";
export * from "./max-pool";
export * from "./resize";
export { winogradConv, winogradConvScratch, winogradConvUnits } from "./winograd";
export {
  winogradWeightBackward,
  winogradWeights,
  winogradWeightsScratch,
  winogradWeightsUnits,
} from "./winograd-weights";
export {
  winogradStrips,
  winogradStripsScratch,
  winogradSums,
  winogradSumsScratch,
  winogradSumsUnits,
  winogradTiles,
  winogradTilesFloats,
  winogradTilesScratch,
} from "./winograd-weight";
export { winogradStrided, winogradStridedScratch, winogradStridedUnits } from "./winograd-strided";
export {
  stridedWeightFloats,
  stridedWeights,
  stridedWeightsScratch,
  stridedWeightsUnits,
} from "./winograd-strided-weights";
export {
  stridedSums,
  stridedSumsScratch,
  stridedSumsUnits,
  stridedTiles,
  stridedTilesFloats,
  stridedTilesScratch,
} from "./winograd-strided-weight";
export { stemConv, stemConvScratch, stemConvUnits, stemSums, stemSumsScratch } from "./winograd-stem";
export { stemWeight, stemWeightBackward } from "./winograd-stem-transforms";
