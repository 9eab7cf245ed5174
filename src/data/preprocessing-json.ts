// A preparation of images in timm's format: pretrained_cfg of config.json.
// https://github.com/huggingface/pytorch-image-models/blob/v1.0.11/timm/models/_pretrained.py

import { DataError, show } from "../errors.js";
import { checkPreprocessing, CROP_MODES, FILTERS, RESAMPLES, type Preprocessing } from "./preprocessing.js";

export type Json = Readonly<Record<string, unknown>>;

export const isObject = (v: unknown): v is Json => typeof v === "object" && v !== null && !Array.isArray(v);
export const isPositive = (v: unknown): v is number => Number.isFinite(v) && (v as number) > 0;
export const isCount = (v: unknown): v is number => isPositive(v) && Number.isSafeInteger(v);
export const listOf =
  <T>(is: (v: unknown) => v is T) =>
  (v: unknown): v is T[] =>
    Array.isArray(v) && v.every(is);
const oneOf =
  <T extends string>(names: readonly T[]) =>
  (v: unknown): v is T =>
    names.includes(v as T);

/** Reads fields of an object, with errors that name the file and the field. */
export class FieldReader {
  readonly #where: string;

  constructor(where: string) {
    this.#where = where;
  }

  fail(name: string, expected: string, got: unknown): never {
    throw new DataError(`${this.#where}: ${name} is not ${expected}; got ${show(got)}`);
  }

  get<T>(from: Json, name: string, expected: string, is: (value: unknown) => value is T): T {
    const value = Object.hasOwn(from, name) ? from[name] : undefined;
    return is(value) ? value : this.fail(name, expected, value);
  }

  /** A field that may be missing or null. */
  optional<T>(from: Json, name: string, expected: string, is: (value: unknown) => value is T): T | undefined {
    return (from[name] ?? undefined) === undefined ? undefined : this.get(from, name, expected, is);
  }
}

type InFile = [channels: number, height: number, width: number];

/**
 * The preparation in timm's pretrained_cfg. Other fields are ignored.
 * @param where the file's name, for messages
 * @param inChans channels of the images, if they differ from input_size's: timm's in_chans
 * @throws DataError naming the field that is missing, wrong, or not supported
 */
export function preprocessingFromJSON(
  json: Readonly<Record<string, unknown>>,
  where = "preprocessingFromJSON",
  inChans?: number,
): Preprocessing {
  const fields = new FieldReader(where);
  if (!isObject(json)) fields.fail("pretrained_cfg", "an object", json);
  const isSize = (v: unknown): v is InFile => listOf(isCount)(v) && v.length === 3;
  const layout = "[channels, height, width]";
  const sizeOf = ([channels, height, width]: InFile): Preprocessing["inputSize"] => [
    height,
    width,
    inChans ?? channels,
  ];
  const inputSize = sizeOf(fields.get(json, "input_size", layout, isSize));
  const channels = inputSize[2];
  const testInputSize = fields.optional(json, "test_input_size", layout, isSize);
  const testCropPct = fields.optional(json, "test_crop_pct", "a share", isPositive);
  const eachChannel = (name: string, is: (v: unknown) => v is number): number[] => {
    const isEach = (v: unknown): v is number[] => listOf(is)(v) && (v.length === channels || v.length === 1);
    const numbers = fields.get(json, name, `${channels} numbers`, isEach);
    return numbers.length === channels ? numbers : Array<number>(channels).fill(numbers[0]!);
  };
  const cropMode = fields.optional(json, "crop_mode", `one of ${CROP_MODES.join(", ")}`, oneOf(CROP_MODES));
  const resample = fields.optional(json, "resample", `one of ${RESAMPLES.join(", ")}`, oneOf(RESAMPLES));
  const cropPct = fields.get(json, "crop_pct", "a number", isPositive);
  const test = {
    inputSize: testInputSize ? sizeOf(testInputSize) : inputSize,
    cropPct: testCropPct ?? cropPct,
  };
  return {
    inputSize,
    cropPct,
    ...(cropMode && cropMode !== "center" && { cropMode }),
    interpolation: fields.get(json, "interpolation", `one of ${FILTERS.join(", ")}`, oneOf(FILTERS)),
    ...(resample && resample !== RESAMPLES[0] && { resample }),
    mean: eachChannel("mean", (v): v is number => Number.isFinite(v)),
    std: eachChannel("std", isPositive),
    ...((testInputSize || testCropPct !== undefined) && { test }),
    ...(json["fixed_input_size"] === true && { fixedInputSize: true }),
  };
}

/** The fields of timm's pretrained_cfg that say how images are prepared. */
export function preprocessingToJSON(preprocessing: Preprocessing): Record<string, unknown> {
  checkPreprocessing("preprocessingToJSON", preprocessing);
  const { inputSize, cropPct, cropMode = "center", interpolation, resample, mean, std, test } = preprocessing;
  const inFile = ([height, width, channels]: Preprocessing["inputSize"]): InFile => [channels, height, width];
  return {
    input_size: inFile(inputSize),
    ...(test && { test_input_size: inFile(test.inputSize) }),
    fixed_input_size: preprocessing.fixedInputSize ?? false,
    interpolation,
    ...(resample && resample !== RESAMPLES[0] && { resample }),
    crop_pct: cropPct,
    ...(test && { test_crop_pct: test.cropPct }),
    crop_mode: cropMode,
    mean,
    std,
  };
}
