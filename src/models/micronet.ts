// MicroNet: Li et al., MicroNet: Improving Image Recognition with Extremely Low FLOPs (2021), arXiv 2108.05894, table 2, as PaddleClas
// has it: convolutions are divided into parts, of kernels (k×1, 1×k) and of channels, which activations join again.

import { checkFields } from "../errors/options.js";
import * as nn from "../nn/index.js";
import { gaussian, rising } from "./blocks.js";
import { Network } from "./head.js";
import { Residual, sequence } from "./layers.js";
import { grouped, separable, ShiftMax, shuffle, type Starts } from "./micronet-parts.js";
import { prepared } from "./mobile-net.js";
import { defineModel, PLAIN, type ModelOptions } from "./model.js";

/** Stride, channels, kernel; parts of the channels in the convolutions there and back, 0 where there is none back. */
type Row = readonly [stride: number, to: number, kernelSize: number, groups: number, back: number];

/** The differences between the MicroNets. */
export interface MicroNetShape {
  /** Channels of the stem's two convolutions, the second relative to the first. */
  stem: readonly [number, number];
  /**
   * For each block: stride, channels, kernel size, and in which parts of the channels the convolutions there
   * and back work, 0 where there is none back.
   */
  rows: readonly (readonly [stride: number, to: number, kernelSize: number, groups: number, back: number])[];
  /** Widening factor of the later blocks; the first three widen by four. */
  widening: number;
  /** The first block whose activations squeeze twice as far. */
  squeezed: number;
  /** Initial weights of a shift-max, for a channel and its neighbour; two rows if the larger of two sums counts. */
  starts: readonly (readonly [own: number, other: number])[];
  /** Whether there are fewer shift-maxes and shuffles, as in MicroNet-M3. Default false. */
  sparse?: boolean;
  /** Channels before the classifier. */
  head: number;
  /** Probability of the dropout before the classifier. */
  dropout: number;
}

function block(from: number, index: number, shape: MicroNetShape, drop: number): Residual {
  const { rows, widening, squeezed, starts, sparse = false } = shape;
  const [stride, to, kernelSize, groups, back] = rows[index]!;
  const reduction = index < squeezed ? 8 : 16;
  const early = index < 3;
  const wide = from * (early ? 4 : widening);
  const larger = (parts: number) => new ShiftMax(wide, parts, reduction, starts);
  const one = (parts: number, less: number) => (sparse ? undefined : new ShiftMax(to, parts, reduction / less, [[1, 0]])); // prettier-ignore
  const half = sparse ? undefined : shuffle(to / 2);
  const end = [grouped(wide, to, back || 1), one(back, to < wide || early ? 2 : 1), shuffle(back || 1), half]; // prettier-ignore
  // prettier-ignore
  const layers = early
    ? [separable(from, [2, 2], kernelSize, stride), index || sparse ? larger(groups) : new nn.ReLU6(),
       shuffle(groups), index || sparse ? shuffle(wide / 2) : undefined, ...end]
    : back
      ? [grouped(from, wide, groups), sparse ? new nn.ReLU6() : larger(groups), shuffle(groups),
         separable(wide, [1, 1], kernelSize, stride), undefined, larger(wide / groups), shuffle(sparse ? wide / 2 : wide / 4), ...end]
      : [grouped(from, wide, groups), one(groups, 1)];
  const named = sequence(Object.fromEntries(layers.entries()));
  return new Residual({ layers: named }, { adds: stride === 1 && from === to, drop });
}

function linear(from: number, to: number) {
  const layer = new nn.Linear(from, to, { weightInit: gaussian(0.01) });
  return new nn.Sequential({ linear: new nn.Sequential(layer, new nn.BatchNorm2d(to), new nn.Hardswish()) });
}

