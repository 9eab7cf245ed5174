// "fovea/onnx": networks in the format that other runtimes read. Nothing of it is in "fovea".

export { exportOnnx, type ExportOnnxOptions } from "./export.js";
