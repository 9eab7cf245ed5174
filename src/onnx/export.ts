// Any network that trace() can read, as an ONNX file.

import { version } from "../version.js";
import type { Shape } from "../core/shape.js";
import { checkPreprocessing, preprocessingToJSON, type Preprocessing } from "../data/index.js";
import { DataError, show } from "../errors.js";
import { checkOptions, wrongKind, type Names } from "../errors/options.js";
import { Classifier } from "../models/index.js";
import { Module, trace } from "../nn/index.js";
import { refuseHooks } from "../nn/hooks.js";
import { freeConstants } from "../nn/trace.js";
import { encodeOnnx } from "./proto.js";
import { writeGraph, type Graphs } from "./write-graph.js";

/** Options of exportOnnx(). */
export interface ExportOnnxOptions {
  /** Height, width and channels of the images. Default: preprocessing's. */
  inputSize?: readonly [height: number, width: number, channels: number];
  /** How images are prepared for the weights; goes into the file. Default: the model's own, if it was loaded with weights. */
  preprocessing?: Preprocessing;
  /** Names of the classes, in the order of the outputs; go into the file. */
  classes?: readonly string[];
  /** The name that createModel() knows the model by; goes into the file. */
  architecture?: string;
}

const OPTIONS: Names<ExportOnnxOptions> = {
  inputSize: true,
  preprocessing: true,
  classes: true,
  architecture: true,
};

/** Two batches: differences between their graphs depend on the batch. */
const BATCHES = [2, 3] as const;

/**
 * The network in evaluation as an ONNX file (opset 17, IR 8), which runtimes such as onnxruntime read.
 *
 * Its input is `input`, f32 [batch, channels, height, width], its output `logits`, [batch, classes]; batch is free, height and
 * width are fixed by inputSize. Weights have PyTorch's names and layout. The file's metadata: `names`, a JSON array of the classes;
 * `pretrained_cfg`, how images are prepared, as in timm's config.json; `architecture`.
 * @throws DataError naming an operation that ONNX lacks, or that works only for some batch sizes; if classes and outputs differ in
 * number; if the size of images is not known; if the file would exceed the 2 GiB that the format allows.
 * ShapeError if the images do not fit the network
 */
export function exportOnnx(model: Module, options: ExportOnnxOptions = {}): Uint8Array {
  if (!(model instanceof Module)) throw wrongKind("exportOnnx", "model", model, "a Module");
  checkOptions("exportOnnx", options, OPTIONS);
  refuseHooks("exportOnnx", model);
  const { classes, architecture } = options;
  const preprocessing =
    options.preprocessing ?? (model instanceof Classifier ? model.preprocessing : undefined);
  if (preprocessing !== undefined) checkPreprocessing("exportOnnx", preprocessing);
  const inputSize = options.inputSize ?? preprocessing?.inputSize;
  if (!Array.isArray(inputSize) || inputSize.length !== 3) {
    throw new DataError(
      `exportOnnx: size of images unknown; got inputSize ${show(inputSize)}; expected [height, width, channels]`,
    );
  }
  if (
    classes !== undefined &&
    !(Array.isArray(classes) && classes.every((name) => typeof name === "string"))
  ) {
    throw wrongKind("exportOnnx", "classes", classes, "an array of names");
  }
  if (architecture !== undefined && typeof architecture !== "string") {
    throw wrongKind("exportOnnx", "architecture", architecture, "a name");
  }
  const name = architecture || model.constructor.name || "network"; // the checker requires a name; classes may have none
  const graphs = BATCHES.map((batch) => trace(model, [batch, ...(inputSize as Shape)])) as unknown as Graphs;
  try {
    const written = writeGraph(model, graphs);
    const outputs = written.output.shape.at(-1);
    if (classes !== undefined && classes.length !== outputs) {
      throw new DataError(
        `exportOnnx: ${classes.length} classes for ${name}; expected ${outputs}, as many as outputs`,
      );
    }
    const metadata = {
      ...(architecture !== undefined && { architecture }),
      ...(classes && { names: JSON.stringify(classes) }),
      ...(preprocessing && {
        pretrained_cfg: JSON.stringify(preprocessingToJSON({ ...preprocessing, inputSize })),
      }),
    };
    return encodeOnnx({ ...written, name, producerVersion: version, metadata });
  } finally {
    graphs.forEach(freeConstants);
  }
}