/** Images of any size from 1, made for ≥ 32. The classes are normalised, and activated. */
export class MicroNet extends Network {
  constructor(shape: MicroNetShape, options: ModelOptions = {}) {
    super(options);
    checkFields(new.target.name, "shape", shape, { stem: "numbers", rows: "list", head: "number" });
    const { stem, rows, head } = shape;
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropPath = 0 } = options;
    const drop = rising(dropPath, rows.length - 1);
    const first = separable(inChannels, stem, 3, smallImages ? 1 : 2, 1);
    const froms = [stem[0] * stem[1], ...rows.map(([, to]) => to)];
    const blocks = rows.map((_, i) => block(froms[i]!, i, shape, drop()));
    const start = new nn.Sequential({ stem: new nn.Sequential(first, shuffle(stem[0]), new nn.ReLU6()) });
    const features = new nn.Sequential(start, ...blocks);
    const { dropout = shape.dropout } = options;
    const classifier = new nn.Sequential(
      linear(froms.at(-1)!, head),
      new nn.Dropout(dropout),
      linear(head, numClasses),
    );
    this.build({ features, act: new nn.ReLU6() }, { hardswish: new nn.Hardswish(), classifier });
    this.heads = ["classifier.2.linear.0"];
  }

  override isHead(parameter: string): boolean {
    return parameter.startsWith("classifier.2.");
  }

  override resetClassifier(numClasses: number): void {
    super.resetClassifier(numClasses);
    const norm = new nn.BatchNorm2d(numClasses).train(this.training);
    this.setSubmodule("classifier.2.linear.1", norm).dispose();
  }
}

const PLAIN_STARTS: Starts = [[1, 0], [1, 0]]; // prettier-ignore
const M0: Row[] = [[2, 8, 3, 4, 2], [2, 12, 3, 8, 4], [2, 16, 5, 12, 4], [1, 32, 5, 4, 4], [2, 64, 5, 8, 8], [1, 96, 3, 8, 8], [1, 384, 3, 12, 0]]; // prettier-ignore
const M1: Row[] = [[2, 8, 3, 6, 2], [2, 16, 3, 8, 4], [2, 16, 5, 16, 4], [1, 32, 5, 4, 4], [2, 64, 5, 8, 8], [1, 96, 3, 8, 8], [1, 576, 3, 12, 0]]; // prettier-ignore
const M2: Row[] = [[2, 12, 3, 8, 4], [2, 16, 3, 12, 4], [1, 24, 3, 16, 4], [2, 32, 5, 6, 4], [1, 32, 5, 8, 4], [1, 64, 5, 8, 8], [2, 96, 5, 8, 8], [1, 128, 3, 12, 8], [1, 768, 3, 16, 0]]; // prettier-ignore
const M3: Row[] = [[2, 16, 3, 12, 4], [2, 24, 3, 16, 4], [1, 24, 3, 24, 4], [2, 32, 5, 6, 4], [1, 32, 5, 8, 4], [1, 64, 5, 8, 8], [1, 80, 5, 8, 8], [1, 80, 5, 10, 8], [2, 120, 5, 10, 10], [1, 120, 5, 12, 10], [1, 144, 3, 12, 12], [1, 864, 3, 12, 0]]; // prettier-ignore

function micronet(name: string, shape: MicroNetShape, plain = {}) {
  const traits = { series: "MicroNet", aliases: [`MicroNet_M${name.at(-1)}`], ...plain };
  return defineModel(name, prepared(224, 0.875), (o) => new MicroNet(shape, o), traits);
}

/** MicroNet: 1.02 M parameters, for images of 224 × 224 pixels. Also known as MicroNet_M0. */
export const micronet_m0 = micronet("micronet_m0", { stem: [2, 2], rows: M0, widening: 4, squeezed: 5, starts: PLAIN_STARTS, head: 640, dropout: 0.05 }, PLAIN); // prettier-ignore
/** MicroNet: 1.78 M parameters, for images of 224 × 224 pixels. Also known as MicroNet_M1. */
export const micronet_m1 = micronet("micronet_m1", { stem: [3, 2], rows: M1, widening: 6, squeezed: 5, starts: PLAIN_STARTS, head: 960, dropout: 0.05 }, PLAIN); // prettier-ignore
/** MicroNet: 2.39 M parameters, for images of 224 × 224 pixels. Also known as MicroNet_M2. */
export const micronet_m2 = micronet("micronet_m2", { stem: [4, 2], rows: M2, widening: 6, squeezed: 4, starts: PLAIN_STARTS, head: 1024, dropout: 0.1 }); // prettier-ignore
/** MicroNet: 2.62 M parameters, for images of 224 × 224 pixels. Also known as MicroNet_M3. */
export const micronet_m3 = micronet("micronet_m3", { stem: [4, 3], rows: M3, widening: 6, squeezed: 4, starts: [[1, 0], [0.5, 0.5]], sparse: true, head: 1024, dropout: 0.1 }); // prettier-ignore
