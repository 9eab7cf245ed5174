// The exports of the JPEG decoder's binary.

export { bitsLeft } from "./bits";
export { colourRows } from "./colour";
export { huffmanTable } from "./huffman";
export { decodeScan, decodeWhole, samplesOf } from "./scan";
