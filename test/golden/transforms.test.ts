// Picture operations against Pillow's and torchvision's, to the last bit. generate_transforms.py wrote the file.

import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { imagenetEval } from "../../src/data/presets.js";
import { affine, rotate, type AffineOptions, type RotateOptions } from "../../src/data/transforms/affine.js";
import * as color from "../../src/data/transforms/color.js";
import {
  centerBox,
  crop,
  hflip,
  pad,
  vflip,
  type Fill,
  type PaddingMode,
} from "../../src/data/transforms/geometry.js";
import { resize, type Interpolation } from "../../src/data/transforms/resize.js";
import { normalize, toTensor } from "../../src/data/transforms/tensor.js";
import type { AnyImage, RawImage } from "../../src/data/image.js";
import { init } from "../../src/wasm/runtime.js";
import { forOwnBinary } from "../helpers/binaries.js";
import { crcOf, picture } from "../helpers/picture.js";
import crops from "./crops.json" with { type: "json" };
import cv2Golden from "./transforms-cv2.json" with { type: "json" };
import golden from "./transforms.json" with { type: "json" };

interface Args {
  size: [number, number];
  interpolation: Interpolation;
  channels: number;
  padding: [number, number, number, number];
  mode: PaddingMode;
  fill: Fill;
  mean: number[];
  std: number[];
  factor: number;
  angle: number;
}

const ops: Record<string, (x: RawImage, args: Args) => AnyImage> = {
  resize: (x, { size, interpolation }) => resize(x, ...size, { interpolation, resample: "pillow12" }),
  centerCrop: (x, { size }) => crop(x, centerBox(x, ...size)),
  hflip,
  vflip,
  grayscale: (x, { channels }) => (channels === 1 ? color.grayscale(x) : color.grayToRgb(color.grayscale(x))),
  toTensor: (x) => toTensor(x),
  normalize: (x, { mean, std }) => toTensor(x, mean, std),
  pad: (x, { padding: [left, top, right, bottom], mode, fill }) =>
    pad(x, { left, top, right, bottom }, mode, fill),
  adjustBrightness: (x, { factor }) => color.adjustBrightness(x, factor),
  adjustContrast: (x, { factor }) => color.adjustContrast(x, factor),
  adjustSaturation: (x, { factor }) => color.adjustSaturation(x, factor),
  adjustHue: (x, { factor }) => color.adjustHue(x, factor),
  imagenetEval: (x) => imagenetEval().apply(x, new Random(0)),
  rotate: (x, args) => rotate(x, args.angle, args as unknown as RotateOptions),
  affine: (x, args) => affine(x, args as unknown as AffineOptions),
};

const rows = golden.rows.map((row, seed) => ({ ...row, seed }));
const wasm = ["resize", "toTensor", "normalize", "imagenetEval"];

function compare(op: string): void {
  const wrong: string[] = [];
  for (const { shape, args, out, crc, seed } of rows.filter((row) => row.op === op)) {
    const [height, width, channels] = shape as [number, number, number];
    const y = ops[op]!(picture(seed, height, width, channels), args as unknown as Args);
    const same = [y.height, y.width, y.channels].join() === out.join() && crcOf(y) === crc;
    if (!same)
      wrong.push(`${seed}: [${shape}] → [${[y.height, y.width, y.channels]}], ${JSON.stringify(args)}`);
  }
  expect(wrong).toEqual([]);
}

forOwnBinary((binary) => {
  describe("bit-equal to Pillow and torchvision:", () => {
    it.each(wasm)("%s", (op) => {
      init({ binary });
      compare(op);
    });
  });

  it.each([
    ["pillow12", crops.crc["12.3.0"]],
    ["pillow13", crops.crc["13.0.0"]],
  ] as const)("bit-equal to %s at the sizes of random crops", (resample, crc) => {
    init({ binary });
    crops.rows.forEach(({ seed, shape, size, interpolation }, i) => {
      const x = picture(seed, ...(shape as [number, number, number]));
      const options = { interpolation: interpolation as Interpolation, resample };
      expect(crcOf(resize(x, ...(size as [number, number]), options)), `${shape} → ${size}`).toBe(crc[i]);
    });
  });

  it("bit-equal to OpenCV: cv2-bilinear", () => {
    init({ binary });
    for (const { seed, shape, size, crc } of cv2Golden.rows) {
      const x = picture(seed, ...(shape as [number, number, number]));
      const y = resize(x, ...(size as [number, number]), { interpolation: "cv2-bilinear" });
      expect(crcOf(y), `${shape} → ${size}`).toBe(crc);
    }
  });
});

describe("bit-equal to Pillow and torchvision:", () => {
  it.each(Object.keys(ops).filter((op) => !wasm.includes(op)))("%s", compare);

  it("covers every operation of the file", () => {
    const names = new Set(rows.map((row) => row.op));
    expect([...names].sort()).toEqual([...Object.keys(ops), "Resize"].sort());
    expect(rows.filter((row) => row.op === "resize").length).toBeGreaterThan(150);
  });

  it("normalize after toTensor is toTensor with mean and std", () => {
    for (const { shape, args, crc, seed } of rows.filter((row) => row.op === "normalize")) {
      const [height, width, channels] = shape as [number, number, number];
      const { mean, std } = args as unknown as Args;
      expect(crcOf(normalize(toTensor(picture(seed, height, width, channels)), mean, std))).toBe(crc);
    }
  });
});
