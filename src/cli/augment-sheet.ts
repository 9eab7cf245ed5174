// `fovea augment-sheet`: one PNG with the results of every augmentation on a picture, each at its place in the chain.

import { InvalidArgumentError, type Command } from "commander";
import { Random } from "../core/random.js";
import { magnitudeAt, standardSpace } from "../data/augment/magnitudes.js";
import { applyOp, opNames } from "../data/augment/ops.js";
import { encodePng } from "../data/encode.js";
import {
  augmentations,
  CenterCrop,
  ColorJitter,
  Compose,
  decodeImage,
  imagenetNormalization,
  Normalize,
  oneHot,
  RandomAffine,
  RandomCrop,
  RandomErasing,
  RandomGrayscale,
  RandomHorizontalFlip,
  RandomResizedCrop,
  RandomRotation,
  RandomVerticalFlip,
  Resize,
  ToTensor,
  type AnyImage,
  type Augmentation,
  type BatchTransform,
  type FloatImage,
  type RawImage,
  type OpName,
  type Transform,
} from "../data/index.js";
import { readBytes, writeFileAtomic } from "../node/files.js";
import { drawSheet, type Block, type Cell } from "./sheet.js";

/** Side of the augmented pictures, which suits the defaults, and of the displayed ones. */
const SIDE = 224;
const SHOWN = 112;
/** Pictures in a block, blocks side by side. */
const DRAWS = 4;
const ACROSS = 2;

const { mean, std } = imagenetNormalization;
const whole = new Compose([new Resize(SIDE), new CenterCrop(SIDE)]);
const small = new Resize(SHOWN);
const floats = new Compose([new ToTensor(), new Normalize(mean, std)]);
const upsideDown = new RandomVerticalFlip(1);

/** The picture after a transform that draws nothing. */
const fixed = (transform: Transform, image: AnyImage): AnyImage => transform.apply(image, new Random(0));
const normalized = (image: RawImage): FloatImage => fixed(floats, image) as FloatImage;

/** A normalised picture as bytes; values outside their range are cut off. */
function toBytes({ data, ...size }: FloatImage): RawImage {
  const bytes = new Uint8ClampedArray(data.length);
  for (let i = 0; i < data.length; i++) bytes[i] = (data[i]! * std[i % 3]! + mean[i % 3]!) * 255;
  return { ...size, data: new Uint8Array(bytes.buffer) };
}

const cell = (caption: string, image: RawImage): Cell => ({
  caption,
  image: fixed(small, image) as RawImage,
});

/** One value for each draw. */
const draws = <T>(make: (i: number) => T, count = DRAWS): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** The original picture, shown beside the results. */
const original = (picture: RawImage): Cell => cell("original", picture);

function bytesBlock(title: string, transform: Transform, picture: RawImage, seed: number): Block {
  const random = new Random(seed);
  return {
    title,
    originals: [original(picture)],
    cells: draws((i) => cell(`${i + 1}`, transform.apply(picture, random) as RawImage)),
  };
}

/** Share of differing pixels in two pictures, in percent. */
function changed(a: FloatImage, b: FloatImage): string {
  let count = 0;
  for (let i = 0; i < a.data.length; i += 3) if (a.data[i] !== b.data[i]) count++;
  return `${Math.round((300 * count) / a.data.length)}% changed`;
}

function floatsBlock(title: string, transform: Transform, picture: RawImage, seed: number): Block {
  const random = new Random(seed);
  const before = normalized(picture);
  const after = draws(() => transform.apply(before, random) as FloatImage);
  return {
    title,
    originals: [original(picture)],
    cells: after.map((image) => cell(changed(before, image), toBytes(image))),
  };
}

function batchBlock(
  title: string,
  transform: BatchTransform,
  picture: RawImage,
  other: RawImage,
  seed: number,
): Block {
  const random = new Random(seed);
  const shape = [2, SIDE, SIDE, 3];
  const cells = draws(() => {
    const images = new Float32Array([...normalized(picture).data, ...normalized(other).data]);
    const targets = oneHot([0, 1], 2);
    transform.apply(images, shape, targets, random);
    const first = { ...picture, data: images.subarray(0, images.length / 2) };
    return cell(`target ${targets[0]!.toFixed(2)}, ${targets[1]!.toFixed(2)}`, toBytes(first));
  }, DRAWS - 1); // the other picture is in the row too
  return { title, originals: [original(picture), cell("other", other)], cells };
}

/** Values to show for operations with a magnitude that is not a share of a range: the strongest last. */
const MAGNITUDES: Partial<Record<OpName, readonly number[]>> = {
  Posterize: [7, 6, 5, 4],
  Solarize: [192, 128, 64, 0],
  SolarizeAdd: [28, 55, 83, 110],
};

