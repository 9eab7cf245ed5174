// What the environments run.

/** For TypeScript: a name of each subpath that needs no Node. */
export const TYPED_PROGRAM = `
import { DataLoader, fit, init, tensor, type InitOptions, type Tensor } from "fovea";
import { Normalize } from "fovea/data";
import { createModel, resnet18 } from "fovea/models";
import { lenet5, type LeNet5 } from "fovea/models/lenet";
import { exportOnnx } from "fovea/onnx";
import { evaluate } from "fovea/train";

export const x: Tensor = tensor([1, 2]).relu();
export const model: LeNet5 = lenet5({ numClasses: 10 });
export const options: InitOptions = { threads: 1 };
export const all = [init, fit, DataLoader, resnet18, createModel, Normalize, evaluate, exportOnnx];
`;
