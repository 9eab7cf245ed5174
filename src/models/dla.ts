// DLA: Yu, Wang, Shelhamer and Darrell, Deep Layer Aggregation (2017), arXiv 1707.06484, figure 2c and table 1, as timm has it:
// stages are trees of blocks, whose roots join what is below them.

import type { Tensor } from "../core/tensor.js";
import { checkFields } from "../errors/options.js";
import * as nn from "../nn/index.js";
import { add, cat, relu } from "../ops/index.js";
import { channels, convNorm, rising, sum } from "./blocks.js";
import { Classifier } from "./classifier.js";
import { convHead } from "./head.js";
import type { ModelOptions } from "./model.js";
import { conv } from "./resnet-block.js";

export interface DLAShape {
  /** Levels of the trees of the last four stages. */
  levels: readonly number[];
  /** Channels of the six stages. */
  widths: readonly number[];
  /** Blocks of 1×1, 3×3, 1×1 instead of two 3×3. */
  bottleneck?: boolean;
  /** Of the bottleneck's 3×3 convolution: groups, and the width of each in parts of a 64-channel stage. */
  groups?: number;
  widthPerGroup?: number;
  /** Whether roots add their last child to what they give. */
  rootAdds?: boolean;
}

/** A block or a tree at its place. */
interface Place {
  from: number;
  to: number;
  stride: number;
}

class Block extends nn.Module {
  readonly conv1: nn.Conv2d;
  readonly bn1: nn.BatchNorm2d;
  readonly conv2: nn.Conv2d;
  readonly bn2: nn.BatchNorm2d;
  readonly conv3: nn.Conv2d | undefined;
  readonly bn3: nn.BatchNorm2d | undefined;
  readonly stochasticDepth: nn.StochasticDepth | undefined;

  constructor({ from, to, stride }: Place, shape: DLAShape, drop: number) {
    super();
    const { bottleneck = false, groups = 1, widthPerGroup = 64 } = shape;
    const width = bottleneck ? (Math.floor((to * widthPerGroup) / 64) * groups) / 2 : to;
    this.conv1 = bottleneck ? conv(from, width, 1) : conv(from, width, 3, stride);
    this.bn1 = new nn.BatchNorm2d(width);
    this.conv2 = bottleneck ? conv(width, width, 3, stride, groups) : conv(width, to, 3);
    this.bn2 = new nn.BatchNorm2d(width);
    this.conv3 = bottleneck ? conv(width, to, 1) : undefined;
    this.bn3 = bottleneck ? new nn.BatchNorm2d(to) : undefined;
    this.stochasticDepth = drop ? new nn.StochasticDepth(drop) : undefined;
  }

  forward(x: Tensor): Tensor {
    return this.beside(x, x);
  }

  /** Its convolutions of x, added to the shortcut. */
  beside(x: Tensor, shortcut: Tensor): Tensor {
    let y = relu(this.bn1.forward(this.conv1.forward(x)));
    y = this.bn2.forward(this.conv2.forward(y));
    if (this.conv3 && this.bn3) y = this.bn3.forward(this.conv3.forward(relu(y)));
    return relu(add(this.stochasticDepth?.forward(y) ?? y, shortcut));
  }
}

/** One 1×1 convolution over all children, the last child first. */
class Root extends nn.Module {
  readonly conv: nn.Conv2d;
  readonly bn: nn.BatchNorm2d;
  readonly #adds: boolean;

  constructor(from: number, to: number, adds: boolean) {
    super();
    this.conv = conv(from, to, 1);
    this.bn = new nn.BatchNorm2d(to);
    this.#adds = adds;
  }

  forward(joined: Tensor): Tensor {
    const y = this.bn.forward(this.conv.forward(joined));
    return relu(this.#adds ? add(y, channels(joined, 0, y.shape[3]!)) : y);
  }
}

/** Two trees one after the other, or two blocks and a root. */
class Tree extends nn.Module {
  readonly project: nn.Sequential | undefined;
  readonly tree1: Tree | Block;
  readonly tree2: Tree | Block;
  readonly root: Root | undefined;
  readonly #pool: nn.MaxPool2d | undefined;
  readonly #joinsInput: boolean;