const UNITS: Partial<Record<OpName, string>> = {
  TranslateX: "pixels",
  TranslateY: "pixels",
  Rotate: "degrees",
  Posterize: "bits left",
  Solarize: "threshold",
  SolarizeAdd: "added",
};

/** The operations: both ends and halves of RandAugment's ranges; those without magnitude together. */
function opBlocks(picture: RawImage): Block[] {
  const space = standardSpace(picture);
  const apply = (op: OpName, caption: string, m: number): Cell => cell(caption, applyOp(picture, op, m));
  const blocks: Block[] = [];
  const plain: Cell[] = [];
  for (const op of opNames) {
    const range = space.get(op);
    const half = magnitudeAt(range, 15, 31);
    const magnitudes = MAGNITUDES[op] ?? (range && [-2 * half, -half, half, 2 * half]);
    if (op === "Identity") continue; // the original
    if (!magnitudes) plain.push(apply(op, op, 0));
    else {
      const title = UNITS[op] ? `${op} (${UNITS[op]})` : op;
      const caption = (m: number): string => (UNITS[op] ? String(Math.trunc(m)) : m.toFixed(2));
      blocks.push({
        title,
        originals: [original(picture)],
        cells: magnitudes.map((m) => apply(op, caption(m), m)),
      });
    }
  }
  return [{ title: "Operations", originals: [original(picture)], cells: plain }, ...blocks];
}

/** The rows of the table of augmentations that work on these, with an example of each. */
function tableOf<M extends Transform | BatchTransform>(on: Augmentation<unknown, M>["on"]): [string, M][] {
  const rows = Object.values(augmentations) as unknown as Augmentation<unknown, M>[];
  return rows
    .filter((row) => row.on === on)
    .flatMap(({ shown, make }) =>
      shown.map((value): [string, M] => {
        const transform = make(value, SIDE);
        return [`${transform.spec!.name} ${String(value)}`, transform];
      }),
    );
}

/** The blocks of the sheet, in the order of the chain. */
function blocksOf(picture: RawImage, other: RawImage, seed: number): Block[] {
  const standard: [string, Transform][] = [
    ["RandomResizedCrop", new RandomResizedCrop(SIDE)],
    ["RandomCrop, padding 28", new RandomCrop(SIDE, { padding: 28 })],
    ["Random flips", new Compose([new RandomHorizontalFlip(), new RandomVerticalFlip()])],
    ["RandomRotation 30", new RandomRotation(30)],
    ["RandomAffine", new RandomAffine(15, { translate: [0.1, 0.1], scale: [0.8, 1.2], shear: 10 })],
    [
      "ColorJitter 0.4, hue 0.1",
      new ColorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 }),
    ],
    ["RandomGrayscale", new RandomGrayscale(0.5)],
  ];
  const floats: [string, Transform][] = [
    ...tableOf<Transform>("floats"),
    ["RandomErasing random", new RandomErasing({ p: 1, value: "random" })],
  ];
  return [
    ...standard.map(([title, transform]) => bytesBlock(title, transform, picture, seed)),
    ...opBlocks(picture),
    ...tableOf<Transform>("bytes").map(([title, transform]) => bytesBlock(title, transform, picture, seed)),
    ...floats.map(([title, transform]) => floatsBlock(title, transform, picture, seed)),
    ...tableOf<BatchTransform>("batches").map(([title, transform]) =>
      batchBlock(title, transform, picture, other, seed),
    ),
  ];
}

/** The middle of a picture. */
async function load(path: string): Promise<RawImage> {
  return fixed(whole, decodeImage(await readBytes(path), { file: path })) as RawImage;
}

function parseSeed(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("expected an integer ≥ 0");
  return Number(text);
}

export function register(program: Command): void {
  program
    .command("augment-sheet")
    .description("draw every augmentation of a picture into one PNG")
    .argument("<image>", "a PNG or JPEG file")
    .option("--out <file>", "the PNG to write", "augment-sheet.png")
    .option("--other <image>", "picture to mix with (default: itself upside down)")
    .option("--seed <n>", "seed of all draws", parseSeed, 0)
    .action(async (path: string, options: { out: string; other?: string; seed: number }) => {
      const picture = await load(path);
      const other = options.other ? await load(options.other) : (fixed(upsideDown, picture) as RawImage);
      const sheet = drawSheet(blocksOf(picture, other, options.seed), ACROSS);
      await writeFileAtomic(options.out, encodePng(sheet));
      console.log(options.out);
    });
}
