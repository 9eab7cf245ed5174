// What the arguments of a training run change in its images: each has an effect, at its place.

import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.js";
import { ImageDataset, type AnyImage, type Transform } from "../../src/data/index.js";
import { trainTransforms, type AugmentArguments } from "../../src/node/augmentation.js";
import { evalTransforms, preparationFor } from "../../src/node/preprocessing.js";
import { resolveArguments, type TrainFlags } from "../../src/node/resolve-arguments.js";
import { picture } from "../helpers/picture.js";

/** One image in memory, sides as given. */
function dataset(side: number, channels: number): ImageDataset {
  const images = picture(2, side, side, channels).data.map((v) => v | 1); // never 0, so that what is erased can be told
  return new ImageDataset({
    name: "one",
    images,
    shape: [side, side, channels],
    labels: [0],
    classes: ["a"],
  });
}

interface Case {
  side?: number;
  channels?: number;
  imgSize?: number;
}

const said = (flags: TrainFlags): AugmentArguments =>
  resolveArguments({ model: "resnet18", data: "x", ...flags });

function chainOf(flags: TrainFlags, { side = 32, channels = 3, imgSize }: Case = {}) {
  const set = dataset(side, channels);
  const preparation = preparationFor("resnet18", set, { mean: Array<number>(channels).fill(0), std: Array<number>(channels).fill(1), ...(imgSize && { imgSize }) }); // prettier-ignore
  return { set, preparation, made: trainTransforms(set, preparation, said(flags)) };
}

/** The image as it is trained on, with one draw. */
async function trained(flags: TrainFlags, where: Case = {}, seed = 1): Promise<AnyImage> {
  const { set, made } = chainOf(flags, where);
  return (made.transform as Transform).apply(await set.image(0), new Random(seed));
}

const zeros = ({ data }: AnyImage): number => data.filter((v) => v === 0).length / data.length;
const names = (flags: TrainFlags, where?: Case): string[] => {
  const { transform } = chainOf(flags, where).made;
  return ((transform as Transform).spec!.options as { transforms: { name: string }[] }).transforms.map(
    ({ name }) => name,
  );
};

const still: TrainFlags = { scale: [1, 1], hflip: 0 };

describe("a training run's images", () => {
  it("are resized in the order of passes of their preparation", () => {
    for (const imgSize of [80, 32]) {
      const { set, preparation } = chainOf({}, { side: 96, imgSize });
      for (const [resample, expected] of [
        ["pillow12", "pillow12"],
        [undefined, "pillow13"],
      ] as const) {
        const prepared = { ...preparation, ...(resample && { resample }) };
        const { transform } = trainTransforms(set, prepared, said({}));
        expect(JSON.stringify((transform as Transform).spec)).toContain(`"resample":"${expected}"`);
      }
    }
  });

  it("are unchanged by default", () => {
    const end = ["RandomHorizontalFlip", "ToTensor", "Normalize"];
    expect(names({})).toEqual(["RandomCrop", ...end]);
    expect(names({}, { side: 96, imgSize: 80 })).toEqual(["RandomResizedCrop", ...end]);
    const { set, preparation, made } = chainOf({}, { side: 28, channels: 1 });
    expect(made).toEqual(evalTransforms(set, preparation));
  });

  it.each<[TrainFlags, number]>([
    [{ cutout: 16 }, 0.05],
    [{ hideAndSeek: 0.5 }, 0.2],
    [{ gridmask: 1 }, 0.1],
  ])("lose parts by %j, more often where it is higher, and at every size", async (flags, least) => {
    for (const where of [{ side: 32 }, { side: 28, channels: 1 }, { side: 96, imgSize: 96 }]) {
      const off = await trained({ ...still }, { ...where, channels: where.channels ?? 3 });
      expect(zeros(off)).toBe(0);
      const shares = await Promise.all(
        Array.from({ length: 20 }, async (_, seed) =>
          zeros(await trained({ ...still, ...flags }, where, seed)),
        ),
      );
      const big = where.side === 96 && flags.cutout ? least / 9 : least;
      expect(shares.reduce((a, b) => a + b) / 20).toBeGreaterThan(big);
      expect(Math.max(...shares)).toBeLessThan(1);
    }
  });

  it.each<[TrainFlags, string]>([
    [{ mixup: 0.2 }, "Mixup"],
    [{ cutmix: 1 }, "CutMix"],
    [{ fmix: 1 }, "FMix"],
    [{ mixup: 0.2, fmix: 1 }, "RandomChoice"],
    [{ fmix: 1, noAug: true }, "FMix"],
  ])("are mixed by %j", (flags, name) => {
    expect(chainOf(flags).made.batchTransform?.spec?.name).toBe(name);
  });

  it("are turned round as often as --hflip and --vflip say, digits too", async () => {
    const mirrored = (image: AnyImage, across: boolean): number[] => {
      const { data, height, width, channels } = image;
      return Array.from(data, (_, i) => {
        const [c, x, y] = [i % channels, Math.floor(i / channels) % width, Math.floor(i / channels / width)];
        return data[((across ? y : height - 1 - y) * width + (across ? width - 1 - x : x)) * channels + c]!;
      });
    };
    for (const where of [{ side: 32 }, { side: 28, channels: 1 }, { side: 96, imgSize: 96 }]) {
      const plain = await trained(still, where);
      for (const [flags, across] of [
        [{ hflip: 1 }, true],
        [{ vflip: 1 }, false],
      ] as const) {
        // prettier-ignore
        expect([...(await trained({ ...still, ...flags }, where)).data]).toEqual(mirrored(plain, across));
      }
      expect((await trained(still, where, 7)).data).toEqual(plain.data); // none of either
    }
    expect(names({ hflip: 0 })).not.toContain("RandomHorizontalFlip");
  });

  it("are crops as --scale says at every size", async () => {
    for (const where of [{ side: 32 }, { side: 28, channels: 1 }, { side: 96, imgSize: 96 }]) {
      expect(names({ scale: [0.3, 1] }, where)[0]).toBe("RandomResizedCrop");
      const whole = await trained(still, where);
      const part = await trained({ ...still, scale: [0.1, 0.1] }, where);
      expect([part.height, part.width]).toEqual([whole.height, whole.width]);
      expect(part.data).not.toEqual(whole.data);
    }
  });

  it("are cut and resized for evaluation as --crop-pct and --interpolation say", () => {
    const args = resolveArguments({ model: "resnet18", data: "x", cropPct: 0.5, interpolation: "bicubic" });
    expect(preparationFor("resnet18", undefined, args)).toMatchObject({
      cropPct: 0.5,
      interpolation: "bicubic",
    });
  });

  it("are grey with --in-chans 1 and have colours with 3", async () => {
    for (const [channels, inChans] of [
      [3, 1],
      [1, 3],
    ] as const) {
      // prettier-ignore
      const set = dataset(32, channels);
      const preparation = preparationFor("resnet18", set, { inChans });
      expect([preparation.inputSize[2], preparation.mean.length]).toEqual([inChans, inChans]);
      const { transform } = trainTransforms(set, preparation, said({}));
      expect((transform as Transform).apply(await set.image(0), new Random(0)).channels).toBe(inChans);
      const evaluated = evalTransforms(set, preparation).transform as Transform;
      expect(evaluated.apply(await set.image(0), new Random(0)).channels).toBe(inChans);
    }
    const trainedOn = preparationFor("resnet18", undefined);
    expect(() => preparationFor("resnet18", undefined, { inChans: 1, trained: trainedOn })).toThrow(
      "resnet18: weights for images of 3 channels; got 1",
    );
  });
});