  /** joined: channels that trees before hand to the root besides those of its own blocks. */
  constructor(
    levels: number,
    place: Place,
    shape: DLAShape,
    joined: number,
    joinsInput: boolean,
    drop: () => number,
  ) {
    super();
    const { from, to, stride } = place;
    const all = joined + (joinsInput ? from : 0);
    const second = { from: to, to, stride: 1 };
    this.#pool = stride > 1 ? new nn.MaxPool2d(stride) : undefined;
    this.#joinsInput = joinsInput;
    if (levels === 1) {
      this.project = from === to ? undefined : convNorm(from, to, 1, { activation: null });
      this.tree1 = new Block(place, shape, drop());
      this.tree2 = new Block(second, shape, drop());
      this.root = new Root(2 * to + all, to, shape.rootAdds ?? false);
    } else {
      this.tree1 = new Tree(levels - 1, place, shape, 0, false, drop);
      this.tree2 = new Tree(levels - 1, second, shape, all + to, false, drop);
    }
  }

  forward(x: Tensor): Tensor {
    return this.above(x, []);
  }

  /** What its root makes of its own children and these. */
  above(x: Tensor, children: readonly Tensor[]): Tensor {
    const bottom = this.#pool?.forward(x) ?? x;
    const before = this.#joinsInput ? [...children, bottom] : children;
    if (this.tree1 instanceof Block) {
      const first = this.tree1.beside(x, this.project?.forward(bottom) ?? bottom);
      const second = this.tree2.forward(first);
      return this.root!.forward(cat([second, first, ...before]));
    }
    const first = this.tree1.forward(x);
    return (this.tree2 as Tree).above(first, [...before, first]);
  }
}

export class DLA extends Classifier {
  readonly baseLayer: nn.Sequential;
  readonly level0: nn.Sequential;
  readonly level1: nn.Sequential;
  readonly level2: Tree;
  readonly level3: Tree;
  readonly level4: Tree;
  readonly level5: Tree;
  readonly dropout: nn.Dropout | undefined;
  readonly fc: nn.Conv2d;
  protected readonly heads = ["fc"];

  constructor(shape: DLAShape, options: ModelOptions = {}) {
    super(options);
    checkFields(new.target.name, "shape", shape, { levels: "numbers", widths: "numbers" });
    const { levels, widths } = shape;
    const { numClasses = 1000, inChannels = 3, smallImages = false, dropout = 0, dropPath = 0 } = options;
    const [a, b, ...wide] = widths as [number, number, ...number[]];
    const drop = rising(dropPath, sum(levels.map((level) => 2 ** level)) - 1);
    this.baseLayer = convNorm(inChannels, a, 7);
    this.level0 = convNorm(a, a, 3);
    this.level1 = convNorm(a, b, 3, { stride: smallImages ? 1 : 2 });
    const tree = (i: number): Tree => {
      const place = { from: i ? wide[i - 1]! : b, to: wide[i]!, stride: 2 };
      return new Tree(levels[i]!, place, shape, 0, i > 0, drop);
    };
    this.level2 = tree(0);
    this.level3 = tree(1);
    this.level4 = tree(2);
    this.level5 = tree(3);
    this.dropout = dropout ? new nn.Dropout(dropout) : undefined;
    this.fc = new nn.Conv2d(wide.at(-1)!, numClasses, 1);
  }

  /** x:[n,h,w,inChannels] → [n,h′,w′,features]; h, w multiples of 32: trees pool whole windows. */
  forwardFeatures(x: Tensor): Tensor {
    const { baseLayer, level0, level1, level2, level3, level4, level5 } = this;
    const stages: nn.Module[] = [baseLayer, level0, level1, level2, level3, level4, level5];
    return stages.reduce((y, stage) => stage.forward(y), x);
  }

  forwardHead(features: Tensor): Tensor {
    return convHead(features, this.dropout, this.fc);
  }
}
