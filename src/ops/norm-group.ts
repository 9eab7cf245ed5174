// Batch normalisation whose batch is spread over several processes.

import { gatherNumbers, sumNumbers, type Group } from "../core/group.js";
import { empty, type Tensor } from "../core/tensor.js";
import { ShapeError } from "../errors.js";

/** Makes mean and variance those of all processes' rows, and returns how many these are. */
export function pool(group: Group, rows: number, mean: Tensor, variance: Tensor): number {
  const all = gatherNumbers(group, [rows, ...mean.view(), ...variance.view()]);
  const total = all.reduce((sum, [n]) => sum + n!, 0);
  if (total < 2) {
    throw new ShapeError(
      "batchNorm: training needs more than one value per channel; got one in all processes",
    );
  }
  const channels = mean.size;
  const [means, variances] = [mean.view(), variance.view()];
  for (let c = 0; c < channels; c++) {
    const centre = all.reduce((sum, each) => sum + each[0]! * each[1 + c]!, 0) / total;
    const squares = all.reduce(
      (sum, each) => sum + each[0]! * (each[1 + channels + c]! + (each[1 + c]! - centre) ** 2),
      0,
    );
    means[c] = centre;
    variances[c] = squares / total;
  }
  return total;
}

/** The sums of all processes. */
export function sumsOfAll(group: Group, own: { sums: Tensor; dots: Tensor }): { sums: Tensor; dots: Tensor } {
  const total = sumNumbers(group, [...own.sums.view(), ...own.dots.view()]);
  const { shape, size } = own.sums;
  const of = (values: number[]): Tensor => empty(shape, "f32", "batchNorm gradient").copyFrom(values);
  return { sums: of(total.slice(0, size)), dots: of(total.slice(size)) };
}
