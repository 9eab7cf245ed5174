// "fovea/onnx": networks in the format that other runtimes read. It is not part of "fovea".

export { exportOnnx, type ExportOnnxOptions } from "./export.js";
