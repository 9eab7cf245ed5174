// The differences between ResNet's relatives.

/** The differences between the relatives of ResNet. */
export interface Variant {
  /** Blocks of each of the four stages. */
  depths: readonly [number, number, number, number];
  /** Blocks of 1×1, 3×3, 1×1 with four times the width at the end, instead of two 3×3. */
  bottleneck?: boolean;
  /** Groups of the 3×3 convolutions. Default 1. */
  groups?: number;
  /** Width of the bottleneck's 3×3 convolution for each group, in a stage of 64 channels. Default 64. */
  widthPerGroup?: number;
  /** Channels of three 3×3 convolutions in the stem; otherwise it is one of 7×7 and 64 channels. */
  stem?: readonly [number, number, number];
  /** Whether shortcuts pool before their 1×1 convolution, instead of its stride. */
  avgDown?: boolean;
  /** Whether channels are weighed at the end of each block. */
  se?: boolean;
  /** Parts of the bottleneck's channels that see each other one after the other: Res2Net. */
  scale?: number;
  /** Convolutions among which a split attention chooses: ResNeSt. 1 weighs the channels of one. */
  radix?: number;
  /** Whether a stride is an average pooling before the 3×3 convolution, instead of after it: ResNeSt. */
  avdFirst?: boolean;
  /**
   * PaddleClas's form: the first block always has a projection; squeezed widths are not rounded; averages ignore padding;
   * Res2Net's first block is like the others; no bias before the normalisation in ResNeSt's attention.
   */
  paddle?: boolean;
}

/** What distinguishes its blocks. */
export type BlockVariant = Omit<Variant, "depths">;

/** The place of a block. */
export interface Place {
  from: number;
  to: number;
  stride: number;
  /** Whether it is the first of all. */
  first: boolean;
  /** Probability of leaving it out in training. */
  drop: number;
}
