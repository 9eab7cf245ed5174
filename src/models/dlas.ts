// The sizes of DLA; dla.ts names the paper. x: ResNeXt's blocks; c: compact.

import { imagenet } from "../data/preprocessing.js";
import { DLA, type DLAShape } from "./dla.js";
import { defineModel } from "./model.js";

const COMPACT = [16, 32, 64, 64, 128, 256];
const WIDE = [16, 32, 128, 256, 512, 1024];

function dla(name: string, shape: DLAShape) {
  return defineModel(name, imagenet(), (o) => new DLA(shape, o), {
    series: "DLA",
    aliases: [name.replace("dla", "DLA")],
  });
}

const deep = { bottleneck: true };
const deepX = { ...deep, groups: 32, widthPerGroup: 4 };

export const dla34 = dla("dla34", { levels: [1, 2, 2, 1], widths: [16, 32, 64, 128, 256, 512] });
export const dla46_c = dla("dla46_c", { levels: [1, 2, 2, 1], widths: COMPACT, ...deep });
export const dla46x_c = dla("dla46x_c", { levels: [1, 2, 2, 1], widths: COMPACT, ...deepX });
export const dla60 = dla("dla60", { levels: [1, 2, 3, 1], widths: WIDE, ...deep });
export const dla60x = dla("dla60x", { levels: [1, 2, 3, 1], widths: WIDE, ...deepX });
export const dla60x_c = dla("dla60x_c", { levels: [1, 2, 3, 1], widths: COMPACT, ...deepX });
export const dla102 = dla("dla102", { levels: [1, 3, 4, 1], widths: WIDE, rootAdds: true, ...deep });
export const dla102x = dla("dla102x", { levels: [1, 3, 4, 1], widths: WIDE, rootAdds: true, ...deepX });
export const dla102x2 = dla("dla102x2", { levels: [1, 3, 4, 1], widths: WIDE, rootAdds: true, ...deepX, groups: 64 }); // prettier-ignore
export const dla169 = dla("dla169", { levels: [2, 3, 5, 1], widths: WIDE, rootAdds: true, ...deep });
